#include "log.h"

#include <stdarg.h>
#include <stdio.h>

static enum mon_log_level max_level = MON_LOG_INFO;

void mon_log_set_level(enum mon_log_level level)
{
	max_level = level;
}

void mon_log(enum mon_log_level level, const char *fmt, ...)
{
	char text[512];
	va_list args;

	if (level > max_level)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	/* One call a line: stderr is locked per call, so threads do not mix theirs. */
	fprintf(stderr, "monitor: %s%s\n", level == MON_LOG_WARN ? "warning: " : "", text);
}
