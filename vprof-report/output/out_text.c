/* Names come from symbol tables, perf maps and command lines that anybody may
 * have written: what reaches the terminal has no control character in it. */

#include "output/out.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/plain.h"

#define ELLIPSIS_ROOM 4u /* "…" and "..." with its NUL */

char *vr_text_clean(const char *text)
{
	return vr_plain(text, VR_PLAIN_NAMES, ELLIPSIS_ROOM);
}

void vr_text_print(FILE *out, const char *text)
{
	char *clean = vr_text_clean(text);

	fputs(clean, out);
	free(clean);
}
