#include "base/text.h"

#include <errno.h>
#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

/* Length of the valid UTF-8 sequence at s and its code point, 0 when there is
 * none.  Overlong forms and surrogates are not valid. */
static size_t utf8_len(const unsigned char *s, uint32_t *code)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t len = s[0] < 0x80	     ? 1
		     : (s[0] & 0xe0) == 0xc0 ? 2
		     : (s[0] & 0xf0) == 0xe0 ? 3
		     : (s[0] & 0xf8) == 0xf0 ? 4
					     : 0;

	if (len == 0)
		return 0;
	*code = len == 1 ? s[0] : s[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (s[i] & 0x3fu);
	}
	if (*code < least[len] || *code > 0x10ffff || (*code >= 0xd800 && *code < 0xe000))
		return 0;
	return len;
}

static int is_harmful(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x200e || code == 0x200f ||
	       (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

char *vr_text_escape(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	char *copy = vr_xcalloc(strlen(text) * 4 + 1, 1);
	char *to = copy;

	while (*s) {
		uint32_t code = 0;
		size_t len = utf8_len(s, &code);

		if (len && !is_harmful(code)) {
			memcpy(to, s, len);
			to += len;
			s += len;
			continue;
		}
		for (size_t i = 0; i < (len ? len : 1); i++)
			to += sprintf(to, "\\x%02x", *s++);
	}
	return copy;
}

void vr_text_put(FILE *out, const char *text)
{
	char *safe = vr_text_escape(text);

	fputs(safe, out);
	free(safe);
}

char *vr_text_utf8(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	char *copy = vr_xcalloc(strlen(text) * 3 + 1, 1);
	char *to = copy;

	while (*s) {
		uint32_t code;
		size_t len = utf8_len(s, &code);

		if (len) {
			memcpy(to, s, len);
			to += len;
			s += len;
		} else {
			memcpy(to, "\xef\xbf\xbd", 3);
			to += 3;
			s++;
		}
	}
	return copy;
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
