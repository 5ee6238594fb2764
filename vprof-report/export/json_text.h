/* Text inside JSON. */
#ifndef VR_JSON_TEXT_H
#define VR_JSON_TEXT_H

#include <stdio.h>

/* The text of a dump in quotes: no control character is in it. */
static inline void vr_json_text_put(const char *text, FILE *out)
{
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

#endif
