/* The books of threads, as `threads` tells them. */
#ifndef VR_THREADS_BOOKS_H
#define VR_THREADS_BOOKS_H

#include "model/profile.h"
#include "text/fields.h"

/* What a thread's time went into. */
struct vr_book {
	const struct vprof_book *row; /* NULL: it has none */
	uint64_t kernel_ns;	      /* of its CPU time, what was spent in the kernel */
	int kernel_known;
};

/* One for each row of THREADS; free() it.  *any: there are some. */
struct vr_book *vr_books_new(struct vr_profile *profile, int *any);

/* Columns, CSV and JSON of a row that vr_book_of() leads to. */
extern const struct vr_field vr_book_field[];
extern const size_t vr_book_fields;

/* What the books rest on, where something is missing; and threads of which less is known. */
void vr_books_note(const struct vr_context *ctx, const struct vr_book *book);
void vr_books_to_json(json_t *root, const struct vr_file *file);

#endif
