#include "model/leaks.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/order.h"
#include "cli/xalloc.h"

static const struct vr_verdict_facts facts[VR_VERDICTS] = {
    [VR_LOST] = {"lost", VR_GUILT_LEAK, VR_BY_SEARCH, 0},
    [VR_INDIRECT] = {"indirect", VR_GUILT_LEAK, VR_BY_SEARCH, 0},
    [VR_GROWING] = {"growing", VR_GUILT_LEAK, VR_BY_GROWTH, 0},
    [VR_POSSIBLE] = {"possible", VR_GUILT_STRICT, VR_BY_SEARCH, 0},
    [VR_UNEXAMINED] = {"unexamined", VR_GUILT_NONE, VR_BY_NOBODY, 0},
    [VR_REACHABLE] = {"reachable", VR_GUILT_NONE, VR_BY_SEARCH, 1},
    [VR_RUNTIME] = {"runtime", VR_GUILT_NONE, VR_BY_SEARCH, 1},
};

const struct vr_verdict_facts *vr_verdict_facts(enum vr_verdict verdict)
{
	return &facts[verdict];
}

const char *vr_verdict_name(enum vr_verdict verdict)
{
	return facts[verdict].name;
}

char *vr_verdict_names(void)
{
	char *names = vr_xstrdup("");

	for (int i = 0; i < VR_VERDICTS; i++)
		names = vr_xappend(names, "%s%s", i ? " " : "", facts[i].name);
	return names;
}

int vr_verdict_of(const char *name, size_t length)
{
	for (int i = 0; i < VR_VERDICTS; i++)
		if (strlen(facts[i].name) == length && memcmp(facts[i].name, name, length) == 0)
			return i;
	return -1;
}

unsigned vr_verdicts_leak(int strict)
{
	unsigned mask = 0;

	for (unsigned i = 0; i < VR_VERDICTS; i++)
		if (facts[i].guilt == VR_GUILT_LEAK ||
		    (strict && facts[i].guilt == VR_GUILT_STRICT))
			mask |= 1u << i;
	return mask;
}

const char *vr_answer_name(enum vr_leak_answer answer)
{
	static const char *const name[] = {"clean", "leak", "unexamined"};

	return name[answer];
}

/* Entries while they are put together: one for each stack and verdict. */
struct joining {
	struct vr_leaks *leaks;
	size_t room;
	struct vr_map at; /* node << 8 | verdict << 4 | because: index of the entry */
	/* of call paths that the result had no room for: they are somebody's */
	uint64_t folded_blocks, folded_bytes;
};

static struct vr_leak *entry(struct joining *join, uint32_t node, enum vr_verdict verdict,
			     enum vprof_unsearched because)
{
	struct vr_leaks *leaks = join->leaks;
	uint64_t key = (uint64_t)node << 8 | (uint64_t)verdict << 4 | because;
	int added;
	uint32_t *at = vr_map_at(&join->at, key, &added);

	if (added) {
		leaks->leak =
		    vr_xgrow(leaks->leak, leaks->n_leaks, &join->room, sizeof(*leaks->leak));
		leaks->leak[leaks->n_leaks] = (struct vr_leak){
		    .node = node, .verdict = verdict, .because = because, .confidence = -1};
		*at = (uint32_t)leaks->n_leaks++;
	}
	return &leaks->leak[*at];
}

static enum vr_verdict verdict_of_row(uint32_t verdict)
{
	static const enum vr_verdict of[] = {
	    [VPROF_LEAK_LOST] = VR_LOST,	 [VPROF_LEAK_INDIRECT] = VR_INDIRECT,
	    [VPROF_LEAK_POSSIBLE] = VR_POSSIBLE, [VPROF_LEAK_REACHABLE] = VR_REACHABLE,
	    [VPROF_LEAK_RUNTIME] = VR_RUNTIME,
	};

	return of[verdict];
}

/* The stack of a row as the heap counts it: rows without one are called by what
 * they collect. */
static uint32_t row_node(const struct vr_profile *profile, const struct vr_map *sites,
			 uint32_t node)
{
	uint32_t full = vr_stacks_pseudo(profile->stacks, VR_PSEUDO_SITE_FULL);
	uint32_t none = vr_stacks_pseudo(profile->stacks, VR_PSEUDO_NO_STACK);

	if (node > VPROF_NODE_OVERFLOW || vr_map_find(sites, node))
		return node;
	return vr_map_find(sites, none) || !vr_map_find(sites, full) ? none : full;
}

