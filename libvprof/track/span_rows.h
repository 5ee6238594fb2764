/* Names of spans, and the rows of SPANS in which a thread counts those of a name.
 *
 * A name is known again by its address, where the same text is still there: a literal costs a
 * look at as many bytes as it has.  Else it is looked up by its text. */
#ifndef VP_TRACK_SPAN_ROWS_H
#define VP_TRACK_SPAN_ROWS_H

#include "thread/threads.h"

#include <string.h>

#define VP_SPANS_KNOWN 64u /* power of two */

/* A row, and where its units are.  The helper says where, while the thread may put another row
 * here: both are written at once. */
union vp_span_unit {
	struct {
		uint32_t row_id; /* of SPANS; 0: it has none of its own */
		uint32_t given;	 /* struct vp_spans.given, plus 1; 0: none is kept */
	};
	uint64_t both;
};

/* A name as it was given, and its row: one line of the cache. */
struct vp_span_known {
	const char *name; /* NULL: free */
	struct vprof_span *row;
	uint64_t key; /* vp_span_key(); with VP_SPAN_ODD: see there */
	/* of the text: the first and the last 8 bytes, or 4 where it has less than 8, and those
	 * behind the first 8 where it has more than 16 */
	uint64_t head, middle, tail;
	union vp_span_unit unit;
	uint32_t bytes;	 /* of the text that tell it apart: with its NUL, where it is not cut */
	uint32_t number; /* of the text among all, from 1 */
} __attribute__((aligned(64)));
_Static_assert(sizeof(struct vp_span_known) == 64, "a line");

/* `head`, `middle` and `tail` are not enough to know it by, or it has no row of its own. */
#define VP_SPAN_ODD (1ull << 63)

struct vp_span_rows {
	struct vp_span_known known[VP_SPANS_KNOWN];
	/* name, label and form -> row of SPANS; open addressing */
	struct vp_span_index *index;
	uint32_t mask, used;
};

/* What tells rows of one name apart.  flags: VPROF_SPAN_ASYNC or 0 */
static inline uint64_t vp_span_key(uint32_t label, uint32_t flags)
{
	return (uint64_t)flags << 32 | label;
}

static inline uint64_t vp_span_word(const char *text)
{
	uint64_t word;

	memcpy(&word, text, sizeof(word));
	return word;
}

static inline uint32_t vp_span_half(const char *text)
{
	uint32_t half;

	memcpy(&half, text, sizeof(half));
	return half;
}

/* Does `name`, which is that of `known`, have its text still? */
static inline int vp_span_has_text(const struct vp_span_known *known)
{
	const char *name = known->name;
	uint32_t bytes = known->bytes;

	if (bytes >= 8)
		return vp_span_word(name) == known->head &&
		       vp_span_word(name + bytes - 8) == known->tail &&
		       (bytes <= 16 || vp_span_word(name + 8) == known->middle);
	return vp_span_half(name) == (uint32_t)known->head &&
	       vp_span_half(name + bytes - 4) == (uint32_t)known->tail;
}

static inline struct vp_span_known *vp_span_place(struct vp_span_rows *rows, const char *name,
						  uint64_t key)
{
	uint64_t hash = ((uint64_t)(uintptr_t)name + key) * 0x9e3779b97f4a7c15u;

	return &rows->known[hash >> 58 & (VP_SPANS_KNOWN - 1)];
}

/* Of one that takes more: NULL where it has to be looked up.  Context: as below. */
const struct vp_span_known *vp_span_by_text(struct vp_span_rows *rows, const char *name,
					    uint64_t key);

/* The text that the library has of it: one address a name. */
const char *vp_span_text(const struct vp_span_known *known);

/* Looks it up, makes what is missing, and remembers it.  Where there is no room, its row is row
 * 0; NULL where there is not even that.
 * Context: the thread itself, busy guard held. */
struct vp_span_known *vp_span_lookup(const struct vp_thread *thread, struct vp_span_rows *rows,
				     const char *name, uint64_t key);

/* Row 0; NULL: there is no room for any.  Context: as above. */
struct vprof_span *vp_span_others(void);

int vp_span_rows_init(void); /* a fresh file */
void vp_span_rows_forget(struct vp_span_rows *rows);

#endif
