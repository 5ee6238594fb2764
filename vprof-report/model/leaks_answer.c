/* What is true of the whole run, and what stands between it and the word clean. */
#include "model/leaks.h"

#include <string.h>

int vr_leak_counts(const struct vr_leak *leak, int strict)
{
	return vr_verdicts_leak(strict) & 1u << leak->verdict && !leak->because;
}

struct vr_leak_sum vr_leaks_hanging(const struct vr_leaks *leaks)
{
	struct vr_leak_sum sum = {0};

	for (size_t i = 0; i < leaks->n_leaks; i++) {
		const struct vr_leak *leak = &leaks->leak[i];

		if (leak->verdict != VR_POSSIBLE || !leak->because || leak->excuse)
			continue;
		sum.sites++;
		sum.blocks += leak->blocks;
		sum.bytes += leak->bytes;
	}
	return sum;
}

enum vr_leak_gap vr_leaks_gap(const struct vr_leaks *leaks)
{
	if (leaks->nothing_live)
		return VR_GAP_NONE;
	if (leaks->gap == VR_GAP_NONE && vr_leaks_hanging(leaks).sites)
		return VR_GAP_HANGING;
	return leaks->gap;
}

enum vr_leak_answer vr_leaks_answer(const struct vr_leaks *leaks, int strict)
{
	for (size_t i = 0; i < leaks->n_leaks; i++)
		if (leaks->leak[i].excuse != VR_EXCUSE_SUPPRESSED &&
		    vr_leak_counts(&leaks->leak[i], strict))
			return VR_ANSWER_LEAK;
	return vr_leaks_gap(leaks) == VR_GAP_NONE ? VR_ANSWER_CLEAN : VR_ANSWER_UNEXAMINED;
}

const char *vr_leaks_growth_answer(const struct vr_leaks *leaks)
{
	if (leaks->sum[VR_GROWING].sites)
		return "growing";
	return leaks->growth_judged || leaks->nothing_live ? "clean" : "unexamined";
}

/* No search is made at these ends. */
static const char *unseen_end(const struct vr_file *file)
{
	switch (file->status) {
	case VR_STATUS_KILLED:
		return "the process was killed by a signal";
	case VR_STATUS_UNFINISHED:
		return "the process was killed, or still runs on another machine";
	case VR_STATUS_RUNNING:
	case VR_STATUS_STARTING:
		return "the process still runs";
	case VR_STATUS_EXECED:
		return "the process became another program";
	default:
		return NULL;
	}
}

static const char *unseen_heap(const struct vprof_header *h)
{
	if (h->heap_mode == VPROF_HEAP_OFF)
		return "the heap was not profiled (heap=off)";
	if (h->heap_mode == VPROF_HEAP_SAMPLE)
		return "a sampled heap knows only some of the blocks";
	return h->flags & VPROF_F_OWN_MALLOC ? "the program defines malloc itself" : NULL;
}

const char *vr_leaks_no_search(const struct vr_file *file)
{
	static const char said[] = "not searched: ";
	const struct vprof_header *h = &file->header;
	const char *note = vr_file_string(file, h->scan_note);
	const char *why;

	if (h->scan_state == VPROF_SCAN_COMPLETE && h->scan_count)
		return NULL;
	if (*note)
		return strncmp(note, said, sizeof(said) - 1) == 0 ? note + sizeof(said) - 1 : note;
	if (h->scan_state == VPROF_SCAN_RUNNING)
		return "the search did not come to its end";
	if (h->scan_state == VPROF_SCAN_FAILED)
		return "the search failed";
	why = unseen_heap(h);
	if (why)
		return why;
	if (h->scan_rules && !(h->scan_when & VPROF_SCAN_WHEN_EXIT))
		return "leakscan=off";
	if (h->flags & VPROF_F_RESTRICTED)
		return "the process restricted its system calls";
	why = unseen_end(file);
	return why ? why : "no search was made";
}

static const struct {
	const char *name, *words;
} kinds[VPROF_UNSEARCHED_COUNT] = {
    [VPROF_UNSEARCHED_UNREADABLE] = {"unreadable", "memory that could not be read"},
    [VPROF_UNSEARCHED_PROTECTED] = {"protected", "memory without permission to read it"},
    [VPROF_UNSEARCHED_DONTFORK] = {"dontfork", "memory that a forked child does not have"},
    [VPROF_UNSEARCHED_WIPED] = {"wiped", "memory that is wiped in a forked child"},
    [VPROF_UNSEARCHED_SECRET] = {"secret", "secret memory"},
    [VPROF_UNSEARCHED_DEVICE] = {"device", "memory of devices"},
    [VPROF_UNSEARCHED_HUGE] = {"huge", "huge pages that a forked child cannot have"},
    [VPROF_UNSEARCHED_SHARED] = {"shared", "memory shared with other processes"},
    [VPROF_UNSEARCHED_ALLOCATOR] = {"allocator", "memory taken for an allocator's own"},
    [VPROF_UNSEARCHED_STACKS] = {"stacks", "stacks not told from other memory"},
    [VPROF_UNSEARCHED_REGISTERS] = {"registers", "registers of threads that did not show them"},
    [VPROF_UNSEARCHED_TABLES] = {"tables", "mappings beyond those there was room for"},
    [VPROF_UNSEARCHED_OTHER] = {"other", "other memory"},
};

const char *vr_unsearched_name(enum vprof_unsearched kind)
{
	return kind < VPROF_UNSEARCHED_COUNT && kinds[kind].name ? kinds[kind].name : "other";
}

const char *vr_unsearched_words(enum vprof_unsearched kind)
{
	return kind < VPROF_UNSEARCHED_COUNT && kinds[kind].words ? kinds[kind].words
								  : "other memory";
}
