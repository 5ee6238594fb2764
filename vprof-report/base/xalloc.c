#include "base/xalloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void die(void)
{
	fputs("vprof-report: out of memory\n", stderr);
	exit(1);
}

void *vr_xcalloc(size_t count, size_t size)
{
	void *ptr = calloc(count ? count : 1, size ? size : 1);

	if (!ptr)
		die();
	return ptr;
}

void *vr_xrealloc(void *old, size_t count, size_t size)
{
	void *ptr = reallocarray(old, count ? count : 1, size ? size : 1);

	if (!ptr)
		die();
	return ptr;
}

char *vr_xstrdup(const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		die();
	return copy;
}

char *vr_xprintf(const char *format, ...)
{
	va_list args;
	char *text;
	int len;

	va_start(args, format);
	len = vasprintf(&text, format, args);
	va_end(args);
	if (len < 0)
		die();
	return text;
}

void *vr_xgrow(void *array, size_t used, size_t *room, size_t size)
{
	if (used < *room)
		return array;
	*room = *room ? *room * 2 : 64;
	return vr_xrealloc(array, *room, size);
}
