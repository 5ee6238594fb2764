/* A growing string for reports. Zero bytes are a valid empty string. */
#ifndef MON_STR_H
#define MON_STR_H

#include <stddef.h>

struct mon_str {
	char *text; /* NUL-terminated once something was added; NULL before */
	size_t len; /* bytes without the NUL */
	size_t cap; /* bytes */
};

/* Appends formatted text. Returns 0, or -ENOMEM with the string unchanged. */
int mon_str_addf(struct mon_str *str, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Appends text count times. Returns 0, or -ENOMEM. */
int mon_str_repeat(struct mon_str *str, const char *text, size_t count);

/* Makes the string empty and keeps its memory. */
void mon_str_clear(struct mon_str *str);

/* Frees the memory; the string is empty and usable again. */
void mon_str_fini(struct mon_str *str);

#endif
