#include "text.h"
#include "cli/plain.h"
#include "cli/quote.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static _Noreturn void out_of_memory(void)
{
	vrun_say("out of memory");
	exit(125);
}

void *vrun_xcalloc(size_t count, size_t size)
{
	void *p = calloc(count ? count : 1, size ? size : 1);

	if (!p)
		out_of_memory();
	return p;
}

char *vrun_xprintf(const char *format, ...)
{
	va_list args;
	char *text;
	int len;

	va_start(args, format);
	len = vasprintf(&text, format, args);
	va_end(args);
	if (len < 0)
		out_of_memory();
	return text;
}

void vrun_say(const char *format, ...)
{
	char text[4096];
	va_list args;
	char *plain, *line;
	int len;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	plain = vr_plain(text, VR_PLAIN_HEX, 0);
	len = asprintf(&line, "vprof-run: %s\n", plain);
	/* What stdout was told comes first when both go to one terminal. */
	fflush(stdout);
	while (len >= 0 && write(2, line, (size_t)len) < 0 && errno == EINTR)
		;
	if (len >= 0)
		free(line);
	free(plain);
}

const char *vrun_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

char *vrun_replace(const char *text, const char *what, const char *with)
{
	size_t count = 0;
	char *out, *to;

	for (const char *at = text; (at = strstr(at, what)); at += strlen(what))
		count++;
	out = to = vrun_xcalloc(strlen(text) + count * strlen(with) + 1, 1);
	for (const char *at = text; *at;) {
		if (strncmp(at, what, strlen(what)) == 0) {
			to = stpcpy(to, with);
			at += strlen(what);
		} else {
			*to++ = *at++;
		}
	}
	return out;
}

char *vrun_quote_all(char *const *argv)
{
	char *all = vrun_xprintf("%s", "");

	for (size_t i = 0; argv[i]; i++) {
		char *word = vr_quote_shell(argv[i]);
		char *more = vrun_xprintf("%s%s%s", all, i ? " " : "", word);

		free(word);
		free(all);
		all = more;
	}
	return all;
}

const char *vrun_bytes(char buf[VRUN_UNIT_MAX], uint64_t bytes)
{
	static const char *const unit[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	double value = (double)bytes / 1024;
	size_t i = 0;

	if (bytes < 1024) {
		snprintf(buf, VRUN_UNIT_MAX, "%" PRIu64 " B", bytes);
		return buf;
	}
	for (; value >= 1023.95 && i < 5; i++)
		value /= 1024;
	snprintf(buf, VRUN_UNIT_MAX, "%.1f %s", value, unit[i]);
	return buf;
}

const char *vrun_count(char buf[VRUN_UNIT_MAX], uint64_t count)
{
	char digits[VRUN_UNIT_MAX], *to = buf;
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, count);

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			*to++ = ',';
		*to++ = digits[i];
	}
	*to = '\0';
	return buf;
}

const char *vrun_ns(char buf[VRUN_UNIT_MAX], uint64_t ns)
{
	if (ns < 1000)
		snprintf(buf, VRUN_UNIT_MAX, "%" PRIu64 " ns", ns);
	else if (ns < 1000000)
		snprintf(buf, VRUN_UNIT_MAX, "%.1f us", (double)ns / 1e3);
	else if (ns < 1000000000)
		snprintf(buf, VRUN_UNIT_MAX, "%.1f ms", (double)ns / 1e6);
	else
		snprintf(buf, VRUN_UNIT_MAX, "%.2f s", (double)ns / 1e9);
	return buf;
}

const char *vrun_seconds(char buf[VRUN_UNIT_MAX], double seconds)
{
	unsigned long whole = (unsigned long)(seconds < 0 ? 0 : seconds + 0.5);

	if (seconds > 0 && seconds < 9.95 && (double)whole != seconds)
		snprintf(buf, VRUN_UNIT_MAX, "%.1f s", seconds);
	else if (whole < 120)
		snprintf(buf, VRUN_UNIT_MAX, "%lu s", whole);
	else if (whole < 7200)
		snprintf(buf, VRUN_UNIT_MAX, "%lu min %lu s", whole / 60, whole % 60);
	else
		snprintf(buf, VRUN_UNIT_MAX, "%lu h %lu min", whole / 3600, whole / 60 % 60);
	return buf;
}

double vrun_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}
