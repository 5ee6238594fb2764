/* Budgets are read by descent, one function a rule:
 *
 *   BUDGET    := CONDITION ("and" CONDITION)* ["after" MARK] ["until" MARK]
 *   CONDITION := NAME ["(" FILTER ("," FILTER)* ")"] ["@" PLACE] ["." FIELD] TEST
 *   TEST      := OP AMOUNT | ["not"] "in" AMOUNT ".." AMOUNT
 *   FILTER    := [KEY ":"] PATTERN ["?"]
 *   PLACE     := "loop" ["(" PATTERN ")"] | "lock"
 *   MARK      := "mark:" NAME
 *   AMOUNT    := NUMBER [UNIT] */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/xalloc.h"
#include "model/budget_metrics.h"
#include "model/budget_reader.h"
#include "model/calls.h"
#include "model/nearest.h"

#define TEXT_MAX       4096u
#define CONDITIONS_MAX 8u

int vr_reader_bad(struct vr_reader *r, size_t at, const char *format, ...)
{
	va_list args;

	r->budget->error_at = at;
	r->err->code = -EINVAL;
	va_start(args, format);
	vsnprintf(r->err->text, sizeof(r->err->text), format, args);
	va_end(args);
	return -EINVAL;
}

void vr_reader_blanks(struct vr_reader *r)
{
	while (isspace((unsigned char)r->text[r->at]))
		r->at++;
}

int vr_reader_take(struct vr_reader *r, char c)
{
	if (r->text[r->at] != c)
		return 0;
	r->at++;
	return 1;
}

