/* A growing text, and the few forms of JSON that are written with it. */
#ifndef VIRT_TEXT_H
#define VIRT_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* Zero bytes are an empty text. An addition that finds no memory is left out and
 * remembered, so that only virt_text_take() needs to be checked. */
struct virt_text {
	char *bytes;
	size_t len, cap;
	int failed;
};

void virt_text_addf(struct virt_text *text, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* "key":"value" and "key":number, with a comma before all but the first in an object.
 * Keys and values must need no escaping: names, numbers, identifiers. */
void virt_text_string(struct virt_text *text, const char *key, const char *value);
void virt_text_decimal(struct virt_text *text, const char *key, double value, int digits);
void virt_text_whole(struct virt_text *text, const char *key, int64_t value);

/* Hands the bytes over, malloc'd and NUL-terminated, and leaves the text empty.
 * Returns NULL when memory ran out on the way. */
char *virt_text_take(struct virt_text *text);

#endif
