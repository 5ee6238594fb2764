#include "text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int reserve(struct virt_text *text, size_t extra)
{
	size_t cap = text->cap ? text->cap : 64;
	char *bytes;

	while (cap <= text->len + extra)
		cap *= 2;
	if (cap == text->cap)
		return 0;
	bytes = realloc(text->bytes, cap);
	if (!bytes) {
		text->failed = 1;
		return -1;
	}
	text->bytes = bytes;
	text->cap = cap;
	return 0;
}

void virt_text_addf(struct virt_text *text, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (len < 0 || reserve(text, (size_t)len))
		return;
	va_start(args, fmt);
	vsnprintf(text->bytes + text->len, (size_t)len + 1, fmt, args);
	va_end(args);
	text->len += (size_t)len;
}

static const char *comma(const struct virt_text *text)
{
	return text->len && text->bytes[text->len - 1] != '{' ? "," : "";
}

void virt_text_string(struct virt_text *text, const char *key, const char *value)
{
	virt_text_addf(text, "%s\"%s\":\"%s\"", comma(text), key, value);
}

/* Decimals travel as strings, as exchanges send them: no digit is lost on the way. */
void virt_text_decimal(struct virt_text *text, const char *key, double value, int digits)
{
	virt_text_addf(text, "%s\"%s\":\"%.*f\"", comma(text), key, digits, value);
}

void virt_text_whole(struct virt_text *text, const char *key, int64_t value)
{
	virt_text_addf(text, "%s\"%s\":%" PRId64, comma(text), key, value);
}

char *virt_text_take(struct virt_text *text)
{
	char *bytes = text->bytes;

	if (text->failed || !bytes) {
		free(bytes);
		bytes = NULL;
	}
	*text = (struct virt_text){0};
	return bytes;
}
