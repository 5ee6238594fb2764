/* What was found out about objects and addresses, whoever had them mapped: of use to every
 * profile that is read.  Part of symbols; others see sym.h. */
#ifndef VR_SYM_CACHE_H
#define VR_SYM_CACHE_H

#include "symbols/sym_frame.h"
#include "symbols/sym_kernel.h"
#include "symbols/sym_object.h"

struct vr_symcache_entry;

struct vr_symcache {
	struct vr_object **object;
	uint32_t objects, room;
	struct vr_symcache_entry *slot; /* open addressing */
	size_t used, slots;
	struct vr_names names;
	struct vr_kernel kernel;
	int kernel_tried;
	struct vr_search search;
	int inlines;
	uint32_t processes; /* that asked so far: each has a number */
};

/* Whose address it is: an object's (its index), the kernel's, a process's, that of nothing known.
 */
#define VR_OWNER_NOBODY		 0xfffffffdu
#define VR_OWNER_KERNEL		 0xfffffffeu
#define VR_OWNER_OTHER_KERNEL	 0xffffffffu /* that is not the one running here */
#define VR_OWNER_PROCESS(number) (0x80000000u | (number))

/* The object that is like the module; made when there is none.  Returns its index, or
 * -ENOMEM. */
int64_t vr_symcache_object(struct vr_symcache *cache, const struct vr_sym_module *module);

/* Fills up to VR_PLACES_MAX frames; returns how many. */
typedef size_t vr_symcache_find(void *arg, uint64_t address, struct vr_frame *frame);

/* The frames of an address of that owner, found by `find` when first asked for. */
struct vr_frames vr_symcache_frames(struct vr_symcache *cache, uint32_t owner, uint64_t address,
				    int exact, vr_symcache_find *find, void *arg);

/* BASE and the number, as the format has it; lives as long as the cache. */
const char *vr_symcache_numbered(struct vr_symcache *cache, const char *base, const char *format,
				 uint64_t value);

#endif
