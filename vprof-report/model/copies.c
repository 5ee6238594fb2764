#include "model/copies.h"

#include <stdlib.h>
#include <string.h>

#include "cli/xalloc.h"

/* Words of a row that are copied. */
struct counter {
	uint16_t kind, first, count;
	int largest; /* of something: no counter */
};
#define WORDS(kind, row, from, to)                                                                 \
	{                                                                                          \
		VPROF_SEC_##kind, offsetof(struct row, from) / 8,                                  \
		    (offsetof(struct row, to) - offsetof(struct row, from)) / 8 + 1, 0             \
	}
#define ARRAY(kind, row, array)                                                                    \
	{                                                                                          \
		VPROF_SEC_##kind, offsetof(struct row, array) / 8,                                 \
		    sizeof(((struct row *)0)->array) / 8, 0                                        \
	}
#define LARGEST(kind, row, word)                                                                   \
	{                                                                                          \
		VPROF_SEC_##kind, offsetof(struct row, word) / 8, 1, 1                             \
	}
static const struct counter counters[] = {
    WORDS(SITES, vprof_site, allocs, temporary),
    WORDS(THREADS, vprof_thread, cpu_ns, freed_bytes),
    WORDS(THREADS, vprof_thread, lock_waits, lock_wait_ns),
    WORDS(CALLS, vprof_call, calls, time_ns),
    LARGEST(CALLS, vprof_call, max_ns),
    WORDS(CALLS, vprof_call, blocked, failed),
    WORDS(CALLS, vprof_call, timeouts, timeouts),
    ARRAY(CALLS, vprof_call, histogram),
    WORDS(LOOPS, vprof_loop, iterations, spins),
    LARGEST(LOOPS, vprof_loop, max_ns),
    WORDS(LOOPS, vprof_loop, delays, delay_ns),
    LARGEST(LOOPS, vprof_loop, delay_max_ns),
    WORDS(LOOPS, vprof_loop, stalls, slept),
    ARRAY(LOOPS, vprof_loop, histogram),
    ARRAY(LOOPS, vprof_loop, delay),
    WORDS(LOCKS, vprof_lock, waits, wait_ns),
    LARGEST(LOCKS, vprof_lock, max_ns),
    WORDS(BLAME, vprof_blame, times, ns),
    LARGEST(BLAME, vprof_blame, max_ns),
    WORDS(BLAME, vprof_blame, span_ns, span_ns),
    WORDS(BLAME, vprof_blame, again, wakes),
    ARRAY(BLAME, vprof_blame, histogram),
    WORDS(SPANS, vprof_span, begun, inner_ns),
    LARGEST(SPANS, vprof_span, max_ns),
    WORDS(SPANS, vprof_span, sized, size),
    WORDS(SPANS, vprof_span, allocs, unmatched),
    ARRAY(SPANS, vprof_span, histogram),
};
#define COUNTERS (sizeof(counters) / sizeof(counters[0]))

/* Rows of a section, as words. */
struct rows {
	uint64_t *word;
	size_t words; /* of a row */
	uint32_t count;
};

static struct rows rows_of(const struct vr_file *file, unsigned kind)
{
	switch (kind) {
	case VPROF_SEC_SITES:
		return (struct rows){(uint64_t *)file->site, sizeof(*file->site) / 8,
				     file->n_sites};
	case VPROF_SEC_THREADS:
		return (struct rows){(uint64_t *)file->thread, sizeof(*file->thread) / 8,
				     file->n_threads};
	case VPROF_SEC_CALLS:
		return (struct rows){(uint64_t *)file->call, sizeof(*file->call) / 8,
				     file->n_calls};
	case VPROF_SEC_LOOPS:
		return (struct rows){(uint64_t *)file->loop, sizeof(*file->loop) / 8,
				     file->n_loops};
	case VPROF_SEC_LOCKS:
		return (struct rows){(uint64_t *)file->lock, sizeof(*file->lock) / 8,
				     file->n_locks};
	case VPROF_SEC_BLAME:
		return (struct rows){(uint64_t *)file->blame, sizeof(*file->blame) / 8,
				     file->n_blames};
	case VPROF_SEC_SPANS:
		return (struct rows){(uint64_t *)file->span, sizeof(*file->span) / 8,
				     file->n_spans};
	default:
		return (struct rows){0};
	}
}

static const struct counter *counter_at(unsigned kind, uint32_t word)
{
	for (size_t i = 0; i < COUNTERS; i++)
		if (counters[i].kind == kind && word >= counters[i].first &&
		    word < (uint32_t)counters[i].first + counters[i].count)
			return &counters[i];
	return NULL;
}

