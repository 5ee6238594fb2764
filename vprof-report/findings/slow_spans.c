/* Why it was slow, three: spans of one name, of which some took far longer than most.  Silent where
 * they were all about as long. */
#include <stdlib.h>
#include <string.h>

#include "cli/quote.h"
#include "cli/units.h"
#include "cli/xalloc.h"
#include "findings/rules.h"
#include "model/run.h"
#include "model/tail_units.h"
#include "text/names.h"
#include "text/tail.h"

#define COUNT_MIN      20u    /* spans of which percentiles mean something */
#define TIMES_MEDIAN   2u     /* one that took so often the median is slow ... */
#define OVER_NS	       20000u /* ... where it took so much more */
#define SLOW_MIN       3u     /* of them, or one that would be a stall */
#define EXCESS_PERCENT 10.0   /* of the time of all, in what the slow ones took longer */
#define NAME_ROOM      48
#define SLOW_PERCENT   99.0 /* as `spans --tail` has it */

/* What slow ones took beyond the median, all together; how many they are. */
static uint64_t excess_of(const struct vr_span_sum *span, uint64_t *slow)
{
	const struct vr_histogram *histogram = &span->histogram;
	const struct vr_quantile *median = &span->took[VR_LOOP_P50];
	uint64_t low, high, ns = 0;

	*slow = 0;
	for (uint32_t i = 0; i < histogram->buckets; i++) {
		if (!histogram->count[i])
			continue;
		vr_histogram_ends(histogram, i, &low, &high);
		if (low < TIMES_MEDIAN * median->high_ns || low - median->ns < OVER_NS)
			continue;
		*slow += histogram->count[i];
		ns += histogram->count[i] * (low + (high - low) / 2 - median->ns);
	}
	return ns;
}

static int is_slow(const struct vr_seen *seen, const struct vr_span_sum *span, uint64_t excess_ns,
		   uint64_t slow)
{
	uint64_t stall_ns = seen->profile->file->header.stall_ns;

	return span->name && span->sum.count >= COUNT_MIN &&
	       (slow >= SLOW_MIN || (slow && stall_ns && span->sum.max_ns >= stall_ns)) &&
	       vr_percent(excess_ns, span->sum.time_ns) >= EXCESS_PERCENT;
}

/* The name whose slow ones took most. */
static int has_slow_spans(const struct vr_seen *seen, struct vr_case *found)
{
	uint64_t most_ns = 0;

	for (size_t i = 0; i < seen->spans->n_spans; i++) {
		const struct vr_span_sum *span = &seen->spans->span[i];
		uint64_t slow, excess_ns = excess_of(span, &slow);

		if (excess_ns <= most_ns || !is_slow(seen, span, excess_ns, slow))
			continue;
		most_ns = excess_ns;
		found->span = span;
	}
	found->count = (uint64_t)vr_tail_has_units(seen->profile->file);
	return found->span != NULL;
}

static char *append_cause(const struct vr_seen *seen, const struct vr_tail *tail, char *text)
{
	const struct vr_tail_answer *answer = &tail->answer;
	const struct vr_tail_share *share = &answer->cause[0].share;
	char *what = vr_tail_what_text(seen->profile, &tail->what[share->component]);

	if (answer->slow < VR_TAIL_FEW)
		text = vr_xappend(text, "; in %zu of the %zu slowest: %s", share->slow_with,
				  answer->slow, what);
	else
		text = vr_xappend(text, "; of what the slowest took longer %.0f%% is %s",
				  100 * share->share, what);
	free(what);
	return text;
}

/* What the slow ones have that others have not, as far as it is known. */
static char *append_why(const struct vr_seen *seen, const struct vr_span_sum *span, char *text)
{
	const struct vr_tail_select select = {.quantile = SLOW_PERCENT / 100};
	struct vr_tail *tail = vr_tail_of_span(seen->profile, seen->spans,
					       (size_t)(span - seen->spans->span), &select);
	const struct vr_tail_answer *answer = &tail->answer;
	char *where;

	if (answer->causes) {
		text = append_cause(seen, tail, text);
	} else if (answer->verdict == VR_TAIL_MORE_WORK) {
		text = vr_xappend(text, "; the slowest had more work at once");
	} else if (answer->verdict == VR_TAIL_ALIKE) {
		text = vr_xappend(text, "; the slowest did what the others did, and took longer "
					"with all of it");
	} else if (answer->verdict == VR_TAIL_NONE) {
		text = vr_xappend(text, "; no cause stands out");
	} else if (*span->function.name) {
		where = vr_caption_short(seen->profile, vr_function_caption(&span->function, 1),
					 NAME_ROOM);
		text = vr_xappend(text, "; the longest ended in %s", where);
		free(where);
	}
	vr_tail_free(tail);
	return text;
}

static char *say_slow_spans(const struct vr_seen *seen, const struct vr_case *found)
{
	const struct vr_span_sum *span = found->span;
	char count[VR_UNIT_MAX], p50[VR_UNIT_MAX], p99[VR_UNIT_MAX], p999[VR_UNIT_MAX];
	char max[VR_UNIT_MAX];
	char *text = vr_xprintf(
	    "span %s: %s of them, p50 %s, p99 %s, p99.9 %s, at most %s", span->name,
	    vr_format_count(count, span->sum.count), vr_format_ns(p50, span->took[VR_LOOP_P50].ns),
	    vr_format_ns(p99, span->took[VR_LOOP_P99].ns),
	    vr_format_ns(p999, span->took[VR_LOOP_P999].ns), vr_format_ns(max, span->sum.max_ns));

	return append_why(seen, span, text);
}

/* --span takes a glob: what it would take for one in the name itself is escaped. */
static char *ask_slow_spans(const struct vr_case *found)
{
	const char *name = found->span->name;
	char *glob = vr_xcalloc(2 * strlen(name) + 1, 1), *to = glob, *quoted, *text;

	for (; *name; *to++ = *name++)
		if (strchr("\\*?[", *name))
			*to++ = '\\';
	quoted = vr_quote_shell(glob);
	text = vr_xprintf("spans%s --span %s",
			  found->count && !found->span->async ? " --tail 99" : "", quoted);
	free(quoted);
	free(glob);
	return text;
}

const struct vr_rule vr_rule_slow_spans = {
    .name = "spans",
    .examine = has_slow_spans,
    .evidence = say_slow_spans,
    .ask = ask_slow_spans,
};
