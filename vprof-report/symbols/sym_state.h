/* An object: what the profile says of it, the file that was found, what was read of that.
 * Part of sym_object. */
#ifndef VR_SYM_STATE_H
#define VR_SYM_STATE_H

#include <elfutils/libdwfl.h>
#include <stddef.h>
#include <stdint.h>

#include "symbols/sym_dwarf.h"
#include "symbols/sym_elf.h"
#include "symbols/sym_module.h"
#include "symbols/sym_plt.h"

struct vr_search;

#define VR_BUILD_ID_MAX 64u

struct vr_object {
	char *path;
	const char *base;  /* file name part of path */
	const char *shown; /* path, or "[vdso]" */
	uint8_t build_id[VR_BUILD_ID_MAX];
	size_t build_id_len;
	uint64_t file_bytes, mtime_ns, inode, device, seen_ns; /* 0 where unknown */
	uint32_t pid;
	struct vr_search *search;
	char *opened; /* path of the file that was found */
	char *packed; /* path of its debug file, where that has to be unpacked first */
	int unread;   /* 1: it has sections that nobody here can decompress */
	enum vr_sym_state state;
	int vdso;
	Dwfl *dwfl;
	struct vr_ranges bounds; /* of functions, also of those without a name */
	struct vr_elf elf;
	struct vr_plt plt;
	struct vr_dwarf dwarf;
};

#endif
