/* Addresses of a profiled process to functions, files and lines.
 *
 * Knows ELF, DWARF (through libdwfl), perf maps and kallsyms; knows nothing
 * of ring files.  Each distinct address of an object is resolved once and kept in a cache,
 * which several profiles may share; returned frames live as long as the struct vr_sym. */
#ifndef VR_SYM_H
#define VR_SYM_H

#include "symbols/sym_frame.h"
#include "symbols/sym_module.h"
#include "symbols/sym_shared.h"

struct vr_sym; /* opaque: what one process had mapped */

/*   pid         of the profiled process, names /tmp/perf-PID.map
 *   same_boot   1 when the profile was taken in this boot of this machine:
 *               then kernel addresses are looked up in /proc/kallsyms
 * Returns NULL only when memory ran out. */
struct vr_sym *vr_sym_open_in(struct vr_symcache *cache, uint32_t pid, int same_boot);
/* The same with a cache of its own. */
struct vr_sym *vr_sym_open(uint32_t pid, int same_boot, int inlines);
void vr_sym_close(struct vr_sym *sym);

/* Where separate debug files are looked for, in the form of elfutils (default
 * ":.debug:/usr/lib/debug").  Call before the first vr_sym_resolve().
 * Returns 0 or -ENOMEM. */
int vr_sym_debug_path(struct vr_sym *sym, const char *path);

/* Registers module number `id` (dense, from 0; ids may come in any order).
 * Opens nothing yet.  Returns 0 or -ENOMEM. */
int vr_sym_add_module(struct vr_sym *sym, uint32_t id, const struct vr_sym_module *module);

/* The same for code of another process that lies in no object: its perf map is asked.
 * Returns 0 or -ENOMEM. */
int vr_sym_add_process(struct vr_sym *sym, uint32_t id, uint32_t pid);

#define VR_SYM_KERNEL  0xfffeu
#define VR_SYM_UNKNOWN 0xffffu

/* Resolves `address` in module `id` (or VR_SYM_KERNEL, VR_SYM_UNKNOWN: perf
 * map).  exact = 0: a return address, looked up one byte earlier.  Never
 * fails: what is unknown is named by module and offset. */
struct vr_frames vr_sym_resolve(struct vr_sym *sym, uint32_t id, uint64_t address, int exact);

/* The variable of module `id` that holds `address`: "book_mutex", "state+0x28",
 * demangled; NULL where none is known.  Lives as long as `sym`. */
const char *vr_sym_variable(struct vr_sym *sym, uint32_t id, uint64_t address);

/* Calls each() with the readable names of all functions, or all variables, of module `id`. */
void vr_sym_names(struct vr_sym *sym, uint32_t id, int variables, vr_each_name *each, void *arg);

/* 1: module `id` has debug information, so that calls that were inlined are known. */
int vr_sym_has_debug(struct vr_sym *sym, uint32_t id);

/* Copies what module `id` has in its file for `address`; returns how many bytes there were. */
size_t vr_sym_bytes(struct vr_sym *sym, uint32_t id, uint64_t address, uint8_t *out, size_t len);

/* A copy of a name made of others; lives as long as `sym`. */
const char *vr_sym_keep(struct vr_sym *sym, const char *name);

enum vr_sym_state vr_sym_module_state(const struct vr_sym *sym, uint32_t id);

/* What is missing of the module's debug information, for the user; NULL: nothing.
 * Complete once its addresses were resolved.  free() it. */
char *vr_sym_module_note(const struct vr_sym *sym, uint32_t id);

#endif
