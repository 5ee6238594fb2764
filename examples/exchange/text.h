/* Text that grows: messages of market data are written into it. */
#ifndef EX_TEXT_H
#define EX_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct ex_text {
	char *bytes;
	size_t len, cap;
	bool failed; /* there was no memory: what is in it is of no use */
};

void ex_text_clear(struct ex_text *text);
void ex_text_fini(struct ex_text *text);

void ex_text_bytes(struct ex_text *text, const void *bytes, size_t len);
void ex_text_add(struct ex_text *text, const char *words);
void ex_text_addf(struct ex_text *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A number >= 0 with so many decimals, 12 at most, rounded to the nearest. */
void ex_text_decimal(struct ex_text *text, double value, int digits);

/* How many decimals a number needs, 8 at most. */
int ex_decimals(double value);

#endif
