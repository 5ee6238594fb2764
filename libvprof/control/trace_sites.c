#include "control/trace_sites.h"
#include "base/sys.h"
#include "control/trace_patch.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define SECTIONS_MOST 65535u

/* The file that is being read. */
struct file {
	int fd;
	uint64_t bytes;
	Elf64_Ehdr ehdr;
	struct vp_trace_part headers, names; /* of sections */
};

/* --- the file ------------------------------------------------------------------ */

static int read_at(const struct file *file, void *to, uint64_t offset, uint64_t bytes)
{
	uint64_t done = 0;

	if (offset > file->bytes || bytes > file->bytes - offset)
		return -ENOEXEC;
	while (done < bytes) {
		long got = vp_sys6(SYS_pread64, file->fd, (long)((char *)to + done),
				   (long)(bytes - done), (long)(offset + done), 0, 0);

		if (got <= 0)
			return got < 0 ? (int)got : -ESTALE;
		done += (uint64_t)got;
	}
	return 0;
}

static void drop(struct vp_trace_part *part)
{
	if (part->bytes)
		vp_sys_unmap(part->bytes, part->size);
	part->bytes = NULL;
}

static int read_part(const struct file *file, struct vp_trace_part *part, uint64_t offset,
		     uint64_t bytes)
{
	int err;

	if (!bytes || bytes > file->bytes)
		return -ENOEXEC;
	part->size = bytes;
	part->bytes = vp_sys_map(bytes);
	err = part->bytes ? read_at(file, part->bytes, offset, bytes) : -ENOMEM;
	if (err)
		drop(part);
	return err;
}

static const Elf64_Shdr *section(const struct file *file, size_t number)
{
	return (const Elf64_Shdr *)file->headers.bytes + number;
}

static size_t count_sections(const struct file *file)
{
	return file->headers.size / sizeof(Elf64_Shdr);
}

static int read_headers(struct file *file)
{
	const Elf64_Ehdr *ehdr = &file->ehdr;
	uint64_t count = ehdr->e_shnum, names = ehdr->e_shstrndx;
	Elf64_Shdr first;
	int err;

	if (!ehdr->e_shoff)
		return -ENODATA;
	if (ehdr->e_shentsize != sizeof(Elf64_Shdr))
		return -ENOEXEC;
	/* Where there are too many for their field, the first one tells. */
	err = read_at(file, &first, ehdr->e_shoff, sizeof(first));
	if (err)
		return err == -ENOEXEC ? -ENODATA : err;
	if (!count)
		count = first.sh_size;
	if (names == SHN_XINDEX)
		names = first.sh_link;
	if (!count || count > SECTIONS_MOST)
		return -ENODATA;
	err = read_part(file, &file->headers, ehdr->e_shoff, count * sizeof(Elf64_Shdr));
	if (err)
		return err;
	if (names >= count)
		return -ENOEXEC;
	return read_part(file, &file->names, section(file, names)->sh_offset,
			 section(file, names)->sh_size);
}

/* Is it the file that was loaded?  Its program headers are those in memory. */
static int check_loaded(const struct file *file, const struct dl_phdr_info *info)
{
	Elf64_Phdr phdr;

	if (file->ehdr.e_phnum != info->dlpi_phnum)
		return -ESTALE;
	for (uint64_t i = 0; i < info->dlpi_phnum; i++) {
		int err = read_at(file, &phdr, file->ehdr.e_phoff + i * sizeof(phdr), sizeof(phdr));

		if (err)
			return err;
		if (memcmp(&phdr, &info->dlpi_phdr[i], sizeof(phdr)) != 0)
			return -ESTALE;
	}
	return 0;
}

static int open_file(struct file *file, const char *path, const struct dl_phdr_info *info)
{
	struct stat st;
	int err;

	file->fd = vp_sys_open(path, O_RDONLY | O_NONBLOCK, 0);
	if (file->fd < 0)
		return file->fd;
	err = (int)vp_sys(SYS_fstat, file->fd, &st, 0);
	if (!err && !S_ISREG(st.st_mode))
		err = -ENOEXEC;
	file->bytes = (uint64_t)st.st_size;
	if (!err)
		err = read_at(file, &file->ehdr, 0, sizeof(file->ehdr));
	if (!err && (memcmp(file->ehdr.e_ident, ELFMAG, SELFMAG) != 0 ||
		     file->ehdr.e_ident[EI_CLASS] != ELFCLASS64 ||
		     file->ehdr.e_phentsize != sizeof(Elf64_Phdr)))
		err = -ENOEXEC;
	if (!err)
		err = check_loaded(file, info);
	return err ? err : read_headers(file);
}

static int is_named(const struct file *file, const Elf64_Shdr *header, const char *name)
{
	const char *names = file->names.bytes;

	return header->sh_name < file->names.size &&
	       strnlen(names + header->sh_name, file->names.size - header->sh_name) ==
		   strlen(name) &&
	       memcmp(names + header->sh_name, name, strlen(name)) == 0;
}

/* --- sites: as the loader has relocated them ------------------------------------ */

