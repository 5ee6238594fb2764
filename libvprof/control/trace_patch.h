/* Code of the program that is changed: the nops at the beginning of a function become a call.
 *
 * It is written by way of /proc/self/mem: no page of code becomes writable for that, and none
 * loses the right to be executed for a moment.  Where the set-up does not let memory become
 * code, nothing is changed at all (docs/decisions/counts.md).
 *
 * Context of all: no other thread of the host runs. */
#ifndef VP_CONTROL_TRACE_PATCH_H
#define VP_CONTROL_TRACE_PATCH_H

#include <stddef.h>
#include <stdint.h>

/* endbr64: before the nops, where a function may be jumped to by its address. */
#define VP_PATCH_LANDING 4u

enum vp_patch {
	VP_PATCH_DONE,
	VP_PATCH_BEFORE,   /* it is so already */
	VP_PATCH_FEW_NOPS, /* less than a call takes */
	VP_PATCH_NO_NOPS,  /* something else is there: another tool's, a breakpoint */
	VP_PATCH_NO_CODE,  /* nothing may become code here */
	VP_PATCH_FAR,	   /* no room that a call reaches */
	VP_PATCH_REFUSED   /* the kernel does not write */
};

/* For some calls of vp_patch(): a descriptor is open meanwhile. */
struct vp_patcher {
	int fd;
	uint64_t to; /* what is called */
};
void vp_patcher_begin(struct vp_patcher *patcher, const void *to);
void vp_patcher_end(struct vp_patcher *patcher);

/* Patches the function that begins at `entry`. */
enum vp_patch vp_patch(const struct vp_patcher *patcher, uint64_t entry);

/* Is what the compiler left at `site` of the function that begins at `entry`? */
int vp_patch_belongs(uint64_t site, uint64_t entry);

/* How long a nop is; 0: it is none, or does not fit. */
size_t vp_patch_nop(const uint8_t *code, size_t room);

#endif