/* Of what the search put aside, how much of it was of one call path. */
static void add_rows(struct joining *join, const struct vr_profile *profile,
		     const struct vr_map *sites, uint64_t *seen)
{
	const struct vr_file *file = profile->file;

	for (uint32_t i = 0; i < file->n_leaks; i++) {
		const struct vprof_leak *row = &file->leak[i];
		uint32_t node = row_node(profile, sites, row->node);
		const uint32_t *site = vr_map_find(sites, node);
		struct vr_leak *leak;

		if (row->scan != file->header.scan_count || !row->scan || !row->blocks)
			continue;
		if (!site && row->node > VPROF_NODE_OVERFLOW)
			continue; /* not selected */
		leak = entry(join, node, verdict_of_row(row->verdict),
			     row->verdict == VPROF_LEAK_POSSIBLE ? row->because : 0);
		if (!leak->blocks || row->oldest_ns < leak->oldest_ns)
			leak->oldest_ns = row->oldest_ns;
		if (row->newest_ns > leak->newest_ns)
			leak->newest_ns = row->newest_ns;
		if (!leak->example)
			leak->example = row->example;
		if (row->verdict == VPROF_LEAK_INDIRECT && !leak->owner)
			leak->owner = row->owner;
		leak->blocks += row->blocks;
		leak->bytes += row->bytes;
		if (site) {
			seen[2 * *site] += row->blocks;
			seen[2 * *site + 1] += row->bytes;
		} else {
			join->folded_blocks += row->blocks;
			join->folded_bytes += row->bytes;
		}
	}
}

/* What is live and was not part of the search: all of it without one, else what
 * was allocated since. */
static void add_rest(struct joining *join, const struct vr_heap *heap, const uint64_t *seen)
{
	for (size_t i = 0; i < heap->n_sites; i++) {
		const struct vr_site *site = &heap->site[i];
		uint64_t blocks = vr_less(site->live_blocks, seen[2 * i]);
		uint64_t bytes = vr_less(site->live_bytes, seen[2 * i + 1]);
		uint64_t known = blocks < join->folded_blocks ? blocks : join->folded_blocks;
		struct vr_leak *leak;

		join->folded_blocks -= known;
		join->folded_bytes -= bytes < join->folded_bytes ? bytes : join->folded_bytes;
		if (blocks == known)
			continue;
		leak = entry(join, site->node, VR_UNEXAMINED, VPROF_UNSEARCHED_NONE);
		leak->blocks = blocks - known;
		leak->bytes = blocks ? bytes / blocks * leak->blocks : 0;
		leak->oldest_ns = site->first_ns;
		leak->newest_ns = site->last_ns;
		leak->sure = vr_site_live_interval(heap, site);
	}
}

/* How much of the memory that may hold pointers was read. */
static double searched_share(const struct vprof_header *h)
{
	double read = (double)h->scan_root_bytes + (double)h->scan_bytes;
	double all = read + (double)h->scan_skipped_bytes;

	return all > 0 ? read / all : 1.0;
}

static void finish(struct vr_leaks *leaks, const struct vr_heap *heap, const struct vr_map *sites)
{
	for (size_t i = 0; i < leaks->n_leaks; i++) {
		struct vr_leak *leak = &leaks->leak[i];
		struct vr_leak_sum *sum = &leaks->sum[leak->verdict];
		const uint32_t *at = vr_map_find(sites, leak->node);
		const struct vr_site *site = at ? &heap->site[*at] : NULL;

		leak->allocs = site ? site->allocs : leak->blocks;
		leak->first_ns = site ? site->first_ns : leak->oldest_ns;
		leak->last_ns = site ? site->last_ns : leak->newest_ns;
		if (leak->verdict == VR_LOST || leak->verdict == VR_INDIRECT)
			leak->confidence = leaks->searched_share;
		sum->sites++;
		sum->blocks += leak->blocks;
		sum->bytes += leak->bytes;
	}
}

/* A search speaks for the end when the process ended with it, or for now where
 * the process runs; one that was made before says nothing of what came after. */
static enum vr_leak_gap find_gap(const struct vr_file *file)
{
	const struct vprof_header *h = &file->header;
	int at_end = h->scan_trigger == VPROF_SCAN_AT_EXIT || h->scan_trigger == VPROF_SCAN_AT_TERM;

	if (h->lost[VPROF_LOST_BLOCKS])
		return VR_GAP_BLOCKS;
	if (h->flags & VPROF_F_OPERATOR_NEW_BYPASS)
		return VR_GAP_OPERATORS;
	if (h->scan_state != VPROF_SCAN_COMPLETE || !h->scan_count)
		return VR_GAP_NO_SEARCH;
	if (!at_end && file->status != VR_STATUS_RUNNING)
		return VR_GAP_EARLIER;
	return h->pauses ? VR_GAP_PAUSED : VR_GAP_NONE;
}

/* Does the record know of every block? */
static int all_seen(const struct vprof_header *h, enum vr_leak_gap gap)
{
	return gap != VR_GAP_BLOCKS && gap != VR_GAP_OPERATORS && gap != VR_GAP_PAUSED &&
	       !h->pauses;
}

static int nothing_live(const struct vprof_header *h, uint64_t allocs, uint64_t live_blocks,
			enum vr_leak_gap gap)
{
	return !live_blocks && all_seen(h, gap) && (allocs || h->flags & VPROF_F_FORKED) &&
	       h->heap_mode == VPROF_HEAP_EXACT && !(h->flags & VPROF_F_OWN_MALLOC);
}

/* Of several processes: the first gap there is.  What became another program took its
 * blocks along; where others were examined it is no gap. */
