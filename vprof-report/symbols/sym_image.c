#include "symbols/sym_image.h"

#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "symbols/sym_elf.h"

#define NAMES_MAX     256u
#define ALIGNED(size) (((size) + 15) & ~(size_t)15)

/* The null section, ours, their names. */
struct head {
	Elf64_Ehdr elf;
	Elf64_Shdr section[VR_IMAGE_SECTIONS + 2];
	char names[NAMES_MAX];
};

static void fill_elf(struct head *head, size_t count)
{
	Elf64_Ehdr *elf = &head->elf;

	memcpy(elf->e_ident, ELFMAG, SELFMAG);
	elf->e_ident[EI_CLASS] = ELFCLASS64;
	elf->e_ident[EI_DATA] = ELFDATA2LSB;
	elf->e_ident[EI_VERSION] = EV_CURRENT;
	elf->e_type = ET_EXEC; /* nothing to relocate */
	elf->e_machine = EM_X86_64;
	elf->e_version = EV_CURRENT;
	elf->e_ehsize = sizeof(*elf);
	elf->e_shoff = offsetof(struct head, section);
	elf->e_shentsize = sizeof(Elf64_Shdr);
	elf->e_shnum = (Elf64_Half)(count + 2);
	elf->e_shstrndx = (Elf64_Half)(count + 1);
}

/* Returns the name's place among the names. */
static Elf64_Word add_name(struct head *head, size_t *used, const char *name)
{
	size_t length = strlen(name) + 1, place = *used;

	if (place + length > NAMES_MAX)
		return 0;
	memcpy(head->names + place, name, length);
	*used += length;
	return (Elf64_Word)place;
}

Elf *vr_image(const struct vr_image_section *section, size_t count, void **memory)
{
	size_t bytes = ALIGNED(sizeof(struct head)), names = 1, at = bytes;
	struct head *head;

	for (size_t i = 0; i < count; i++)
		bytes += ALIGNED(section[i].bytes.size);
	head = calloc(1, bytes);
	*memory = head;
	if (!head)
		return NULL;
	fill_elf(head, count);
	for (size_t i = 0; i < count; i++) {
		Elf64_Shdr *to = &head->section[i + 1];

		to->sh_name = add_name(head, &names, section[i].name);
		to->sh_type = SHT_PROGBITS;
		to->sh_offset = at;
		to->sh_size = section[i].bytes.size;
		to->sh_addralign = 1;
		if (to->sh_size)
			memcpy((char *)head + at, section[i].bytes.at, to->sh_size);
		at += ALIGNED(section[i].bytes.size);
	}
	head->section[count + 1] = (Elf64_Shdr){.sh_name = add_name(head, &names, ".shstrtab"),
						.sh_type = SHT_STRTAB,
						.sh_offset = offsetof(struct head, names),
						.sh_size = NAMES_MAX,
						.sh_addralign = 1};
	return elf_memory((char *)head, bytes);
}

struct vr_bytes vr_image_bytes(Elf *elf, const char *name)
{
	GElf_Shdr header;
	Elf_Scn *section = vr_elf_section(elf, name, &header);
	Elf_Data *data;

	if (section && header.sh_flags & SHF_COMPRESSED)
		(void)elf_compress(section, 0, 0); /* by zlib; else the next line says no */
	if (!section || !gelf_getshdr(section, &header) || header.sh_flags & SHF_COMPRESSED)
		return (struct vr_bytes){NULL, 0};
	data = elf_rawdata(section, NULL);
	if (!data || !data->d_buf || header.sh_type == SHT_NOBITS)
		return (struct vr_bytes){NULL, 0};
	return (struct vr_bytes){data->d_buf, data->d_size};
}
