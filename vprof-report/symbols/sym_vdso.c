#include "symbols/sym_vdso.h"

#include <elf.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#define VDSO_MAX (1u << 20) /* they have a few pages */

/* The kernel maps the file as it was linked, its section headers last. */
static uint64_t image_bytes(const Elf64_Ehdr *file)
{
	const Elf64_Phdr *phdr = (const void *)((const char *)file + file->e_phoff);
	uint64_t bytes = file->e_shoff + (uint64_t)file->e_shnum * file->e_shentsize;

	for (int i = 0; i < file->e_phnum; i++) {
		uint64_t end = phdr[i].p_offset + phdr[i].p_filesz;

		if (phdr[i].p_type == PT_LOAD && end > bytes)
			bytes = end;
	}
	return bytes;
}

int vr_vdso_open(void)
{
	const Elf64_Ehdr *file = (const void *)getauxval(AT_SYSINFO_EHDR);
	uint64_t bytes;
	int fd;

	if (!file || memcmp(file->e_ident, ELFMAG, SELFMAG) != 0 ||
	    file->e_ident[EI_CLASS] != ELFCLASS64)
		return -1;
	bytes = image_bytes(file);
	fd = bytes <= VDSO_MAX ? memfd_create("vprof-report", MFD_CLOEXEC) : -1;
	/* A part that is not mapped, after all, makes the copy short instead of a fault. */
	if (fd >= 0 && write(fd, file, bytes) != (ssize_t)bytes) {
		close(fd);
		fd = -1;
	}
	return fd;
}