size_t vr_reader_word(const struct vr_reader *r)
{
	return strspn(r->text + r->at, "abcdefghijklmnopqrstuvwxyz"
				       "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
}

int vr_reader_take_word(struct vr_reader *r, const char *word)
{
	size_t length = vr_reader_word(r);

	if (length != strlen(word) || memcmp(r->text + r->at, word, length) != 0)
		return 0;
	r->at += length;
	vr_reader_blanks(r);
	return 1;
}

/* Up to the quotation mark that ends it; the first one was taken.  NULL: there is none. */
static char *take_quoted(struct vr_reader *r)
{
	const char *end = strchr(r->text + r->at, '"');
	char *text;

	if (!end)
		return NULL;
	text = vr_xprintf("%.*s", (int)(end - r->text - (ptrdiff_t)r->at), r->text + r->at);
	r->at = (size_t)(end - r->text) + 1;
	return text;
}

/* --- filters ------------------------------------------------------------------- */

/* "operator<" opens nothing. */
static int opens_arguments(const char *text, size_t at)
{
	return text[at] == '<' && !(at >= 8 && memcmp(text + at - 8, "operator", 8) == 0) &&
	       !(at >= 9 && memcmp(text + at - 9, "operator<", 9) == 0);
}

/* Where a pattern ends: at a comma or the bracket that closes the list, those of the pattern
 * being closed. */
static size_t pattern_end(const struct vr_reader *r)
{
	size_t round = 0, angle = 0, at = r->at;

	for (; r->text[at]; at++) {
		char c = r->text[at];

		if (c == '(') {
			round++;
		} else if (c == ')') {
			if (!round)
				return at;
			round--;
		} else if (opens_arguments(r->text, at)) {
			angle++;
		} else if (c == '>' && angle && r->text[at - 1] != '-') {
			angle--;
		} else if (c == ',' && !round && !angle) {
			return at;
		}
	}
	/* What looked like a list of arguments was none: up to the bracket then. */
	return r->at + strcspn(r->text + r->at, ",)");
}

static char *take_pattern(struct vr_reader *r)
{
	size_t end, from;
	char *text;

	if (vr_reader_take(r, '"')) {
		text = take_quoted(r);
		vr_reader_blanks(r);
		return text;
	}
	from = r->at;
	end = r->at = pattern_end(r);
	while (end > from && isspace((unsigned char)r->text[end - 1]))
		end--;
	return vr_xprintf("%.*s", (int)(end - from), r->text + from);
}

static char *keys_of(unsigned keys)
{
	char *names = vr_xstrdup("");

	for (int i = 0; i < VR_KEYS; i++)
		if (keys & 1u << i)
			names =
			    vr_xappend(names, " %s:", vr_budget_key_name((enum vr_budget_key)i));
	return names;
}

static int no_such_key(struct vr_reader *r, size_t at, const char *name, size_t length,
		       unsigned keys)
{
	char *names = keys_of(keys);

	vr_reader_bad(r, at, "no filter '%.*s:' for it; there are%s", (int)length, name, names);
	free(names);
	return -EINVAL;
}

static int check_class(struct vr_reader *r, size_t at, const char *pattern)
{
	char *names = vr_xstrdup("");
	int found = 0;

	for (uint32_t i = 0; i < VPROF_CLASS_COUNT; i++) {
		found |= strcmp(vr_class_name(i), pattern) == 0;
		names = vr_xappend(names, " %s", vr_class_name(i));
	}
	if (!found)
		vr_reader_bad(r, at, "no class '%s'; there are%s", pattern, names);
	free(names);
	return found ? 0 : -EINVAL;
}

/* A pattern, with the key that was read before it; VR_KEYS: none. */
static int read_pattern(struct vr_reader *r, struct vr_condition *c, enum vr_budget_key key,
			size_t at)
{
	char *pattern = take_pattern(r);
	struct vr_filter *filter;
	size_t length;

	if (!pattern)
		return vr_reader_bad(r, at, "a quotation mark that is not closed");
	if (c->filters == VR_FILTERS_MAX) {
		free(pattern);
		return vr_reader_bad(r, at, "more than %u filters", VR_FILTERS_MAX);
	}
	filter = &c->filter[c->filters++];
	*filter = (struct vr_filter){.key = key, .pattern = pattern, .at = at};
	length = strlen(pattern);
	if (length > 1 && pattern[length - 1] == '?') {
		pattern[length - 1] = '\0';
		filter->maybe = 1;
	}
	return *pattern ? 0 : vr_reader_bad(r, at, "a name is missing");
}

static int read_filter(struct vr_reader *r, struct vr_condition *c, enum vr_budget_key bare)
{
	size_t at, length;
	const char *word;
	int key;

	vr_reader_blanks(r);
	at = r->at;
	word = r->text + at;
	length = vr_reader_word(r);
	if (!length || word[length] != ':' || word[length + 1] == ':')
		return read_pattern(r, c, bare, at);
	key = vr_budget_key_of(word, length);
	if (key < 0)
		return no_such_key(r, at, word, length, (1u << VR_KEYS) - 1);
	r->at += length + 1;
	vr_reader_blanks(r);
	return read_pattern(r, c, (enum vr_budget_key)key, at);
}

/* What is between brackets, if there are any. */
static int read_filters(struct vr_reader *r, struct vr_condition *c, enum vr_budget_key bare)
{
	size_t open = r->at;

	if (!vr_reader_take(r, '('))
		return 0;
	do {
		int ret = read_filter(r, c, bare);

		if (ret < 0)
			return ret;
	} while (vr_reader_take(r, ','));
	return vr_reader_take(r, ')') ? 0 : vr_reader_bad(r, open, "a bracket that is not closed");
}

/* What is allocated in spans is counted by thread and label alone. */
static int check_span(struct vr_reader *r, const struct vr_condition *c)
{
	const struct vr_filter *span = NULL, *stack = NULL;

	for (size_t i = 0; i < c->filters; i++) {
		const struct vr_filter *filter = &c->filter[i];

		if (filter->key == VR_KEY_SPAN)
			span = filter;
		if (filter->key == VR_KEY_FUNCTION || filter->key == VR_KEY_MODULE)
			stack = filter;
	}
	if (!span || !stack || c->metric.subject != VR_OF_HEAP)
		return 0;
	return vr_reader_bad(r, stack->at, "with span: there are thread: and label: alone, no %s:",
			     vr_budget_key_name(stack->key));
}

/* Now that the metric is known. */
static int check_filters(struct vr_reader *r, struct vr_condition *c)
{
	for (size_t i = 0; i < c->filters; i++) {
		struct vr_filter *filter = &c->filter[i];
		const char *name;

		if (c->metric.whole && c->metric.subject == VR_OF_HEAP)
			return vr_reader_bad(r, filter->at,
					     "it is of the whole run and takes no filters");
		if (filter->key == VR_KEYS)
			filter->key = c->metric.bare;
		name = vr_budget_key_name(filter->key);
		if (!(c->metric.keys & 1u << filter->key))
			return no_such_key(r, filter->at, name, strlen(name), c->metric.keys);
		if (filter->key == VR_KEY_CLASS && check_class(r, filter->at, filter->pattern) < 0)
			return -EINVAL;
	}
	return check_span(r, c);
}

static int read_place(struct vr_reader *r, struct vr_condition *c)
{
	size_t at = r->at;

	if (vr_reader_take_word(r, "lock")) {
		c->at = VR_AT_LOCK;
		return 0;
	}
	if (!vr_reader_take_word(r, "loop"))
		return vr_reader_bad(r, at, "behind '@' is loop or lock");
	c->at = VR_AT_LOOP;
	return read_filters(r, c, VR_KEY_LOOP);
}

/* --- conditions ---------------------------------------------------------------- */

static int read_metric(struct vr_reader *r, struct vr_condition *c)
{
	size_t name = r->at, length = vr_reader_word(r), place = 0, field = 0, field_length = 0;
	int ret, in_field;

	if (!length)
		return vr_reader_bad(r, name, "here should be the name of a budget");
	r->at += length;
	ret = read_filters(r, c, VR_KEYS);
	if (ret == 0 && vr_reader_take(r, '@')) {
		place = r->at;
		ret = read_place(r, c);
	}
	if (ret < 0)
		return ret;
	if (vr_reader_take(r, '.')) {
		field = r->at;
		field_length = vr_reader_word(r);
		r->at += field_length;
	}
	ret = vr_metric_find(r->text + name, length, field ? r->text + field : NULL, field_length,
			     &c->metric, &c->verdicts, &in_field, r->err);
	if (ret < 0) {
		r->budget->error_at = in_field && field ? field : name;
		return ret;
	}
	if (place && c->metric.subject != VR_OF_CALLS)
		return vr_reader_bad(r, place - 1, "'@' is for blocked and calls");
	return check_filters(r, c);
}

static int read_condition(struct vr_reader *r)
{
	struct vr_budget *b = r->budget;
	struct vr_condition *c;
	size_t at = r->at;
	int ret;

	if (b->conditions == CONDITIONS_MAX)
		return vr_reader_bad(r, at, "more than %u conditions", CONDITIONS_MAX);
	c = &b->condition[b->conditions++];
	ret = read_metric(r, c);
	vr_reader_blanks(r);
	if (ret == 0)
		ret = vr_reader_test(r, c);
	vr_reader_blanks(r);
	return ret;
}

static int read_mark(struct vr_reader *r, char **name)
{
	size_t at = r->at, length;

	if (strncmp(r->text + at, "mark:", 5) != 0)
		return vr_reader_bad(r, at, "here should be mark:NAME");
	if (*name)
		return vr_reader_bad(r, at, "there is a mark already");
	r->at += 5;
	if (vr_reader_take(r, '"')) {
		*name = take_quoted(r);
		if (!*name)
			return vr_reader_bad(r, at, "a quotation mark that is not closed");
	} else {
		length = strcspn(r->text + r->at, " \t\n");
		*name = vr_xprintf("%.*s", (int)length, r->text + r->at);
		r->at += length;
	}
	vr_reader_blanks(r);
	return **name ? 0 : vr_reader_bad(r, at, "a name is missing");
}

static int read_budget(struct vr_reader *r)
{
	struct vr_budget *b = r->budget;
	int ret;

	vr_reader_blanks(r);
	do {
		ret = read_condition(r);
	} while (ret == 0 && vr_reader_take_word(r, "and"));
	while (ret == 0 && r->text[r->at]) {
		size_t at = r->at;

		if (vr_reader_take_word(r, "after"))
			ret = read_mark(r, &b->after);
		else if (vr_reader_take_word(r, "until"))
			ret = read_mark(r, &b->until);
		else if (b->after || b->until)
			return vr_reader_bad(r, at, "marks come last: they are of all conditions");
		else
			return vr_reader_bad(r, at, "here should be its end, and, after or until");
	}
	for (size_t i = 0; ret == 0 && (b->after || b->until) && i < b->conditions; i++)
		if (b->condition[i].metric.whole)
			return vr_reader_bad(
			    r, 0, "%s is of the whole run: it is not counted from a mark on",
			    b->condition[i].metric.name);
	return ret;
}

int vr_budget_parse(const char *text, struct vr_budget *budget, struct vr_err *err)
{
	struct vr_reader reader = {.budget = budget, .err = err};

	*budget = (struct vr_budget){.text = vr_xstrdup(text)};
	budget->condition = vr_xcalloc(CONDITIONS_MAX, sizeof(*budget->condition));
	reader.text = budget->text;
	if (strlen(text) > TEXT_MAX)
		return vr_reader_bad(&reader, 0, "it is longer than %u letters", TEXT_MAX);
	return read_budget(&reader);
}

void vr_budget_free(struct vr_budget *budget)
{
	for (size_t i = 0; i < budget->conditions; i++)
		for (size_t k = 0; k < budget->condition[i].filters; k++)
			free(budget->condition[i].filter[k].pattern);
	free(budget->condition);
	free(budget->after);
	free(budget->until);
	free(budget->text);
	*budget = (struct vr_budget){0};
}
