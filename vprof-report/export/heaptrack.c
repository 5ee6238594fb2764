/* heaptrack's file, version 3: lines of hexadecimal numbers.  Strings,
 * addresses and stacks are numbered from 1, allocations from 0.
 *
 * The format tells of single calls and its readers replay them.  Known here are
 * the totals of each site.  So the calls are made up such that the replay ends
 * in these totals: first, one at a time, the blocks that are neither live at
 * the peak nor at the end, then those of the peak, then the way from the peak
 * to the end.  Blocks of one kind and site have equal sizes. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/order.h"
#include "cli/xalloc.h"
#include "export/dump.h"
#include "export/strings.h"

/* Blocks of one site that have the same fate. */
struct blocks {
	uint64_t count, bytes;
};

struct site {
	uint32_t trace;
	uint64_t temporary;
	struct blocks kept;    /* live at the peak and at the end */
	struct blocks peak;    /* at the peak only */
	struct blocks late;    /* at the end only */
	struct blocks passing; /* at neither */
};

struct heaptrack {
	const struct vr_dump *dump;
	FILE *out;
	struct vr_strings strings;
	uint32_t *trace; /* by node, 0: not written yet */
	uint32_t traces;
	uint32_t *frame; /* number by frame of the dump */
	uint32_t frames;
	uint32_t infos; /* allocation kinds written */
	struct site *site;
	size_t sites;
	size_t last; /* the site whose peak blocks come last, `sites`: any */
};

static uint32_t put_string(struct heaptrack *h, const char *text)
{
	int added;
	uint32_t number;

	if (!text[0])
		return 0;
	number = vr_strings_at(&h->strings, text, &added) + 1;
	if (added)
		fprintf(h->out, "s %zx %s\n", strlen(text), text);
	return number;
}

static uint32_t put_frame(struct heaptrack *h, uint32_t index)
{
	const struct vr_dump *dump = h->dump;
	const struct vr_dump_frame *frame = &dump->frame[index];
	uint32_t module;

	if (h->frame[index])
		return h->frame[index];
	module = put_string(h, frame->module == VR_DUMP_NONE
				   ? dump->function[dump->line[frame->first].function].module
				   : dump->module[frame->module].path);
	for (uint32_t i = 0; i < frame->count; i++) {
		const struct vr_dump_function *f =
		    &dump->function[dump->line[frame->first + i].function];

		put_string(h, f->name);
		put_string(h, f->file);
	}
	fprintf(h->out, "i %" PRIx64 " %" PRIx32, frame->address, module);
	for (uint32_t i = 0; i < frame->count; i++) {
		const struct vr_dump_line *line = &dump->line[frame->first + i];
		const struct vr_dump_function *f = &dump->function[line->function];

		fprintf(h->out, " %" PRIx32 " %" PRIx32 " %x", put_string(h, f->name),
			put_string(h, f->file), (unsigned)line->line);
	}
	fputc('\n', h->out);
	h->frame[index] = ++h->frames;
	return h->frame[index];
}

/* Writes the stack's nodes that are new, the outermost first. */
static uint32_t put_trace(struct heaptrack *h, uint32_t node)
{
	uint32_t *todo = NULL;
	size_t count = 0, room = 0;

	for (uint32_t at = node; at && !h->trace[at]; at = h->dump->node[at].parent) {
		todo = vr_xgrow(todo, count, &room, sizeof(*todo));
		todo[count++] = at;
	}
	while (count) {
		const struct vr_dump_node *from = &h->dump->node[todo[--count]];
		uint32_t frame = put_frame(h, from->frame);

		fprintf(h->out, "t %" PRIx32 " %" PRIx32 "\n", frame, h->trace[from->parent]);
		h->trace[todo[count]] = ++h->traces;
	}
	free(todo);
	return h->trace[node];
}

static uint64_t share(uint64_t bytes, uint64_t part, uint64_t whole)
{
	return (uint64_t)((unsigned __int128)bytes * part / whole);
}

/* Sums of these, which may come from a damaged file, do not overflow. */
static uint64_t sane(uint64_t count)
{
	return vr_least(count, 1ull << 40);
}

/* How many of the site's blocks can be both at the peak and at the end, and
 * with how many bytes, so that the rest of both comes out right. */
static struct blocks kept_blocks(struct blocks peak, struct blocks end)
{
	struct blocks kept = {vr_least(peak.count, end.count), 0};

