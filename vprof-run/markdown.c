#include "sections.h"

#include <string.h>

static void put(FILE *out, const char *text, const char *marked)
{
	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		if (*c < 0x20 || *c == 0x7f)
			fprintf(out, "\\x%02x", *c);
		else if (strchr(marked, *c))
			fprintf(out, "\\%c", *c);
		else
			fputc(*c, out);
	}
}

void vrun_md_text(FILE *out, const char *text)
{
	put(out, text, "\\|`*<>[]");
}

void vrun_md_code(FILE *out, const char *text)
{
	fputc('`', out);
	for (const char *c = text; *c; c++) {
		const char one[] = {*c == '`' ? '\'' : *c, '\0'};

		put(out, one, "|");
	}
	fputc('`', out);
}

void vrun_md_plain(FILE *out, const char *text)
{
	put(out, text, "");
}
