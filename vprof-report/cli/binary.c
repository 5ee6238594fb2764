#include "cli/binary.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/xalloc.h"

/* By read() and not by mmap(): a file that is cut short meanwhile is an error then. */
static Elf *open_elf(const char *path, int *fd)
{
	Elf *elf;

	*fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (*fd < 0)
		return NULL;
	elf_version(EV_CURRENT);
	elf = elf_begin(*fd, ELF_C_READ, NULL);
	errno = ENOEXEC;
	if (elf && elf_kind(elf) == ELF_K_ELF)
		return elf;
	elf_end(elf);
	close(*fd);
	return NULL;
}

static char *name_machine(const GElf_Ehdr *header)
{
	static const struct {
		int machine;
		const char *name;
	} known[] = {
	    {EM_386, "32-bit x86"},	 {EM_ARM, "32-bit ARM"},     {EM_AARCH64, "64-bit ARM"},
	    {EM_RISCV, "RISC-V"},	 {EM_PPC64, "64-bit POWER"}, {EM_S390, "IBM Z"},
	    {EM_LOONGARCH, "LoongArch"}, {EM_MIPS, "MIPS"},
	};

	if (header->e_machine == EM_X86_64)
		return header->e_ident[EI_CLASS] == ELFCLASS64
			   ? NULL
			   : vr_xstrdup("x86-64 with 32-bit pointers (x32)");
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].machine == header->e_machine)
			return vr_xstrdup(known[i].name);
	return vr_xprintf("another kind of machine (number %u of ELF)", header->e_machine);
}

static void read_loader(Elf *elf, struct vr_binary *binary)
{
	size_t count = 0;

	elf_getphdrnum(elf, &count);
	for (size_t i = 0; i < count; i++) {
		GElf_Phdr segment;
		Elf_Data *data;

		if (!gelf_getphdr(elf, (int)i, &segment) || segment.p_type != PT_INTERP)
			continue;
		data = elf_getdata_rawchunk(elf, (int64_t)segment.p_offset, segment.p_filesz,
					    ELF_T_BYTE);
		if (data && data->d_buf && !binary->loader)
			binary->loader =
			    vr_xprintf("%.*s", (int)data->d_size, (const char *)data->d_buf);
	}
}

static void replace(char **text, const char *with)
{
	free(*text);
	*text = vr_xstrdup(with);
}

static void read_dynamic(Elf *elf, Elf_Scn *section, const GElf_Shdr *header,
			 struct vr_binary *binary)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t count = data && header->sh_entsize ? header->sh_size / header->sh_entsize : 0;
	GElf_Dyn entry;

	for (size_t i = 0; i < count && gelf_getdyn(data, (int)i, &entry); i++) {
		const char *text = elf_strptr(elf, header->sh_link, entry.d_un.d_val);

		if (!text)
			continue;
		if (entry.d_tag == DT_SONAME) {
			replace(&binary->soname, text);
		} else if (entry.d_tag == DT_RUNPATH ||
			   (entry.d_tag == DT_RPATH && !binary->runpath)) {
			replace(&binary->runpath, text);
		} else if (entry.d_tag == DT_NEEDED) {
			binary->needed = vr_xgrow(binary->needed, binary->n_needed,
						  &binary->needed_room, sizeof(*binary->needed));
			binary->needed[binary->n_needed++] = vr_xstrdup(text);
		}
	}
}

static void find_malloc(Elf *elf, Elf_Scn *section, const GElf_Shdr *header,
			struct vr_binary *binary)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t count = data && header->sh_entsize ? header->sh_size / header->sh_entsize : 0;
	GElf_Sym symbol;

	for (size_t i = 1; i < count && gelf_getsym(data, (int)i, &symbol); i++) {
		const char *name = elf_strptr(elf, header->sh_link, symbol.st_name);

		if (symbol.st_shndx != SHN_UNDEF && name && strcmp(name, "malloc") == 0)
			binary->own_malloc = 1;
	}
}

static void read_build_id(Elf_Scn *section, struct vr_binary *binary)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t at = 0, name, bytes;
	GElf_Nhdr note;

	while (data && at < data->d_size && (at = gelf_getnote(data, at, &note, &name, &bytes))) {
		const uint8_t *id = (const uint8_t *)data->d_buf + bytes;

		if (note.n_type != NT_GNU_BUILD_ID || note.n_descsz > sizeof(binary->build_id) / 2)
			continue;
		for (size_t i = 0; i < note.n_descsz; i++)
			sprintf(binary->build_id + 2 * i, "%02x", id[i]);
		return;
	}
}

static void note_section(const char *name, struct vr_binary *binary)
{
	static const char *const lines[] = {".debug_line", ".zdebug_line"};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		binary->debug_info |= strcmp(name, lines[i]) == 0;
	binary->debug_elsewhere |=
	    strcmp(name, ".gnu_debuglink") == 0 || strcmp(name, ".gnu_debugaltlink") == 0;
	binary->unwind_table |= strcmp(name, ".eh_frame_hdr") == 0;
}

