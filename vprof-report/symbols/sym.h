/* Addresses of a profiled process to functions, files and lines.
 *
 * Knows ELF, DWARF (through libdwfl), perf maps and kallsyms; knows nothing
 * of ring files.  Each distinct (module, address) is resolved once and cached;
 * returned frames live as long as the struct vr_sym. */
#ifndef VR_SYM_H
#define VR_SYM_H

#include "symbols/sym_module.h"

struct vr_sym; /* opaque */

/* One source-level frame.  No pointer is ever NULL: unknown strings are "". */
struct vr_frame {
	const char *function; /* demangled; without a name "module+0x1234" by
			       * the start of the function where .eh_frame
			       * knows it, else by the address; or "0x1234" */
	const char *linkage;  /* mangled name, "" where none */
	const char *file;     /* source path, "" where unknown */
	const char *module;   /* path of the object, "[kernel]", "[jit]" or "" */
	uint64_t offset;      /* address as the object's ELF file counts it */
	int line;	      /* 0 where unknown */
	int inlined;	      /* 1: inlined into the next frame of the array */
};

/* Frames of one address: frame[0] is the innermost inlined function,
 * frame[count - 1] the function that exists as code; count >= 1. */
struct vr_frames {
	const struct vr_frame *frame;
	size_t count;
};

/*   pid         of the profiled process, names /tmp/perf-PID.map
 *   same_boot   1 when the profile was taken in this boot of this machine:
 *               then kernel addresses are looked up in /proc/kallsyms
 *   inlines     0: skip inline expansion (faster, one frame an address)
 * Returns NULL only when memory ran out. */
struct vr_sym *vr_sym_open(uint32_t pid, int same_boot, int inlines);
void vr_sym_close(struct vr_sym *sym);

/* Where separate debug files are looked for, in the form of elfutils (default
 * ":.debug:/usr/lib/debug").  Call before the first vr_sym_resolve().
 * Returns 0 or -ENOMEM. */
int vr_sym_debug_path(struct vr_sym *sym, const char *path);

/* Registers module number `id` (dense, from 0; ids may come in any order).
 * Opens nothing yet.  Returns 0 or -ENOMEM. */
int vr_sym_add_module(struct vr_sym *sym, uint32_t id, const struct vr_sym_module *module);

/* An unknown function is called "object+0x12", with so many bytes of the object's name. */
#define VR_BASE_SHOWN 255u

#define VR_SYM_KERNEL  0xfffeu
#define VR_SYM_UNKNOWN 0xffffu

/* Resolves `address` in module `id` (or VR_SYM_KERNEL, VR_SYM_UNKNOWN: perf
 * map).  exact = 0: a return address, looked up one byte earlier.  Never
 * fails: what is unknown is named by module and offset. */
struct vr_frames vr_sym_resolve(struct vr_sym *sym, uint32_t id, uint64_t address, int exact);

/* The variable of module `id` that holds `address`: "book_mutex", "state+0x28",
 * demangled; NULL where none is known.  Lives as long as `sym`. */
const char *vr_sym_variable(struct vr_sym *sym, uint32_t id, uint64_t address);

enum vr_sym_state vr_sym_module_state(const struct vr_sym *sym, uint32_t id);

#endif
