#include "track/copies.h"
#include "base/clock.h"
#include "ring/file.h"
#include "ring/tables.h"

#include <stddef.h>

/* Words of a row that only rise, and the largest of what was counted. */
struct words {
	uint16_t first, count;
};
#define WORDS_OF(row, from, to)                                                                    \
	{                                                                                          \
		offsetof(struct row, from) / 8,                                                    \
		    (offsetof(struct row, to) - offsetof(struct row, from)) / 8 + 1                \
	}
#define ARRAY_OF(row, array)                                                                       \
	{                                                                                          \
		offsetof(struct row, array) / 8, sizeof(((struct row *)0)->array) / 8              \
	}

static const struct source {
	enum vprof_section_kind kind;
	struct words words[5];
} sources[] = {
    {VPROF_SEC_SITES, {WORDS_OF(vprof_site, allocs, temporary)}},
    {VPROF_SEC_THREADS,
     {WORDS_OF(vprof_thread, cpu_ns, freed_bytes),
      WORDS_OF(vprof_thread, lock_waits, lock_wait_ns)}},
    {VPROF_SEC_CALLS,
     {WORDS_OF(vprof_call, calls, max_ns), WORDS_OF(vprof_call, blocked, failed),
      WORDS_OF(vprof_call, timeouts, timeouts), ARRAY_OF(vprof_call, histogram)}},
    {VPROF_SEC_LOOPS,
     {WORDS_OF(vprof_loop, iterations, spins), WORDS_OF(vprof_loop, max_ns, max_ns),
      WORDS_OF(vprof_loop, delays, slept), ARRAY_OF(vprof_loop, histogram),
      ARRAY_OF(vprof_loop, delay)}},
    {VPROF_SEC_LOCKS, {WORDS_OF(vprof_lock, waits, max_ns)}},
    {VPROF_SEC_BLAME,
     {WORDS_OF(vprof_blame, times, max_ns), WORDS_OF(vprof_blame, span_ns, span_ns),
      WORDS_OF(vprof_blame, again, wakes), ARRAY_OF(vprof_blame, histogram)}},
    {VPROF_SEC_SPANS,
     {WORDS_OF(vprof_span, begun, max_ns), WORDS_OF(vprof_span, sized, size),
      WORDS_OF(vprof_span, allocs, unmatched), ARRAY_OF(vprof_span, histogram)}},
};

/* A copy under way. */
struct copying {
	uint32_t mark;
	uint64_t rows, left_out;
};

static void put(struct copying *copying, const struct vprof_copy *piece)
{
	uint32_t id;
	struct vprof_copy *row = vp_table_add(VPROF_SEC_COPIES, &id);

	if (!row) {
		copying->left_out++;
		return;
	}
	copying->rows++;
	row->mark = piece->mark;
	row->kind = piece->kind;
	row->word = piece->word;
	row->row = piece->row;
	for (uint32_t i = 0; i < piece->words; i++)
		row->value[i] = piece->value[i];
	/* Pairs with a reader of the file, to which a row without words is none. */
	__atomic_store_n(&row->words, piece->words, __ATOMIC_RELEASE);
}

/* Zeros before, between and behind are left out, but where they cost no piece of their own. */
static void copy_words(struct copying *copying, enum vprof_section_kind kind, uint32_t row,
		       struct words words)
{
	const uint64_t *from = vp_table_row(kind, row);
	struct vprof_copy piece = {
	    .mark = copying->mark, .kind = (uint16_t)kind, .row = row, .words = 0};

	for (uint32_t word = words.first; word < words.first + (uint32_t)words.count; word++) {
		uint64_t value = __atomic_load_n(&from[word], __ATOMIC_RELAXED);

		if (piece.words && word >= piece.word + VPROF_COPY_WORDS) {
			put(copying, &piece);
			piece = (struct vprof_copy){
			    .mark = piece.mark, .kind = piece.kind, .row = row, .words = 0};
		}
		if (!value)
			continue;
		if (!piece.words)
			piece.word = (uint16_t)word;
		piece.words = word - piece.word + 1;
		piece.value[word - piece.word] = value;
	}
	if (piece.words)
		put(copying, &piece);
}

static void copy_section(struct copying *copying, const struct source *source)
{
	uint32_t rows = vp_table_used(source->kind);

	for (uint32_t row = 0; row < rows; row++)
		for (size_t i = 0; i < 5 && source->words[i].count; i++)
			copy_words(copying, source->kind, row, source->words[i]);
}

void vp_copies_take(uint32_t mark)
{
	struct copying copying = {.mark = mark};
	uint32_t id;
	struct vprof_copy *head = vp_table_add(VPROF_SEC_COPIES, &id);

	if (!head) {
		vp_lost(VPROF_LOST_COPIES, 1);
		return;
	}
	head->mark = head->row = mark;
	head->kind = VPROF_SEC_MARKS;
	head->value[VPROF_COPY_BEGIN_NS] = vp_clock_now();
	head->value[VPROF_COPY_STALLS] = __atomic_load_n(&vp_file.header->stalls, __ATOMIC_RELAXED);
	__atomic_store_n(&head->words, VPROF_COPY_WORDS, __ATOMIC_RELEASE);
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++)
		copy_section(&copying, &sources[i]);
	head->value[VPROF_COPY_ROWS] = copying.rows;
	head->value[VPROF_COPY_LEFT_OUT] = copying.left_out;
	if (copying.left_out)
		vp_lost(VPROF_LOST_COPIES, copying.left_out);
	/* Pairs with a reader of the file: all of it is there. */
	__atomic_store_n(&head->value[VPROF_COPY_END_NS], vp_clock_now(), __ATOMIC_RELEASE);
}
