/* The objects code lives in: found by address without the loader's lock
 * (glibc's _dl_find_object), written to the file when first seen. */
#ifndef VP_STACK_MODULES_H
#define VP_STACK_MODULES_H

#include "vprof_format.h"

#include <stddef.h>
#include <stdint.h>

struct vp_module {
	uint64_t start, end;
	uint64_t eh_frame_hdr; /* address, 0 where the object has none */
	const void *link_map;
	uint32_t id;		 /* row in MODULES, or VPROF_MODULE_UNKNOWN */
	int alive;		 /* loaded; may be so again */
	int whole;		 /* the program itself, which may have gaps */
	int stays;		 /* loaded with the program: never unmapped */
	struct vprof_module row; /* as written, but for `path` */
	char *path;
};

/* The module of an address, registered if need be; NULL when no object
 * covers it.  Context: service only. */
const struct vp_module *vp_module_find(uint64_t address);

/* Calls of dlclose under way: any object may be unmapped at any moment, and
 * another one mapped in its place. */
extern uint32_t vp_modules_closing;

/* Objects that are gone so far: what was kept by address may be another's now. */
extern uint32_t vp_modules_gone __attribute__((visibility("hidden")));

/* Which objects were loaded with the program?  Context: before any other call. */
void vp_modules_init(void);

/* Copies memory of an object.  Any but those loaded with the program may be
 * unmapped at this moment, even unseen: libc closes its converters (iconv) and
 * name services itself.  Returns 0 when it cannot be read.
 *   module NULL: not known which */
int vp_module_peek(const struct vp_module *module, void *to, uint64_t address, size_t len);

/* Is the address still one of that module?  Context: any thread. */
int vp_module_holds(uint32_t id, uint64_t address);

/* Marks modules that are no longer loaded; calls `gone` for each.
 * Context: service only. */
void vp_modules_sweep(void (*gone)(const struct vp_module *module));

/* Writes all known modules to a fresh file under the same numbers. */
void vp_modules_fork_child(void);

/* The module id of the library itself, 0xffff before it is known. */
extern uint32_t vp_module_self;

#endif
