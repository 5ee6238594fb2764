#include "cli/warn.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/plain.h"
#include "cli/program.h"

static void write_all(const char *text, size_t length)
{
	while (length) {
		ssize_t done = write(STDERR_FILENO, text, length);

		if (done < 0 && errno != EINTR)
			return;
		text += done > 0 ? done : 0;
		length -= done > 0 ? (size_t)done : 0;
	}
}

void vr_warn(const char *format, ...)
{
	char text[4096];
	va_list args;
	char *plain, *line;
	int length;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	plain = vr_plain(text, VR_PLAIN_HEX, 0);
	length = asprintf(&line, "%s: %s\n", vr_program_name(), plain);
	free(plain);
	/* What stdout was told comes first when both go to one terminal. */
	fflush(stdout);
	if (length < 0)
		vr_out_of_memory();
	write_all(line, (size_t)length);
	free(line);
}

void vr_warn_lines(const char *about, const char *lines)
{
	while (*lines) {
		size_t length = strcspn(lines, "\n");

		vr_warn("%s: %.*s", about, (int)length, lines);
		lines += length + (lines[length] == '\n');
	}
}