	/* All of one side kept means all its bytes, which the other must hold. */
	if ((kept.count == peak.count && peak.bytes > end.bytes) ||
	    (kept.count == end.count && end.bytes > peak.bytes))
		kept.count = vr_less(kept.count, 1);
	if (!kept.count)
		return kept;
	if (kept.count == peak.count)
		kept.bytes = peak.bytes;
	else if (kept.count == end.count)
		kept.bytes = end.bytes;
	else
		kept.bytes = vr_least(share(peak.bytes, kept.count, peak.count),
				      share(end.bytes, kept.count, end.count));
	return kept;
}

static void split_site(struct site *site, const struct vr_dump_sample *sample)
{
	const uint64_t *v = sample->value;
	struct blocks peak = {sane(v[VR_VALUE_PEAK_BLOCKS]), v[VR_VALUE_PEAK_BYTES]};
	struct blocks end = {sane(v[VR_VALUE_LIVE_BLOCKS]), v[VR_VALUE_LIVE_BYTES]};

	site->kept = kept_blocks(peak, end);
	site->peak = (struct blocks){peak.count - site->kept.count, peak.bytes - site->kept.bytes};
	site->late = (struct blocks){end.count - site->kept.count, end.bytes - site->kept.bytes};
	site->passing.count =
	    vr_less(v[VR_VALUE_ALLOCS], site->kept.count + site->peak.count + site->late.count);
	site->passing.bytes = vr_less(v[VR_VALUE_ALLOC_BYTES],
				      site->kept.bytes + site->peak.bytes + site->late.bytes);
	site->temporary = vr_least(sample->temporary, site->passing.count);
}

/* The block that reached the peak may be freed before any other call.  A reader
 * can see that of one block, the last one of the peak. */
static void find_last(struct heaptrack *h, const struct vr_dump_sample *sample)
{
	const struct site *site = &h->site[h->sites];

	if (sample->temporary > site->temporary && site->peak.count)
		h->last = h->sites;
}

static uint32_t put_info(struct heaptrack *h, const struct site *site, uint64_t bytes)
{
	fprintf(h->out, "a %" PRIx64 " %" PRIx32 "\n", bytes, site->trace);
	return h->infos++;
}

static void repeat(struct heaptrack *h, uint64_t count, const char *line, uint32_t info)
{
	char text[64];
	int len = snprintf(text, sizeof(text), line, info, info);

	while (count--)
		fwrite(text, 1, (size_t)len, h->out);
}

/* Calls `line` for every block; bytes that do not divide go to the first. */
static void put_blocks(struct heaptrack *h, const struct site *site, struct blocks blocks,
		       const char *line)
{
	uint64_t each;

	if (!blocks.count)
		return;
	each = blocks.bytes / blocks.count;
	if (blocks.bytes % blocks.count) {
		uint32_t info = put_info(h, site, each + blocks.bytes % blocks.count);

		repeat(h, 1, line, info);
		blocks.count--;
	}
	if (blocks.count)
		repeat(h, blocks.count, line, put_info(h, site, each));
}

/* A reader calls a block temporary when it is freed with no other call between.
 * Freeing kind 0, of no bytes, is such a call and changes nothing else. */
static uint64_t put_passing(struct heaptrack *h, const struct site *site, uint64_t numerator,
			    uint64_t denominator)
{
	struct blocks calls = {share(site->passing.count, numerator, denominator), 0};
	uint64_t temporary = share(site->temporary, numerator, denominator);
	uint32_t info;

	if (!calls.count)
		return site->passing.count;
	info = put_info(h, site, site->passing.bytes / site->passing.count);
	repeat(h, temporary, "+ %" PRIx32 "\n- %" PRIx32 "\n", info);
	repeat(h, calls.count - temporary, "+ %" PRIx32 "\n- 0\n- %" PRIx32 "\n", info);
	return site->passing.count - calls.count;
}

static void put_time(struct heaptrack *h, uint64_t ns)
{
	fprintf(h->out, "c %" PRIx64 "\n", ns / 1000000);
}

/* Frees what put_blocks() made: kinds are counted up the same way.
 *   freed  of the last kind, already */
static uint32_t free_blocks(struct heaptrack *h, struct blocks blocks, uint64_t freed,
			    uint32_t info)
{
	if (!blocks.count)
		return info;
	if (blocks.bytes % blocks.count) {
		repeat(h, 1, "- %" PRIx32 "\n", info++);
		blocks.count--;
	}
	if (blocks.count)
		repeat(h, blocks.count - freed, "- %" PRIx32 "\n", info++);
	return info;
}

