/* A budget that is being read.  Part of model/budget_parse.c. */
#ifndef VR_BUDGET_READER_H
#define VR_BUDGET_READER_H

#include "model/budget.h"

struct vr_reader {
	const char *text;
	size_t at;
	struct vr_budget *budget;
	struct vr_err *err;
};

/* Says what is wrong at a place of the text; returns -EINVAL. */
__attribute__((format(printf, 3, 4))) int vr_reader_bad(struct vr_reader *r, size_t at,
							const char *format, ...);

void vr_reader_blanks(struct vr_reader *r);	  /* skips them */
int vr_reader_take(struct vr_reader *r, char c);  /* 1: it was there */
size_t vr_reader_word(const struct vr_reader *r); /* length of the word there */
/* Takes a word of its own, "and", with the blanks behind it.  1: it was there. */
int vr_reader_take_word(struct vr_reader *r, const char *word);

/* --- budget_amount.c: OP AMOUNT, or [not] in AMOUNT..AMOUNT.  Returns 0 or -EINVAL. */
int vr_reader_test(struct vr_reader *r, struct vr_condition *c);

#endif
