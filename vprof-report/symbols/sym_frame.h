/* What an address is in the source. */
#ifndef VR_SYM_FRAME_H
#define VR_SYM_FRAME_H

#include <stddef.h>
#include <stdint.h>

/* An unknown function is called "object+0x12", with so many bytes of the object's name. */
#define VR_BASE_SHOWN 255u

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

#endif
