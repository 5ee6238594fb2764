/* Rows of counters as they were at a mark: each is of a row that there is, and lies in it. */
#include <string.h>

#include "input/check_parts.h"

/* Rows and size of a kind of which counters are copied; 0: of no kind known here. */
static uint32_t size_of(const struct vr_file *file, unsigned kind, uint32_t *rows)
{
	switch (kind) {
	case VPROF_SEC_SITES:
		*rows = file->n_sites;
		return sizeof(struct vprof_site);
	case VPROF_SEC_THREADS:
		*rows = file->n_threads;
		return sizeof(struct vprof_thread);
	case VPROF_SEC_CALLS:
		*rows = file->n_calls;
		return sizeof(struct vprof_call);
	case VPROF_SEC_LOOPS:
		*rows = file->n_loops;
		return sizeof(struct vprof_loop);
	case VPROF_SEC_SPANS:
		*rows = file->n_spans;
		return sizeof(struct vprof_span);
	case VPROF_SEC_LOCKS:
		*rows = file->n_locks;
		return sizeof(struct vprof_lock);
	case VPROF_SEC_BLAME:
		*rows = file->n_blames;
		return sizeof(struct vprof_blame);
	default:
		return 0;
	}
}

static const char *fault(const struct vr_file *file, const struct vprof_copy *copy)
{
	uint32_t rows, bytes;

	if (copy->mark >= file->n_marks)
		return "mark id out of range";
	if (copy->words > VPROF_COPY_WORDS)
		return "too many words";
	if (copy->kind == VPROF_SEC_MARKS)
		return copy->row == copy->mark ? NULL : "a head of another mark";
	bytes = size_of(file, copy->kind, &rows);
	if (!bytes)
		return ""; /* a newer library's */
	if (copy->row >= rows)
		return "row out of range";
	return (copy->word + copy->words) * 8u > bytes ? "words beyond the row" : NULL;
}

void vr_check_copies(struct vr_file *file, const struct vr_layout *layout)
{
	struct vr_tally tally = {.kind = VPROF_SEC_COPIES};

	for (uint32_t i = 0; i < file->n_copies; i++) {
		struct vprof_copy *copy = &file->copy[i];
		const char *reason = copy->words ? fault(file, copy) : NULL;

		if (!reason)
			continue;
		if (*reason)
			vr_tally_hit(&tally, i, reason);
		memset(copy, 0, sizeof(*copy));
	}
	vr_tally_report(&tally, file, layout);
}
