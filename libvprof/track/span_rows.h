/* Names of spans, and the rows of SPANS in which a thread counts those of a name.
 *
 * A name is known again by its address, where the same text is still there: a literal costs a
 * look at as many bytes as it has.  Else it is looked up by its text. */
#ifndef VP_TRACK_SPAN_ROWS_H
#define VP_TRACK_SPAN_ROWS_H

#include "thread/threads.h"

#include <string.h>

#define VP_SPANS_KNOWN 64u /* power of two */

/* A name as it was given, and its row. */
struct vp_span_known {
	const char *name; /* NULL: free */
	const char *text; /* what was there */
	struct vprof_span *row;
	uint64_t key;	 /* vp_span_key() */
	uint32_t bytes;	 /* of the text that tell it apart: with its NUL, where it is not cut */
	uint32_t row_id; /* 0: it has none of its own */
};

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

#define VP_SPAN_WORDS_DIFFER(type, at)                                                             \
	({                                                                                         \
		type a_, b_;                                                                       \
                                                                                                   \
		memcpy(&a_, name + (at), sizeof(a_));                                              \
		memcpy(&b_, text + (at), sizeof(b_));                                              \
		a_ != b_;                                                                          \
	})

/* Are the first `bytes` of both the same?  The name may end before: words of it are read only
 * where they lie on the page it begins on.  0: not, or not known. */
static inline int vp_span_is(const char *name, const char *text, size_t bytes)
{
	size_t at = 0;

	if (__builtin_expect(((uintptr_t)name & 4095) + bytes > 4096, 0))
		return 0;
	if (bytes >= 8) {
		for (; at + 8 < bytes; at += 8)
			if (VP_SPAN_WORDS_DIFFER(uint64_t, at))
				return 0;
		return !VP_SPAN_WORDS_DIFFER(uint64_t, bytes - 8);
	}
	if (bytes >= 4)
		return !VP_SPAN_WORDS_DIFFER(uint32_t, 0) &&
		       !VP_SPAN_WORDS_DIFFER(uint32_t, bytes - 4);
	while (at < bytes && name[at] == text[at])
		at++;
	return at == bytes;
}

static inline struct vp_span_known *vp_span_place(struct vp_span_rows *rows, const char *name,
						  uint64_t key)
{
	uint64_t hash = ((uint64_t)(uintptr_t)name + key) * 0x9e3779b97f4a7c15u;

	return &rows->known[hash >> 58 & (VP_SPANS_KNOWN - 1)];
}

/* NULL: it has to be looked up. */
static inline const struct vp_span_known *vp_span_known(struct vp_span_rows *rows, const char *name,
							uint64_t key)
{
	const struct vp_span_known *known = vp_span_place(rows, name, key);

	return known->name == name && known->key == key && name &&
		       vp_span_is(name, known->text, known->bytes)
		   ? known
		   : NULL;
}

/* Looks it up, makes what is missing, and remembers it.  Where there is no room, its row is row
 * 0; NULL where there is not even that.
 * Context: the thread itself, busy guard held. */
const struct vp_span_known *vp_span_lookup(const struct vp_thread *thread,
					   struct vp_span_rows *rows, const char *name,
					   uint64_t key);

/* Row 0; NULL: there is no room for any.  Context: as above. */
struct vprof_span *vp_span_others(void);

int vp_span_rows_init(void); /* a fresh file */
void vp_span_rows_forget(struct vp_span_rows *rows);

#endif
