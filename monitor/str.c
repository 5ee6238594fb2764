#include "str.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static int reserve(struct mon_str *str, size_t extra)
{
	size_t cap = str->cap ? str->cap : 128;
	char *text;

	while (cap < str->len + extra + 1)
		cap *= 2;
	if (cap == str->cap)
		return 0;
	text = realloc(str->text, cap);
	if (!text)
		return -ENOMEM;
	str->text = text;
	str->cap = cap;
	return 0;
}

int mon_str_addf(struct mon_str *str, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (len < 0 || reserve(str, (size_t)len))
		return -ENOMEM;
	va_start(args, fmt);
	vsnprintf(str->text + str->len, (size_t)len + 1, fmt, args);
	va_end(args);
	str->len += (size_t)len;
	return 0;
}

int mon_str_repeat(struct mon_str *str, const char *text, size_t count)
{
	int err = 0;

	while (count-- && !err)
		err = mon_str_addf(str, "%s", text);
	return err;
}

void mon_str_clear(struct mon_str *str)
{
	str->len = 0;
	if (str->text)
		str->text[0] = '\0';
}

void mon_str_fini(struct mon_str *str)
{
	free(str->text);
	*str = (struct mon_str){0};
}
