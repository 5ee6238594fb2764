/* Names of kernel functions, from /proc/kallsyms of the running kernel. */
#ifndef VR_SYM_KERNEL_H
#define VR_SYM_KERNEL_H

#include <stddef.h>
#include <stdint.h>

#include "symbols/sym_range.h"

/* Profiles keep this many bits of an address; enough, since all kernel code
 * of x86-64 and aarch64 shares the bits above. */
#define VR_KERNEL_MASK 0x7fffffffffffull

/* Zeroed: nothing known. */
struct vr_kernel {
	char *text;
	struct vr_ranges ranges; /* of masked addresses; what = offset in text */
};

/* Loads the text symbols of a file in kallsyms format.  With kptr_restrict all
 * addresses read as zero: then nothing is known afterwards.
 * Returns 0, -ENOMEM or an error of vr_text_read(). */
int vr_kernel_load(struct vr_kernel *kernel, const char *path);

/* Function at `address`, of which only the masked bits count, or NULL. */
const char *vr_kernel_find(const struct vr_kernel *kernel, uint64_t address);

void vr_kernel_free(struct vr_kernel *kernel);

#endif