enum vr_copy_state vr_copy_find(const struct vr_file *file, const char *name, struct vr_copy *copy)
{
	uint32_t mark = 0;

	while (mark < file->n_marks &&
	       (!file->mark[mark].count ||
		strcmp(vr_file_string(file, file->mark[mark].name), name) != 0))
		mark++;
	if (mark == file->n_marks)
		return VR_COPY_NO_MARK;
	for (uint32_t i = 0; i < file->n_copies; i++) {
		const struct vprof_copy *head = &file->copy[i];

		if (!head->words || head->kind != VPROF_SEC_MARKS || head->mark != mark)
			continue;
		*copy = (struct vr_copy){.mark = mark,
					 .begin_ns = head->value[VPROF_COPY_BEGIN_NS],
					 .end_ns = head->value[VPROF_COPY_END_NS],
					 .stalls = head->value[VPROF_COPY_STALLS]};
		return copy->end_ns && !head->value[VPROF_COPY_LEFT_OUT] ? VR_COPY_WHOLE
									 : VR_COPY_CUT;
	}
	return file->header.lost[VPROF_LOST_COPIES] ? VR_COPY_CUT : VR_COPY_NONE;
}

static void *copy_of(const void *rows, size_t count, size_t bytes)
{
	void *copy = vr_xcalloc(count + 1, bytes);

	if (count)
		memcpy(copy, rows, count * bytes);
	return copy;
}

/* All counters are 0: those of the end are put in. */
static void clear(const struct vr_file *between)
{
	for (size_t i = 0; i < COUNTERS; i++) {
		struct rows rows = rows_of(between, counters[i].kind);

		for (uint32_t row = 0; row < rows.count; row++)
			memset(rows.word + row * rows.words + counters[i].first, 0,
			       counters[i].count * sizeof(uint64_t));
	}
}

typedef void change(uint64_t *word, uint64_t value, int largest);

static void put(uint64_t *word, uint64_t value, int largest)
{
	(void)largest;
	*word = value;
}

/* Halves of words, as in histograms of holds, count up each: what is taken of one never borrows
 * of the other.  A counter that is less than it was counts from the start: the row became
 * another's. */
static void take(uint64_t *word, uint64_t value, int largest)
{
	if (largest)
		*word = *word == value ? 0 : *word;
	else if (*word >= value)
		*word -= value;
}

/* Rows and words were looked at when the file was read. */
static void apply(const struct vr_file *between, uint32_t mark, change *how)
{
	for (uint32_t i = 0; i < between->n_copies; i++) {
		const struct vprof_copy *copy = &between->copy[i];
		struct rows rows = rows_of(between, copy->kind);

		if (copy->mark != mark || !rows.count)
			continue;
		for (uint32_t k = 0; k < copy->words; k++) {
			const struct counter *counter = counter_at(copy->kind, copy->word + k);

			if (counter)
				how(rows.word + copy->row * rows.words + copy->word + k,
				    copy->value[k], counter->largest);
		}
	}
}

struct vr_file *vr_copies_between(const struct vr_file *file, const struct vr_copy *from,
				  const struct vr_copy *until)
{
	struct vr_file *between = copy_of(file, 1, sizeof(*file));

	between->site = copy_of(file->site, file->n_sites, sizeof(*file->site));
	between->thread = copy_of(file->thread, file->n_threads, sizeof(*file->thread));
	between->call = copy_of(file->call, file->n_calls, sizeof(*file->call));
	between->loop = copy_of(file->loop, file->n_loops, sizeof(*file->loop));
	between->lock = copy_of(file->lock, file->n_locks, sizeof(*file->lock));
	between->blame = copy_of(file->blame, file->n_blames, sizeof(*file->blame));
	between->span = copy_of(file->span, file->n_spans, sizeof(*file->span));
	if (until) {
		clear(between);
		apply(between, until->mark, put);
	}
	if (from)
		apply(between, from->mark, take);
	for (uint32_t i = 0; i < between->n_loops; i++) {
		struct vprof_loop *loop = &between->loop[i];

		if (from && loop->first_ns < from->begin_ns)
			loop->first_ns = from->begin_ns;
		if (until && loop->last_ns > until->begin_ns)
			loop->last_ns = until->begin_ns;
	}
	return between;
}

void vr_copies_free(struct vr_file *between)
{
	if (!between)
		return;
	free(between->site);
	free(between->thread);
	free(between->call);
	free(between->loop);
	free(between->lock);
	free(between->blame);
	free(between->span);
	free(between);
}
