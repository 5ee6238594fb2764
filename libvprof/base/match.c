#include "base/match.h"

#include <string.h>

/* A set, at its '['; *after is behind its ']', or NULL where it has none: then the bracket
 * means itself. */
static int in_set(const char *set, const char *end, char c, const char **after)
{
	const char *at = set + 1;
	int negated = at < end && (*at == '!' || *at == '^'), found = 0;

	at += negated;
	*after = NULL;
	for (const char *first = at; at < end && (*at != ']' || at == first); at++) {
		char lo = *at, hi = lo;

		if (at + 2 < end && at[1] == '-' && at[2] != ']') {
			hi = at[2];
			at += 2;
		}
		found |= c >= lo && c <= hi;
	}
	if (at < end)
		*after = at + 1;
	return found != negated;
}

/* What one character of a pattern, or one set, takes; NULL: not this one. */
static const char *take(const char *at, const char *end, char c)
{
	const char *after;
	int found;

	if (at == end)
		return NULL;
	if (*at == '?')
		return at + 1;
	if (*at == '[') {
		found = in_set(at, end, c, &after);
		if (after)
			return found ? after : NULL;
	}
	return *at == c ? at + 1 : NULL;
}

static int matches(const char *pattern, const char *end, const char *name, size_t len)
{
	const char *stop = name + len, *star = NULL, *from = NULL, *next;

	while (name < stop) {
		if (pattern < end && *pattern == '*') {
			star = ++pattern;
			from = name;
		} else if ((next = take(pattern, end, *name))) {
			pattern = next;
			name++;
		} else if (star) {
			pattern = star;
			name = ++from;
		} else {
			return 0;
		}
	}
	while (pattern < end && *pattern == '*')
		pattern++;
	return pattern == end;
}

int vp_match_any(const char *patterns, const char *name, size_t len)
{
	for (const char *at = patterns;; at++) {
		const char *end = at + strcspn(at, ",|");

		if (end > at && matches(at, end, name, len))
			return 1;
		if (!*end)
			return 0;
		at = end;
	}
}

int vp_match_all(const char *patterns)
{
	for (const char *at = patterns;; at++) {
		const char *end = at + strcspn(at, ",|");

		if (end > at && strspn(at, "*") >= (size_t)(end - at))
			return 1;
		if (!*end)
			return 0;
		at = end;
	}
}
