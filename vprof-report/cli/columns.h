/* Text in columns of a terminal. */
#ifndef VR_COLUMNS_H
#define VR_COLUMNS_H

#include <stddef.h>

/* 1 when the user's locale is UTF-8 (main() has called setlocale()). */
int vr_out_utf8(void);

/* Steps over one character of clean text (vr_plain()) of so many columns. */
const char *vr_text_step(const char *text, int *columns);

/* Terminal columns of clean text. */
int vr_text_width(const char *text);

/* Shortens clean text in place to at most `width` columns with an ellipsis.
 *   keep_end  1: "…/deep/file.c", 0: "long_func…"
 * Returns the new width.  `text` has room for 3 more bytes than its length. */
int vr_text_shorten(char *text, int width, int keep_end);

#endif
