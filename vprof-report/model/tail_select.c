#include "model/tail_select.h"

#include <errno.h>
#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/text.h"
#include "cli/xalloc.h"

static const struct word {
	const char *name;
	size_t member; /* of struct vr_tail_select */
	int is_time;
} words[] = {
#define RANGE(name) offsetof(struct vr_tail_select, name)
    {"dur", RANGE(ns), 1},	{"t", RANGE(begin_ns), 1}, {"events", RANGE(events), 0},
    {"bytes", RANGE(bytes), 0}, {"size", RANGE(size), 0},
#undef RANGE
};

static int parse_value(const char *text, int is_time, double *value)
{
	uint64_t ns;
	char *end;

	if (is_time) {
		if (vr_text_duration(text, &ns) != 0)
			return -EINVAL;
		*value = (double)ns;
		return 0;
	}
	*value = strtod(text, &end);
	return end == text || *end || !(*value >= 0) ? -EINVAL : 0;
}

/* ">5ms", "<5ms", ">=5ms", "<=5ms", "=10s..20s", "=3" */
static int parse_range(char *text, int is_time, struct vr_range *range)
{
	char *dots = strstr(text, ".."), operator= * text++;
	int equal = operator!= '=' && * text == '=';
	double value;

	if (operator== '=' && dots) {
		*dots = '\0';
		if (*text && parse_value(text, is_time, &range->low) != 0)
			return -EINVAL;
		return dots[2] ? parse_value(dots + 2, is_time, &range->high) : 0;
	}
	if (parse_value(text + equal, is_time, &value) != 0)
		return -EINVAL;
	if (operator== '>' || operator== '=')
		range->low = equal || operator== '=' ? value : nextafter(value, INFINITY);
	if (operator== '<' || operator== '=')
		range->high = equal || operator== '=' ? value : nextafter(value, -INFINITY);
	return 0;
}

static int parse_word(char *text, struct vr_tail_select *select)
{
	size_t length = strcspn(text, "<>=");

	if (!text[length])
		return -EINVAL;
	if (length == 5 && strncmp(text, "label", 5) == 0 && text[5] == '=' && text[6]) {
		free(select->label);
		select->label = vr_xstrdup(text + 6);
		return 0;
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i].name) == length && strncmp(text, words[i].name, length) == 0)
			return parse_range(
			    text + length, words[i].is_time,
			    (struct vr_range *)(void *)((char *)select + words[i].member));
	return -EINVAL;
}

int vr_tail_select_parse(const char *text, double percent, struct vr_tail_select *select,
			 struct vr_err *err)
{
	const struct vr_range all = {0, INFINITY};
	char *copy, *rest, *word;
	int ret = 0;

	*select = (struct vr_tail_select){.quantile = percent / 100,
					  .selected = text != NULL,
					  .ns = all,
					  .begin_ns = all,
					  .events = all,
					  .bytes = all,
					  .size = all};
	if (!text)
		return 0;
	copy = rest = vr_xstrdup(text);
	while (ret == 0 && (word = strsep(&rest, ","))) {
		char *whole = vr_xstrdup(word);

		ret = parse_word(word, select);
		if (ret != 0)
			vr_err_set(err, ret,
				   "--select '%s' is not valid: words are dur>5ms, t=10s..20s, "
				   "events>10, bytes>64000, size>10, label=K=V",
				   whole);
		free(whole);
	}
	free(copy);
	return ret;
}

void vr_tail_select_done(struct vr_tail_select *select)
{
	free(select->label);
}

static int in(const struct vr_range *range, uint64_t value)
{
	return (double)value >= range->low && (double)value <= range->high;
}

/* A label has pairs, with a line feed in between. */
static int label_matches(const char *glob, const char *label)
{
	char *copy = vr_xstrdup(label), *rest = copy, *pair;
	int matches = 0;

	while (!matches && (pair = strsep(&rest, "\n")))
		matches = fnmatch(glob, pair, 0) == 0;
	free(copy);
	return matches;
}

int vr_tail_selects(const struct vr_tail_select *select, const struct vprof_unit *unit,
		    const char *label)
{
	return in(&select->ns, unit->duration_ns) && in(&select->begin_ns, unit->begin_ns) &&
	       in(&select->events, unit->events) && in(&select->bytes, unit->bytes) &&
	       in(&select->size, unit->size) &&
	       (!select->label || label_matches(select->label, label));
}
