#include "cli/xalloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/program.h"

static void *checked(void *ptr)
{
	if (!ptr)
		vr_out_of_memory();
	return ptr;
}

void *vr_xcalloc(size_t count, size_t size)
{
	return checked(calloc(count ? count : 1, size ? size : 1));
}

void *vr_xrealloc(void *old, size_t count, size_t size)
{
	return checked(reallocarray(old, count ? count : 1, size ? size : 1));
}

char *vr_xstrdup(const char *text)
{
	return checked(strdup(text));
}

static char *format_text(const char *format, va_list args)
{
	char *text;

	if (vasprintf(&text, format, args) < 0)
		vr_out_of_memory();
	return text;
}

char *vr_xprintf(const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = format_text(format, args);
	va_end(args);
	return text;
}

char *vr_xappend(char *text, const char *format, ...)
{
	size_t length = strlen(text);
	va_list args;
	char *tail;

	va_start(args, format);
	tail = format_text(format, args);
	va_end(args);
	text = vr_xrealloc(text, length + strlen(tail) + 1, 1);
	strcpy(text + length, tail);
	free(tail);
	return text;
}

void *vr_xgrow(void *array, size_t used, size_t *room, size_t size)
{
	if (used < *room)
		return array;
	*room = *room ? *room * 2 : 64;
	return vr_xrealloc(array, *room, size);
}