static void find_gaps(const struct vr_file *file, struct vr_leaks *leaks)
{
	leaks->gap = VR_GAP_NONE;
	leaks->members = file->n_members;
	for (int late = 0; late < 2 && leaks->gap == VR_GAP_NONE; late++) {
		leaks->examined = leaks->became_another = 0;
		for (size_t i = 0; i < file->n_members; i++) {
			const struct vr_file *member = file->member[i];
			const struct vprof_header *h = &member->header;
			enum vr_leak_gap gap = find_gap(member);
			int another = member->status == VR_STATUS_EXECED;

			if (gap == VR_GAP_NONE || nothing_live(h, 1, h->live_blocks, gap)) {
				leaks->examined++;
				continue;
			}
			leaks->became_another += (size_t)another;
			if (leaks->gap != VR_GAP_NONE || (another && !late))
				continue;
			leaks->gap = gap;
			leaks->gap_member = member;
		}
		if (leaks->examined)
			break;
	}
}

static int by_key(const struct vr_leak *x, const struct vr_leak *y, enum vr_leaks_key key)
{
	switch (key) {
	case VR_LEAKS_VERDICT:
		return vr_smaller_first(x->verdict, y->verdict);
	case VR_LEAKS_BLOCKS:
		return vr_larger_first(x->blocks, y->blocks);
	case VR_LEAKS_FIRST:
		return vr_smaller_first(x->oldest_ns, y->oldest_ns);
	case VR_LEAKS_LAST:
		return vr_larger_first(x->newest_ns, y->newest_ns);
	case VR_LEAKS_BYTES:
		break;
	}
	return 0;
}

static int compare(const void *a, const void *b, void *arg)
{
	const struct vr_leak *x = a;
	const struct vr_leak *y = b;
	int order = by_key(x, y, *(enum vr_leaks_key *)arg);

	order = order ? order : vr_larger_first(x->bytes, y->bytes);
	order = order ? order : vr_smaller_first(x->node, y->node);
	return order ? order : vr_smaller_first(x->verdict, y->verdict);
}

size_t *vr_leaks_order(const struct vr_leaks *leaks, enum vr_leaks_key key)
{
	return vr_order(leaks->leak, leaks->n_leaks, sizeof(*leaks->leak), compare, &key);
}

/* By verdict: so the gate lists them. */
static void put_in_order(struct vr_leaks *leaks)
{
	enum vr_leaks_key key = VR_LEAKS_VERDICT;

	if (leaks->n_leaks)
		qsort_r(leaks->leak, leaks->n_leaks, sizeof(*leaks->leak), compare, &key);
}

struct vr_leaks *vr_leaks_new(const struct vr_profile *profile, const struct vr_heap *heap)
{
	const struct vprof_header *h = &profile->file->header;
	struct vr_leaks *leaks = vr_xcalloc(1, sizeof(*leaks));
	struct joining join = {.leaks = leaks};
	uint64_t *seen = vr_xcalloc(2 * heap->n_sites + 1, sizeof(*seen));
	struct vr_map sites = {0};
	int added;

	for (size_t i = 0; i < heap->n_sites; i++)
		*vr_map_at(&sites, heap->site[i].node, &added) = (uint32_t)i;
	leaks->allocs = heap->allocs;
	leaks->searched = h->scan_state == VPROF_SCAN_COMPLETE && h->scan_count;
	if (profile->file->n_members)
		find_gaps(profile->file, leaks);
	else
		leaks->gap = find_gap(profile->file);
	leaks->nothing_live =
	    !heap->sampled && nothing_live(h, heap->allocs, heap->live_blocks, leaks->gap);
	if (leaks->searched) {
		leaks->searched_share = searched_share(h);
		add_rows(&join, profile, &sites, seen);
	}
	add_rest(&join, heap, seen);
	finish(leaks, heap, &sites);
	put_in_order(leaks);
	vr_map_free(&join.at);
	vr_map_free(&sites);
	free(seen);
	return leaks;
}

void vr_leaks_free(struct vr_leaks *leaks)
{
	if (!leaks)
		return;
	free(leaks->leak);
	free(leaks);
}

void vr_leaks_suppress(struct vr_leaks *leaks, struct vr_stacks *stacks,
		       struct vr_suppressions *list)
{
	unsigned mask = vr_verdicts_leak(1);

	for (size_t i = 0; i < leaks->n_leaks; i++) {
		struct vr_leak *leak = &leaks->leak[i];
		struct vr_leak_sum *sum = &leaks->sum[leak->verdict];
		struct vr_suppression *by;

		if (leak->excuse || !(mask & 1u << leak->verdict))
			continue;
		by = vr_suppressions_find(list, stacks, leak->node);
		if (!by && leak->owner)
			by = vr_suppressions_find(list, stacks, leak->owner);
		if (!by)
			continue;
		leak->excuse = VR_EXCUSE_SUPPRESSED;
		leak->pattern = by->pattern;
		by->sites++;
		by->blocks += leak->blocks;
		by->bytes += leak->bytes;
		sum->sites--;
		sum->blocks -= leak->blocks;
		sum->bytes -= leak->bytes;
	}
}