static void put_header(struct heaptrack *h)
{
	const struct vr_dump *dump = h->dump;
	uint64_t page = dump->page_bytes ? dump->page_bytes : 4096;

	fprintf(h->out, "v 10400 3\nX %s\nI %" PRIx64 " 0\n",
		dump->cmdline[0] ? dump->cmdline : dump->program, page);
	h->last = dump->samples;
	for (size_t i = 0; i < dump->samples; i++) {
		const struct vr_dump_sample *sample = &dump->sample[i];

		if (!sample->value[VR_VALUE_ALLOCS] && !sample->value[VR_VALUE_LIVE_BLOCKS])
			continue;
		h->site[h->sites].trace = put_trace(h, sample->node);
		split_site(&h->site[h->sites], sample);
		find_last(h, sample);
		h->sites++;
	}
	put_time(h, 0);
	fprintf(h->out, "R %" PRIx64 "\n", dump->peak_rss_bytes / page);
	if (h->sites)
		put_info(h, &h->site[0], 0);
}

/* Up to the peak and down again. */
static void put_peak(struct heaptrack *h)
{
	struct blocks last = h->last < h->sites ? h->site[h->last].peak : (struct blocks){0, 0};
	uint32_t info = h->infos;

	for (size_t i = 0; i < h->sites; i++)
		if (i != h->last)
			put_blocks(h, &h->site[i], h->site[i].peak, "+ %" PRIx32 "\n");
	if (last.count)
		put_blocks(h, &h->site[h->last], last, "+ %" PRIx32 "\n");
	put_time(h, h->dump->duration_ns);
	if (last.count)
		repeat(h, 1, "- %" PRIx32 "\n", h->infos - 1);
	else if (h->infos != info)
		fputs("- 0\n", h->out);
	for (size_t i = 0; i < h->sites; i++)
		if (i != h->last)
			info = free_blocks(h, h->site[i].peak, 0, info);
	free_blocks(h, last, 1, info);
}

/* Makes a few large blocks of many; returns how many it made away with. */
static uint64_t thin(struct blocks *blocks, uint64_t max, uint64_t all)
{
	uint64_t before = blocks->count;

	if (before)
		blocks->count = share(before, max, all);
	if (before && !blocks->count)
		blocks->count = 1;
	return before - blocks->count;
}

/* The bytes of the peak and of the end stay what they are. */
static uint64_t thin_sites(struct heaptrack *h, uint64_t max_calls)
{
	uint64_t all = 0, left = 0;

	for (size_t i = 0; i < h->sites; i++)
		all += h->site[i].kept.count + h->site[i].peak.count + h->site[i].late.count;
	for (size_t i = 0; i < h->sites && all > max_calls; i++) {
		left += thin(&h->site[i].kept, max_calls, all);
		left += thin(&h->site[i].peak, max_calls, all);
		left += thin(&h->site[i].late, max_calls, all);
	}
	return left;
}

static uint64_t put_calls(struct heaptrack *h, uint64_t max_calls)
{
	uint64_t passing = 0;
	uint64_t left = thin_sites(h, max_calls);

	for (size_t i = 0; i < h->sites; i++)
		passing += h->site[i].passing.count;
	for (size_t i = 0; i < h->sites; i++)
		if (h->site[i].passing.count)
			left += put_passing(h, &h->site[i], vr_least(passing, max_calls), passing);
	for (size_t i = 0; i < h->sites; i++)
		put_blocks(h, &h->site[i], h->site[i].kept, "+ %" PRIx32 "\n");
	put_time(h, vr_least(h->dump->peak_ns, h->dump->duration_ns));
	put_peak(h);
	for (size_t i = 0; i < h->sites; i++)
		put_blocks(h, &h->site[i], h->site[i].late, "+ %" PRIx32 "\n");
	return left;
}

uint64_t vr_write_heaptrack(const struct vr_dump *dump, uint64_t max_calls, FILE *out)
{
	struct heaptrack h = {.dump = dump, .out = out};
	uint64_t left;

	h.trace = vr_xcalloc(dump->nodes, sizeof(*h.trace));
	h.frame = vr_xcalloc(dump->frames, sizeof(*h.frame));
	h.site = vr_xcalloc(dump->samples, sizeof(*h.site));
	put_header(&h);
	left = put_calls(&h, max_calls);
	vr_strings_free(&h.strings);
	free(h.trace);
	free(h.frame);
	free(h.site);
	return left;
}
