/* mkprof SHAPE FILE [BYTES]: writes a ring file of known content.
 * mkprof big FILE NODES EVENTS: one of that size, for timing.
 * mkprof spoil IN OUT SEED: flips bits, sets words or cuts, as SEED says. */
#include <errno.h>

#include "mkprof.h"

static int spoil(const char *from, const char *to, uint64_t seed)
{
	FILE *in = fopen(from, "rb");
	FILE *out = fopen(to, "wb");
	uint8_t *bytes = calloc(1024, MK_EXTENT);
	size_t size = in ? fread(bytes, 1, 1024ul * MK_EXTENT, in) : 0;

	if (!in || !out || size < 8192)
		return 1;
	size = mk_spoil(bytes, size, seed);
	fwrite(bytes, 1, size, out);
	free(bytes);
	fclose(in);
	return fclose(out) != 0;
}

/* NODES nodes in stacks of depth 40 and blocks for EVENTS events. */
static int big(const char *path, uint32_t nodes, uint32_t events)
{
	struct mkprof mk = mk_new();
	struct vprof_header *h = mk_header(&mk);
	struct vprof_event_block *b = NULL;
	uint32_t blocks = 0;
	uint64_t state = 1;

	free(mk.bytes);
	mk.bytes = calloc(1024, MK_EXTENT);
	h = mk_header(&mk);
	{
		struct mkprof small = mk_new();

		memcpy(mk.bytes, small.bytes, mk_size(&small));
		memcpy(mk.extents, small.extents, sizeof(mk.extents));
		mk_free(&small);
	}
	h->extent_count = 1024;
	h->file_bytes = 1024ull * MK_EXTENT;
	mk_nodes(&mk);
	mk_cpu_rows(&mk);
	for (uint32_t i = 8; i < nodes; i++) {
		uint32_t parent = i % 40 ? i - 1 : 2;

		mk_node(&mk, parent, (uint32_t)(mk_random(&state) % 2),
			0x10 * (mk_random(&state) % 20000), 0);
		if (i % 3 == 0)
			mk_cpu(&mk, i, 1 + i % 4, 1, 4);
	}
	for (uint32_t i = 0; i < events; i++) {
		if (i % VPROF_BLOCK_EVENTS == 0)
			b = mk_block(&mk, blocks++, i);
		mk_event(b, i, (uint32_t)(mk_random(&state) % nodes), 1 + i % 4, MK_MS);
	}
	h->blocks_reserved = h->blocks_capacity = blocks;
	h->events_written = events;
	h->end_ns = (uint64_t)events * MK_MS;
	return mk_write(&mk, path, 0) != 0;
}

int main(int argc, char **argv)
{
	struct mkprof mk;

	if (argc == 5 && strcmp(argv[1], "big") == 0)
		return big(argv[2], (uint32_t)atol(argv[3]), (uint32_t)atol(argv[4]));
	if (argc == 5 && strcmp(argv[1], "spoil") == 0)
		return spoil(argv[2], argv[3], strtoull(argv[4], NULL, 10));
	if (argc < 3 || mk_shape(argv[1], &mk) < 0) {
		fprintf(stderr, "usage: mkprof SHAPE FILE [BYTES]\n");
		return 1;
	}
	if (mk_write(&mk, argv[2], argc > 3 ? strtoull(argv[3], NULL, 0) : 0) < 0) {
		fprintf(stderr, "mkprof: %s: %s\n", argv[2], strerror(errno));
		return 1;
	}
	mk_free(&mk);
	return 0;
}