static void read_sections(Elf *elf, struct vr_binary *binary)
{
	Elf_Scn *section = NULL;
	size_t names = 0;
	GElf_Shdr header;

	if (elf_getshdrstrndx(elf, &names) != 0)
		return;
	while ((section = elf_nextscn(elf, section))) {
		const char *name;

		if (!gelf_getshdr(section, &header))
			continue;
		name = elf_strptr(elf, names, header.sh_name);
		if (name)
			note_section(name, binary);
		if (header.sh_type == SHT_DYNAMIC)
			read_dynamic(elf, section, &header, binary);
		if (header.sh_type == SHT_DYNSYM)
			find_malloc(elf, section, &header, binary);
		if (header.sh_type == SHT_NOTE && !binary->build_id[0])
			read_build_id(section, binary);
		binary->symbols |= header.sh_type == SHT_SYMTAB;
	}
}

int vr_binary_read(const char *path, struct vr_binary *binary)
{
	GElf_Ehdr header;
	int fd, ret = 0;
	Elf *elf = open_elf(path, &fd);

	*binary = (struct vr_binary){0};
	if (!elf)
		return -errno;
	if (gelf_getehdr(elf, &header)) {
		binary->machine = name_machine(&header);
		read_loader(elf, binary);
		read_sections(elf, binary);
	} else {
		ret = -ENOEXEC;
	}
	elf_end(elf);
	close(fd);
	return ret;
}

void vr_binary_free(struct vr_binary *binary)
{
	for (size_t i = 0; i < binary->n_needed; i++)
		free(binary->needed[i]);
	free(binary->needed);
	free(binary->machine);
	free(binary->loader);
	free(binary->soname);
	free(binary->runpath);
	*binary = (struct vr_binary){0};
}

int vr_binary_needs(const struct vr_binary *binary, const char *prefix)
{
	for (size_t i = 0; i < binary->n_needed; i++)
		if (strncmp(binary->needed[i], prefix, strlen(prefix)) == 0)
			return 1;
	return 0;
}

/* --- versions ---------------------------------------------------------------- */

static Elf_Scn *section_of(Elf *elf, unsigned type, GElf_Shdr *header)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(elf, section)))
		if (gelf_getshdr(section, header) && header->sh_type == type)
			return section;
	return NULL;
}

static int defines(Elf *elf, const char *version)
{
	GElf_Shdr header;
	Elf_Scn *section = section_of(elf, SHT_GNU_verdef, &header);
	Elf_Data *data = section ? elf_getdata(section, NULL) : NULL;
	GElf_Verdef definition;
	GElf_Verdaux name;

	for (int at = 0; data && gelf_getverdef(data, at, &definition);) {
		const char *text = gelf_getverdaux(data, at + (int)definition.vd_aux, &name)
				       ? elf_strptr(elf, header.sh_link, name.vda_name)
				       : NULL;

		if (text && strcmp(text, version) == 0)
			return 1;
		if (!definition.vd_next)
			break;
		at += (int)definition.vd_next;
	}
	return 0;
}

/* Of the versions that start at `at`, the first that is not defined. */
static char *first_undefined(Elf *library, unsigned names, Elf_Data *data, int at, Elf *provider)
{
	GElf_Vernaux version;

	while (gelf_getvernaux(data, at, &version)) {
		const char *text = elf_strptr(library, names, version.vna_name);

		if (text && !defines(provider, text))
			return vr_xstrdup(text);
		if (!version.vna_next)
			break;
		at += (int)version.vna_next;
	}
	return NULL;
}

static char *missing_version(Elf *library, const char *soname, Elf *provider)
{
	GElf_Shdr header;
	Elf_Scn *section = section_of(library, SHT_GNU_verneed, &header);
	Elf_Data *data = section ? elf_getdata(section, NULL) : NULL;
	char *missing = NULL;
	GElf_Verneed need;

	for (int at = 0; data && !missing && gelf_getverneed(data, at, &need);) {
		const char *of = elf_strptr(library, header.sh_link, need.vn_file);

		if (of && strcmp(of, soname) == 0)
			missing = first_undefined(library, header.sh_link, data,
						  at + (int)need.vn_aux, provider);
		if (!need.vn_next)
			break;
		at += (int)need.vn_next;
	}
	return missing;
}

char *vr_binary_missing_version(const char *library, const char *soname, const char *provider)
{
	int fd[2] = {-1, -1};
	Elf *one = open_elf(library, &fd[0]), *other = one ? open_elf(provider, &fd[1]) : NULL;
	char *missing = other ? missing_version(one, soname, other) : NULL;

	elf_end(other);
	elf_end(one);
	if (other)
		close(fd[1]);
	if (one)
		close(fd[0]);
	return missing;
}
