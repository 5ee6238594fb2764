#include "text.h"

#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double power[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12};

void ex_text_clear(struct ex_text *text)
{
	text->len = 0;
	text->failed = false;
}

void ex_text_fini(struct ex_text *text)
{
	free(text->bytes);
	*text = (struct ex_text){0};
}

/* Makes room for more bytes; false when there is none. */
static bool reserve(struct ex_text *text, size_t more)
{
	size_t cap = text->cap ? text->cap : 1024;
	char *bytes;

	if (text->failed)
		return false;
	while (cap - text->len < more)
		cap *= 2;
	if (cap == text->cap)
		return true;
	bytes = realloc(text->bytes, cap);
	if (!bytes) {
		text->failed = true;
		return false;
	}
	text->bytes = bytes;
	text->cap = cap;
	return true;
}

void ex_text_bytes(struct ex_text *text, const void *bytes, size_t len)
{
	if (!len || !reserve(text, len))
		return;
	memcpy(text->bytes + text->len, bytes, len);
	text->len += len;
}

void ex_text_add(struct ex_text *text, const char *words)
{
	ex_text_bytes(text, words, strlen(words));
}

void ex_text_addf(struct ex_text *text, const char *fmt, ...)
{
	char line[512];
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	if (len < 0 || len >= (int)sizeof(line))
		text->failed = true;
	else
		ex_text_bytes(text, line, (size_t)len);
}

/* Whole units of the last decimal are printed as an integer: a tenth of what printf takes for
 * a double, and these are most of what an exchange does. */
void ex_text_decimal(struct ex_text *text, double value, int digits)
{
	uint64_t units = (uint64_t)llround(value * power[digits]);
	char line[32], *at = line + sizeof(line);

	for (int i = 0; i < digits || units || i == digits; i++) {
		if (digits && i == digits)
			*--at = '.';
		*--at = (char)('0' + units % 10);
		units /= 10;
	}
	ex_text_bytes(text, at, (size_t)(line + sizeof(line) - at));
}

int ex_decimals(double value)
{
	int digits = 0;

	while (digits < 8 && fabs(value * power[digits] - round(value * power[digits])) > 1e-4)
		digits++;
	return digits;
}
