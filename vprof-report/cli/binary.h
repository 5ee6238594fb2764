/* What an ELF file says of itself, as far as a library that is preloaded, or a report about
 * it, has to know. */
#ifndef VR_BINARY_H
#define VR_BINARY_H

#include <stddef.h>

struct vr_binary {
	char *machine; /* "32-bit x86", ...: what it is for, where that is not 64-bit x86; NULL: it
			  is */
	char *loader;  /* the program interpreter it names; NULL: none */
	char *soname, *runpath; /* NULL: none; of DT_RUNPATH and DT_RPATH what counts */
	char **needed;		/* objects that it loads, by name */
	size_t n_needed, needed_room;
	int own_malloc;	     /* 1: others find a malloc in it */
	int debug_info;	     /* 1: DWARF with lines */
	int debug_elsewhere; /* 1: it names a separate file with them, or shares them (dwz, .dwo) */
	int symbols;	     /* 1: a full table of names */
	int unwind_table;    /* 1: .eh_frame_hdr */
	char build_id[2 * 64 + 1]; /* "" where it has none */
};

/* Reads the file at `path`.  Returns 0, for vr_binary_free(), or -errno: -ENOEXEC where it is
 * no ELF file or a damaged one. */
int vr_binary_read(const char *path, struct vr_binary *binary);
void vr_binary_free(struct vr_binary *binary);

/* 1 when it loads an object whose name begins so. */
int vr_binary_needs(const struct vr_binary *binary, const char *prefix);

/* The first version of `soname` (GLIBC_2.35, say) that the library asks for and the object at
 * `provider` does not define; free() it.  NULL: it defines all, or one of them cannot be read. */
char *vr_binary_missing_version(const char *library, const char *soname, const char *provider);

#endif
