#include "symbols/sym_unpack.h"

#include <elf.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#define BY_ZSTD	    2u		 /* ELFCOMPRESS_ZSTD, newer than our elf.h may be */
#define SECTION_MAX (8ull << 30) /* more is damage */

/* The file, and the copy that grows. */
struct copy {
	const uint8_t *from;
	uint64_t bytes;
	int fd;
	uint64_t end;
};

/* Tells where the section headers are; NULL where it is no such file. */
static const Elf64_Shdr *headers(const uint8_t *from, uint64_t bytes, uint32_t *count)
{
	const Elf64_Ehdr *elf = (const void *)from;

	if (bytes < sizeof(*elf) || memcmp(elf->e_ident, ELFMAG, SELFMAG) != 0 ||
	    elf->e_ident[EI_CLASS] != ELFCLASS64 || elf->e_ident[EI_DATA] != ELFDATA2LSB ||
	    elf->e_shentsize != sizeof(Elf64_Shdr) || elf->e_shoff % 8 || elf->e_shoff > bytes)
		return NULL;
	*count = elf->e_shnum;
	if (!*count && bytes - elf->e_shoff >= sizeof(Elf64_Shdr))
		*count =
		    (uint32_t)((const Elf64_Shdr *)(const void *)(from + elf->e_shoff))->sh_size;
	if (*count > (bytes - elf->e_shoff) / sizeof(Elf64_Shdr))
		return NULL;
	return (const void *)(from + elf->e_shoff);
}

/* Fills *head where the section is compressed with zstd; it may begin at any byte. */
static int is_packed(const uint8_t *from, uint64_t bytes, const Elf64_Shdr *section,
		     Elf64_Chdr *head)
{
	if (!(section->sh_flags & SHF_COMPRESSED) || section->sh_type == SHT_NOBITS ||
	    section->sh_size < sizeof(*head) || section->sh_offset > bytes ||
	    section->sh_size > bytes - section->sh_offset)
		return 0;
	memcpy(head, from + section->sh_offset, sizeof(*head));
	return head->ch_type == BY_ZSTD && head->ch_size <= SECTION_MAX;
}

static int write_all(int fd, const void *bytes, uint64_t size, uint64_t at)
{
	while (size) {
		ssize_t put = pwrite(fd, bytes, size, (off_t)at);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return -EIO;
		bytes = (const uint8_t *)bytes + put;
		size -= (uint64_t)put;
		at += (uint64_t)put;
	}
	return 0;
}

/* Appends what the section was, and lets its header in the copy, at `place`, tell of it. */
static int add_section(struct copy *copy, const Elf64_Shdr *section, const Elf64_Chdr *head,
		       uint64_t place)
{
	Elf64_Shdr plain = *section;
	void *room = malloc(head->ch_size + 1);
	size_t got;
	int ret = -EINVAL;

	if (!room)
		return -ENOMEM;
	got = ZSTD_decompress(room, head->ch_size, copy->from + section->sh_offset + sizeof(*head),
			      section->sh_size - sizeof(*head));
	if (!ZSTD_isError(got) && got == head->ch_size) {
		copy->end = (copy->end + 15) & ~(uint64_t)15;
		plain.sh_flags &= ~(uint64_t)SHF_COMPRESSED;
		plain.sh_offset = copy->end;
		plain.sh_size = got;
		plain.sh_addralign = head->ch_addralign;
		ret = write_all(copy->fd, room, got, copy->end);
		if (!ret)
			ret = write_all(copy->fd, &plain, sizeof(plain), place);
		copy->end += got;
	}
	free(room);
	return ret;
}

/* Returns how many sections stay compressed, or -errno. */
static int fill(struct copy *copy, const Elf64_Shdr *section, uint32_t count)
{
	int ret = write_all(copy->fd, copy->from, copy->bytes, 0), left = 0;

	copy->end = copy->bytes;
	for (uint32_t i = 0; i < count && !ret; i++) {
		uint64_t place = (uint64_t)((const uint8_t *)&section[i] - copy->from);
		Elf64_Chdr head;

		if (is_packed(copy->from, copy->bytes, &section[i], &head) &&
		    add_section(copy, &section[i], &head, place))
			left++;
	}
	return ret ? ret : left;
}

static int has_packed(const uint8_t *from, uint64_t bytes)
{
	uint32_t count = 0;
	const Elf64_Shdr *section = headers(from, bytes, &count);
	Elf64_Chdr head;

	for (uint32_t i = 0; section && i < count; i++)
		if (is_packed(from, bytes, &section[i], &head))
			return 1;
	return 0;
}

/* Returns the descriptor of the copy, or -1 where none is needed or can be had. */
static int make_copy(const uint8_t *from, uint64_t bytes, int *unread)
{
	struct copy copy = {from, bytes, -1, 0};
	uint32_t count = 0;
	const Elf64_Shdr *section = headers(from, bytes, &count);
	int left;

	if (!has_packed(from, bytes))
		return -1;
	copy.fd = memfd_create("vprof-report", MFD_CLOEXEC);
	left = copy.fd < 0 ? -errno : fill(&copy, section, count);
	if (left && unread)
		*unread = 1;
	if (left < 0 && copy.fd >= 0) {
		close(copy.fd);
		copy.fd = -1;
	}
	return copy.fd;
}

/* Maps the whole file; NULL where that cannot be. */
static void *map(int fd, size_t *bytes)
{
	struct stat st;
	void *from;

	if (fd < 0 || fstat(fd, &st) || st.st_size <= 0)
		return NULL;
	*bytes = (size_t)st.st_size;
	from = mmap(NULL, *bytes, PROT_READ, MAP_PRIVATE, fd, 0);
	return from == MAP_FAILED ? NULL : from;
}

int vr_elf_is_packed(int fd)
{
	size_t bytes;
	void *from = map(fd, &bytes);
	int packed = from && has_packed(from, bytes);

	if (from)
		munmap(from, bytes);
	return packed;
}

int vr_elf_unpack(int fd, int *unread)
{
	size_t bytes;
	void *from = map(fd, &bytes);
	int copy;

	if (!from)
		return fd;
	copy = make_copy(from, bytes, unread);
	munmap(from, bytes);
	if (copy < 0)
		return fd;
	close(fd);
	return copy;
}
