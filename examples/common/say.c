#include "say.h"

#include <stdarg.h>
#include <stdio.h>

void app_say(const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	fprintf(stderr, "%s: %s\n", app_name, text);
}
