#include "base/vdso.h"
#include "base/sys.h"

#include <elf.h>
#include <string.h>
#include <sys/auxv.h>
#include <time.h>

typedef int (*clock_fn)(int clock, struct timespec *out);

static clock_fn entry; /* NULL: by a system call */

struct image {
	uint64_t bias;
	const Elf64_Sym *symbols;
	const char *names;
	const uint32_t *hash, *gnu_hash;
};

/* The tables hold addresses as the page was linked, at 0. */
static void read_dynamic(struct image *image, const Elf64_Dyn *dynamic)
{
	for (; dynamic->d_tag != DT_NULL; dynamic++) {
		const void *at = (const void *)(image->bias + dynamic->d_un.d_ptr);

		switch (dynamic->d_tag) {
		case DT_SYMTAB:
			image->symbols = at;
			break;
		case DT_STRTAB:
			image->names = at;
			break;
		case DT_HASH:
			image->hash = at;
			break;
		case DT_GNU_HASH:
			image->gnu_hash = at;
			break;
		}
	}
}

/* How many symbols there are: said by one hash table; by the other, which some
 * kernels have alone, with the last entry of its last chain. */
static uint32_t count_symbols(const struct image *image)
{
	const uint32_t *table = image->gnu_hash, *buckets, *chains;
	uint32_t last = 0;

	if (image->hash)
		return image->hash[1];
	if (!table)
		return 0;
	buckets = table + 4 + table[2] * 2;
	chains = buckets + table[0];
	for (uint32_t i = 0; i < table[0]; i++)
		last = buckets[i] > last ? buckets[i] : last;
	if (last < table[1])
		return 0;
	while (!(chains[last - table[1]] & 1))
		last++;
	return last + 1;
}

static clock_fn find(const struct image *image, const char *name)
{
	uint32_t count = image->symbols && image->names ? count_symbols(image) : 0;

	for (uint32_t i = 0; i < count; i++) {
		const Elf64_Sym *symbol = &image->symbols[i];

		if (symbol->st_shndx != SHN_UNDEF && ELF64_ST_TYPE(symbol->st_info) == STT_FUNC &&
		    strcmp(image->names + symbol->st_name, name) == 0)
			return (clock_fn)(image->bias + symbol->st_value);
	}
	return NULL;
}

void vp_vdso_init(void)
{
	const Elf64_Ehdr *file = (const void *)getauxval(AT_SYSINFO_EHDR);
	const Elf64_Phdr *phdr;
	const Elf64_Dyn *dynamic = NULL;
	struct image image = {0};

	if (entry || !file || memcmp(file->e_ident, ELFMAG, SELFMAG) != 0)
		return;
	phdr = (const void *)((const char *)file + file->e_phoff);
	for (int i = 0; i < file->e_phnum; i++) {
		if (phdr[i].p_type == PT_LOAD)
			image.bias = (uint64_t)(uintptr_t)file + phdr[i].p_offset - phdr[i].p_vaddr;
		else if (phdr[i].p_type == PT_DYNAMIC)
			dynamic = (const void *)((const char *)file + phdr[i].p_offset);
	}
	if (!dynamic)
		return;
	read_dynamic(&image, dynamic);
	/* Pairs with vp_vdso_ns(). */
	__atomic_store_n(&entry, find(&image, "__vdso_clock_gettime"), __ATOMIC_RELEASE);
}

uint64_t vp_vdso_ns(int clock)
{
	clock_fn fast = __atomic_load_n(&entry, __ATOMIC_ACQUIRE);
	struct timespec ts;

	if (!fast || fast(clock, &ts) != 0) {
		if (vp_sys(SYS_clock_gettime, clock, &ts, 0) != 0)
			return 0;
	}
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}
