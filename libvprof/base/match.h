/* Names against patterns: `*` any text, `?` any character, [set] one of a set ([!set]: none). */
#ifndef VP_BASE_MATCH_H
#define VP_BASE_MATCH_H

#include <stddef.h>

/*   patterns  one or several, with commas or | between them
 * Returns 1 if one of them is for the whole name. */
int vp_match_any(const char *patterns, const char *name, size_t len);

/* 1: one of them is for names of all kinds. */
int vp_match_all(const char *patterns);

#endif
