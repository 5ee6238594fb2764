/* A profile of many samples in real programs, for timing the report.
 *
 *   many_samples FILE EVENTS STACKS BINARY...
 *
 * EVENTS samples over STACKS nodes, in stacks of depth 40 whose frames lie
 * anywhere in the code of the BINARYs; 20,000 addresses, as large programs
 * have.  The binaries are recorded as loaded, so that functions, lines and
 * inlined frames are found. */
#include "../../golden/mkprof.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define BINARIES_MAX 8
#define ADDRESSES    20000u
#define DEPTH	     40u

struct binary {
	uint64_t bias, start, bytes; /* of the code, at run time */
	uint32_t id;
};

static struct binary binary[BINARIES_MAX];
static uint64_t address[ADDRESSES]; /* as vprof_node.where */
static uint64_t state = 1;

static uint64_t draw(uint64_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % below;
}

static void note_build_id(struct vprof_module *module, const uint8_t *at, uint64_t left)
{
	const Elf64_Nhdr *note = (const void *)at;
	uint64_t step;

	while (left >= sizeof(*note)) {
		note = (const void *)at;
		step =
		    sizeof(*note) + (note->n_namesz + 3) / 4 * 4ul + (note->n_descsz + 3) / 4 * 4ul;
		if (step > left)
			return;
		if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 &&
		    note->n_descsz <= sizeof(module->build_id)) {
			module->build_id_bytes = note->n_descsz;
			memcpy(module->build_id, at + sizeof(*note) + 4, note->n_descsz);
		}
		at += step;
		left -= step;
	}
}

static void note_segment(struct binary *b, struct vprof_module *module, const uint8_t *elf,
			 const Elf64_Phdr *ph)
{
	uint64_t end = b->bias + ph->p_vaddr + ph->p_memsz;

	if (ph->p_type == PT_NOTE)
		note_build_id(module, elf + ph->p_offset, ph->p_filesz);
	if (ph->p_type != PT_LOAD)
		return;
	module->end = end > module->end ? end : module->end;
	if (ph->p_flags & PF_X) {
		b->start = b->bias + ph->p_vaddr;
		b->bytes = ph->p_filesz;
	}
}

/* Returns 0, or -1 when it is no such file. */
static int note_binary(struct mkprof *mk, struct binary *b, const char *path, unsigned number)
{
	int fd = open(path, O_RDONLY);
	struct vprof_module *module;
	const Elf64_Ehdr *head;
	const uint8_t *elf;
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return -1;
	elf = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	head = (const void *)elf;
	if (elf == MAP_FAILED || (size_t)st.st_size < sizeof(*head) || memcmp(elf, ELFMAG, SELFMAG))
		return -1;
	module = mk_row(mk, VPROF_SEC_MODULES, &b->id);
	b->bias = head->e_type == ET_DYN ? 0x7f0000000000ull + number * 0x100000000ull : 0;
	module->bias = module->start = b->bias;
	module->path = mk_string(mk, path);
	module->inode = st.st_ino;
	module->device = st.st_dev;
	module->file_bytes = (uint64_t)st.st_size;
	module->mtime_ns = (uint64_t)st.st_mtim.tv_sec * 1000000000u + (uint64_t)st.st_mtim.tv_nsec;
	for (unsigned i = 0; i < head->e_phnum; i++)
		note_segment(b, module, elf, (const Elf64_Phdr *)(elf + head->e_phoff) + i);
	munmap((void *)(uintptr_t)elf, (size_t)st.st_size);
	return b->bytes ? 0 : -1;
}

static void make_room(struct mkprof *mk)
{
	struct vprof_header *h;

	mk->bytes = realloc(mk->bytes, (size_t)VPROF_EXTENTS_MAX * MK_EXTENT);
	memset(mk->bytes + 64 * MK_EXTENT, 0, (VPROF_EXTENTS_MAX - 64ul) * MK_EXTENT);
	h = mk_header(mk);
	h->extent_count = VPROF_EXTENTS_MAX;
	h->file_bytes = (uint64_t)VPROF_EXTENTS_MAX * MK_EXTENT;
}

static void make_stacks(struct mkprof *mk, uint32_t nodes)
{
	mk_row(mk, VPROF_SEC_NODES, NULL); /* root */
	mk_row(mk, VPROF_SEC_NODES, NULL); /* overflow */
	for (uint32_t i = 2; i < nodes; i++) {
		struct vprof_node *node = mk_row(mk, VPROF_SEC_NODES, NULL);
		uint32_t within = (i - 2) % DEPTH;

		node->where = address[draw(ADDRESSES)];
		/* stacks share a beginning of some length */
		node->parent = i == 2 ? 0 : within ? i - 1 : 2 + (uint32_t)draw(i < 42 ? 1 : 40);
	}
}

static void make_samples(struct mkprof *mk, uint32_t nodes, uint32_t events)
{
	uint32_t *count = calloc(nodes, sizeof(*count)), blocks = 0;
	struct vprof_header *h = mk_header(mk);
	struct vprof_event_block *block = NULL;

	for (uint32_t i = 0; i < events; i++) {
		uint32_t node = 2 + (uint32_t)draw(nodes - 2);

		if (i % VPROF_BLOCK_EVENTS == 0)
			block = mk_block(mk, blocks++, i);
		mk_event(block, i, node, 1, MK_MS);
		count[node]++;
	}
	mk_row(mk, VPROF_SEC_CPU, NULL); /* overflow */
	for (uint32_t i = 0; i < nodes; i++) {
		if (count[i])
			mk_cpu(mk, i, 1, count[i], count[i]);
	}
	free(count);
	h->blocks_reserved = h->blocks_capacity = blocks;
	h->events_written = h->samples_expected = events;
	h->end_ns = h->cpu_ns = h->cpu_user_ns = (uint64_t)events * MK_MS;
}

int main(int argc, char **argv)
{
	uint32_t events = argc > 4 ? (uint32_t)atol(argv[2]) : 0;
	uint32_t nodes = argc > 4 ? (uint32_t)atol(argv[3]) : 0;
	struct mkprof mk = mk_new();
	unsigned count = 0;

	if (!events || nodes < 100)
		return 1;
	make_room(&mk);
	for (int i = 4; i < argc && count < BINARIES_MAX; i++) {
		if (note_binary(&mk, &binary[count], argv[i], count)) {
			fprintf(stderr, "many_samples: %s: not a program\n", argv[i]);
			return 1;
		}
		count++;
	}
	for (uint32_t i = 0; i < ADDRESSES; i++) {
		const struct binary *b = &binary[i % count];

		address[i] = (b->start + draw(b->bytes)) | (uint64_t)b->id
							       << VPROF_WHERE_MODULE_SHIFT;
	}
	mk_row(&mk, VPROF_SEC_THREADS, NULL);
	mk_thread(&mk, 4242, "main", events)->samples = events;
	mk_header(&mk)->samples = mk_header(&mk)->sampled_ns = 0;
	make_stacks(&mk, nodes);
	make_samples(&mk, nodes, events);
	if (mk_write(&mk, argv[1], 0) < 0) {
		perror(argv[1]);
		return 1;
	}
	mk_free(&mk);
	return 0;
}
