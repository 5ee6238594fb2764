#include "err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

int vr_err_set(struct vr_err *err, int code, const char *format, ...)
{
	va_list args;

	err->code = code;
	err->offset = 0;
	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	return code;
}

void vr_warn(const char *format, ...)
{
	char text[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	/* The report on stdout comes first when both go to one terminal. */
	fflush(stdout);
	fputs("vprof-report: ", stderr);
	vr_text_put(stderr, text);
	fputc('\n', stderr);
}

void vr_warn_lines(const char *about, const char *lines)
{
	while (*lines) {
		size_t length = strcspn(lines, "\n");

		vr_warn("%s: %.*s", about, (int)length, lines);
		lines += length + (lines[length] == '\n');
	}
}
