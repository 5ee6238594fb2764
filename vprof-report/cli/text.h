/* Strings that came from a file nobody vouches for, and small text helpers. */
#ifndef VR_TEXT_H
#define VR_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Prints with what is harmful (cli/plain.h) written as \xNN. */
void vr_text_put(FILE *out, const char *text);
/* The same into a fresh string; free() it. */
char *vr_text_escape(const char *text);
/* Valid UTF-8 with U+FFFD for each bad byte, for JSON; free() it. */
char *vr_text_utf8(const char *text);

/* The part after the last '/'; the whole text where there is none. */
const char *vr_text_base(const char *path);

/* 1 when the glob matches the whole text, or its last path component. */
int vr_text_glob(const char *pattern, const char *text);
/* Function names: a glob over the whole name, or a substring where the
 * pattern has no glob characters. */
int vr_text_matches(const char *pattern, const char *name);

/* Every `what` in `text` replaced by `with`; free() it. */
char *vr_text_replace(const char *text, const char *what, const char *with);

/* Parses "1.5", "250ms", "3s", "2m", "1h" (no unit: seconds) to nanoseconds.
 * Returns 0 or -EINVAL. */
int vr_text_duration(const char *text, uint64_t *ns);

#endif
