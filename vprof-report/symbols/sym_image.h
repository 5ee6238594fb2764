/* ELF files made up in memory, for libdw to read: one unit of split debug information
 * under the names that an unsplit one has.  Part of sym_split. */
#ifndef VR_SYM_IMAGE_H
#define VR_SYM_IMAGE_H

#include <libelf.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of a section, somebody else's; none: size 0. */
struct vr_bytes {
	const uint8_t *at;
	size_t size;
};

struct vr_image_section {
	const char *name;
	struct vr_bytes bytes;
};

#define VR_IMAGE_SECTIONS 8u

/* Copies the sections, at most VR_IMAGE_SECTIONS of them, into a new file.
 *   memory  [out] free() it after elf_end()
 * NULL when memory ran out. */
Elf *vr_image(const struct vr_image_section *section, size_t count, void **memory);

/* The section of that name, decompressed; none: size 0.  Lives as long as `elf`. */
struct vr_bytes vr_image_bytes(Elf *elf, const char *name);

#endif
