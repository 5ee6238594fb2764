#include "cli/text.h"

#include <errno.h>
#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/plain.h"
#include "cli/xalloc.h"

char *vr_text_escape(const char *text)
{
	return vr_plain(text, VR_PLAIN_HEX, 0);
}

void vr_text_put(FILE *out, const char *text)
{
	char *safe = vr_text_escape(text);

	fputs(safe, out);
	free(safe);
}

char *vr_text_utf8(const char *text)
{
	return vr_plain_utf8(text);
}

const char *vr_text_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

int vr_text_glob(const char *pattern, const char *text)
{
	return fnmatch(pattern, text, 0) == 0 || fnmatch(pattern, vr_text_base(text), 0) == 0;
}

int vr_text_matches(const char *pattern, const char *name)
{
	if (strpbrk(pattern, "*?["))
		return fnmatch(pattern, name, 0) == 0 || strcmp(pattern, name) == 0;
	return strstr(name, pattern) != NULL;
}

int vr_text_duration(const char *text, uint64_t *ns)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = {{"", 1e9},	  {"s", 1e9},  {"ms", 1e6},   {"us", 1e3},
		     {"ns", 1.0}, {"m", 6e10}, {"min", 6e10}, {"h", 3.6e12}};
	char *end;
	double value = strtod(text, &end);

	if (end == text || !isfinite(value) || value < 0)
		return -EINVAL;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(end, units[i].name) != 0)
			continue;
		value *= units[i].ns;
		if (value >= 9.2e18)
			return -EINVAL;
		*ns = (uint64_t)llround(value);
		return 0;
	}
	return -EINVAL;
}

char *vr_text_replace(const char *text, const char *what, const char *with)
{
	size_t count = 0;
	char *out, *to;

	for (const char *at = text; (at = strstr(at, what)); at += strlen(what))
		count++;
	out = to = vr_xcalloc(strlen(text) + count * strlen(with) + 1, 1);
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