static int in_segment(const struct dl_phdr_info *info, uint64_t at, uint64_t bytes, uint32_t flags)
{
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const Elf64_Phdr *phdr = &info->dlpi_phdr[i];
		uint64_t start = info->dlpi_addr + phdr->p_vaddr;

		if (phdr->p_type == PT_LOAD && (phdr->p_flags & flags) == flags && at >= start &&
		    at - start <= phdr->p_memsz && bytes <= phdr->p_memsz - (at - start))
			return 1;
	}
	return 0;
}

int vp_trace_is_code(const struct dl_phdr_info *info, uint64_t address)
{
	return in_segment(info, address, 1, PF_R | PF_X);
}

/* Mostly in order already. */
static void sort(struct vp_trace_site *site, size_t count)
{
	size_t gap = 1;

	while (gap < count / 3)
		gap = gap * 3 + 1;
	for (; gap; gap /= 3) {
		for (size_t i = gap; i < count; i++) {
			struct vp_trace_site one = site[i];
			size_t at = i;

			for (; at >= gap && site[at - gap].at > one.at; at -= gap)
				site[at] = site[at - gap];
			site[at] = one;
		}
	}
}

/* The loaded section, or NULL. */
static const uint64_t *entries(const struct file *file, const struct dl_phdr_info *info,
			       const Elf64_Shdr *header)
{
	uint64_t at = info->dlpi_addr + header->sh_addr;

	if (!(header->sh_flags & SHF_ALLOC) || at % 8 || !header->sh_size ||
	    !is_named(file, header, "__patchable_function_entries") ||
	    !in_segment(info, at, header->sh_size, PF_R))
		return NULL;
	return (const uint64_t *)(uintptr_t)at; /* NOLINT(performance-no-int-to-ptr) */
}

static int take_sites(const struct file *file, const struct dl_phdr_info *info,
		      struct vp_trace_sites *out)
{
	struct vp_trace_part *part = &out->part[0];
	size_t room = 0;

	for (size_t i = 0; i < count_sections(file); i++)
		if (entries(file, info, section(file, i)))
			room += section(file, i)->sh_size / 8;
	if (!room)
		return -ENOENT;
	part->size = room * sizeof(*out->site);
	part->bytes = out->site = vp_sys_map(part->size);
	if (!out->site)
		return -ENOMEM;
	for (size_t i = 0; i < count_sections(file); i++) {
		const uint64_t *entry = entries(file, info, section(file, i));

		for (size_t n = 0; entry && n < section(file, i)->sh_size / 8; n++)
			if (vp_trace_is_code(info, entry[n]))
				out->site[out->sites++].at = entry[n];
	}
	sort(out->site, out->sites);
	return out->sites ? 0 : -ENOENT;
}

/* --- symbols --------------------------------------------------------------------- */

static int take_symbols(const struct file *file, struct vp_trace_sites *out, uint32_t type)
{
	for (size_t i = 0; i < count_sections(file); i++) {
		const Elf64_Shdr *header = section(file, i), *names;
		int err;

		if (header->sh_type != type || header->sh_entsize != sizeof(Elf64_Sym) ||
		    header->sh_link >= count_sections(file))
			continue;
		names = section(file, header->sh_link);
		err = read_part(file, &out->part[1], header->sh_offset, header->sh_size);
		if (!err)
			err = read_part(file, &out->part[2], names->sh_offset, names->sh_size);
		if (err)
			return err;
		out->symbol = out->part[1].bytes;
		out->symbols = out->part[1].size / sizeof(Elf64_Sym);
		out->names = out->part[2].bytes;
		out->names_bytes = out->part[2].size;
		((char *)out->part[2].bytes)[out->names_bytes - 1] = '\0';
		return 0;
	}
	return -ENOENT;
}

int vp_trace_sites_read(struct vp_trace_sites *sites, const char *path,
			const struct dl_phdr_info *info)
{
	struct file file = {.fd = -1};
	int err = open_file(&file, path, info);

	memset(sites, 0, sizeof(*sites));
	sites->bias = info->dlpi_addr;
	if (!err)
		err = take_sites(&file, info, sites);
	/* Without any, no function has a name: no error of the file's. */
	if (!err && take_symbols(&file, sites, SHT_SYMTAB) != 0)
		take_symbols(&file, sites, SHT_DYNSYM);
	drop(&file.headers);
	drop(&file.names);
	if (file.fd >= 0)
		vp_sys_close(file.fd);
	if (err)
		vp_trace_sites_drop(sites);
	return err;
}

void vp_trace_sites_drop(struct vp_trace_sites *sites)
{
	for (size_t i = 0; i < sizeof(sites->part) / sizeof(sites->part[0]); i++)
		drop(&sites->part[i]);
}

/* The room may begin before the function (-fpatchable-function-entry=N,M), with nops only up to
 * it, or behind the instruction that says that it may be jumped to. */
struct vp_trace_site *vp_trace_site_of(const struct vp_trace_sites *sites, uint64_t entry)
{
	size_t lo = 0, hi = sites->sites;

	while (lo < hi) {
		size_t middle = lo + (hi - lo) / 2;

		if (sites->site[middle].at <= entry + VP_PATCH_LANDING)
			lo = middle + 1;
		else
			hi = middle;
	}
	if (!lo || !vp_patch_belongs(sites->site[lo - 1].at, entry))
		return NULL;
	return &sites->site[lo - 1];
}
