/* L2  The objects code lives in: found by address without the loader's lock
 * (glibc's _dl_find_object), written to the file when first seen. */
#ifndef VP_MODULES_H
#define VP_MODULES_H

#include <stdint.h>

struct vp_module {
	uint64_t start, end;
	uint64_t eh_frame_hdr; /* address, 0 where the object has none */
	const void *link_map;
	uint32_t id;    /* row in MODULES, or VPROF_MODULE_UNKNOWN */
	int alive;
};

/* The module of an address, registered if need be; NULL when no object
 * covers it.  Context: service only. */
const struct vp_module *vp_module_find(uint64_t address);

/* Marks modules that are no longer loaded; calls `gone` for each.
 * Context: service only, after dlclose. */
void vp_modules_sweep(void (*gone)(const struct vp_module *module));

/* Writes all known modules to a fresh file under the same numbers. */
void vp_modules_fork_child(void);

/* The module id of the library itself, 0xffff before it is known. */
extern uint32_t vp_module_self;

#endif
