/* A module of the profile, and what its file on disk is good for. */
#ifndef VR_SYM_MODULE_H
#define VR_SYM_MODULE_H

#include <stddef.h>
#include <stdint.h>

enum vr_sym_state {
	VR_SYM_OK = 0,	     /* symbols found */
	VR_SYM_STRIPPED = 1, /* object found, no symbol table: most functions
			      * are module+offset */
	VR_SYM_MISSING = 2,  /* object not on this machine */
	VR_SYM_REPLACED = 3, /* object there, but its build-id (or, without one,
			      * its size, mtime or inode) differs: not used */
	VR_SYM_NOT_TRIED = 4 /* no address of it was resolved so far */
};

/* What the profile knows of a module.  Strings are copied. */
struct vr_sym_module {
	const char *path;
	uint64_t start, end, bias;
	const uint8_t *build_id; /* build_id_len bytes, 0 where unknown */
	size_t build_id_len;
	uint64_t file_bytes, mtime_ns; /* 0 where unknown */
	uint64_t inode, device;	       /* 0 where unknown, or of another boot */
	uint64_t seen_ns;	       /* when it was first seen, CLOCK_REALTIME; 0: unknown */
	uint32_t pid;		       /* of the process, where it may still live; else 0 */
};

#endif
