#include "text/leaks.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/quote.h"
#include "cli/text.h"
#include "cli/units.h"
#include "cli/xalloc.h"
#include "model/run.h"
#include "model/runs.h"
#include "text/growth.h"

char *vr_leak_title(const struct vr_leak *leak)
{
	char a[VR_UNIT_MAX], b[VR_UNIT_MAX];

	return vr_xprintf("%s %s in %s block%s", vr_format_bytes(a, leak->bytes),
			  vr_verdict_name(leak->verdict), vr_format_count(b, leak->blocks),
			  leak->blocks == 1 ? "" : "s");
}

char *vr_excuse_text(const struct vr_leak *leak)
{
	switch (leak->excuse) {
	case VR_EXCUSE_SUPPRESSED:
		return vr_xprintf("suppressed by leak:%s", leak->pattern);
	case VR_EXCUSE_ALLOWED:
		return vr_xprintf("allowed: %s",
				  leak->pattern ? leak->pattern : vr_verdict_name(leak->verdict));
	case VR_EXCUSE_KNOWN:
		return vr_xstrdup("no worse than in the baseline");
	case VR_EXCUSE_NONE:
		break;
	}
	return NULL;
}

/* " 300 B lost in 3 blocks of 1 site, ..." of the verdicts in `mask`. */
static char *amounts(char *text, const struct vr_leaks *leaks, unsigned mask)
{
	char a[VR_UNIT_MAX], b[VR_UNIT_MAX], c[VR_UNIT_MAX];
	const char *comma = "";

	for (int i = 0; i < VR_VERDICTS; i++) {
		const struct vr_leak_sum *sum = &leaks->sum[i];

		if (!sum->sites || !(mask & 1u << i))
			continue;
		text =
		    vr_xappend(text, "%s %s %s in %s block%s of %s site%s", comma,
			       vr_format_bytes(a, sum->bytes), vr_verdict_name((enum vr_verdict)i),
			       vr_format_count(b, sum->blocks), sum->blocks == 1 ? "" : "s",
			       vr_format_count(c, sum->sites), sum->sites == 1 ? "" : "s");
		comma = ",";
	}
	return text;
}

/* "4.0 MiB of memory of devices, 96 B of ..." */
static char *unsearched(const struct vprof_header *h)
{
	char *text = vr_xstrdup("");
	char a[VR_UNIT_MAX];
	const char *comma = "";

	for (int i = 1; i < VPROF_UNSEARCHED_COUNT; i++) {
		if (!h->scan_unsearched[i])
			continue;
		text =
		    vr_xappend(text, "%s%s of %s", comma, vr_format_bytes(a, h->scan_unsearched[i]),
			       vr_unsearched_words((enum vprof_unsearched)i));
		comma = ", ";
	}
	return text;
}

static char *hanging_text(const struct vprof_header *h, const struct vr_leaks *leaks)
{
	struct vr_leak_sum sum = vr_leaks_hanging(leaks);
	char a[VR_UNIT_MAX], b[VR_UNIT_MAX], *what = unsearched(h);
	char *text = vr_xprintf("%s in %s block%s may hang on what was not searched%s%s",
				vr_format_bytes(a, sum.bytes), vr_format_count(b, sum.blocks),
				sum.blocks == 1 ? "" : "s", *what ? ": " : "", what);

	free(what);
	return text;
}

/* The gap of one record. */
static char *gap_text(const struct vr_file *file, const struct vr_leaks *leaks)
{
	const struct vprof_header *h = &file->header;
	uint64_t ran = vr_file_duration_ns(file);
	const char *why = vr_leaks_no_search(file);
	char a[VR_UNIT_MAX];

	switch (vr_leaks_gap(leaks)) {
	case VR_GAP_NO_SEARCH:
		return vr_text_escape(why ? why : "no search was made");
	case VR_GAP_EARLIER:
		return vr_xprintf("the last search was made %s before the end",
				  vr_format_ns(a, ran > h->scan_t_ns ? ran - h->scan_t_ns : 0));
	case VR_GAP_BLOCKS:
		return vr_xprintf("%s block%s found no room in the table of live ones",
				  vr_format_count(a, h->lost[VPROF_LOST_BLOCKS]),
				  vr_plural(h->lost[VPROF_LOST_BLOCKS]));
	case VR_GAP_OPERATORS:
		return vr_xstrdup("C++ operators that do not call malloc were not seen");
	case VR_GAP_PAUSED:
		if (!vr_recorded_ns(file))
			return vr_xstrdup("nothing was recorded");
		return vr_xprintf(
		    "what was allocated in the %s that were not recorded is not known",
		    vr_format_ns(a, vr_paused_ns(file)));
	case VR_GAP_HANGING:
		return hanging_text(h, leaks);
	case VR_GAP_NONE:
		break;
	}
	return NULL;
}

char *vr_leaks_gap_text(const struct vr_profile *profile, const struct vr_leaks *leaks)
{
	const struct vr_file *member = leaks->gap_member;
	size_t others = leaks->members - leaks->examined - leaks->became_another;
	char *why, *name, *text;

	if (!member || vr_leaks_gap(leaks) == VR_GAP_HANGING)
		return gap_text(profile->file, leaks);
	why = gap_text(member, leaks);
	if (!why)
		return NULL;
	name = vr_text_escape(vr_called_name(member));
	text = vr_xprintf("%s (pid %" PRIu32 "): %s", name, member->header.pid, why);
	if (others > 1)
		text = vr_xappend(text, "; %zu more process%s not examined", others - 1,
				  others == 2 ? " was" : "es were");
	free(why);
	free(name);
	return text;
}

static char *add_open(char *text, const struct vr_leaks *leaks)
{
	char a[VR_UNIT_MAX];

	return vr_xappend(text, "; whether %s site%s without bound is not decided yet",
			  vr_format_count(a, leaks->growth_open),
			  leaks->growth_open == 1 ? " grows" : "s grow");
}

static char *unexamined_line(char *text, const struct vr_profile *profile,
			     const struct vr_leaks *leaks)
{
	char *why = vr_leaks_gap_text(profile, leaks);

	text = vr_xappend(text, " %s", why);
	free(why);
	if (vr_leaks_gap(leaks) == VR_GAP_PAUSED && leaks->allocs)
		text = vr_xappend(text, "; of the rest nothing is lost");
	if (leaks->sum[VR_UNEXAMINED].sites || leaks->sum[VR_POSSIBLE].sites)
		text =
		    amounts(vr_xappend(text, ";"), leaks, 1u << VR_POSSIBLE | 1u << VR_UNEXAMINED);
	if (leaks->growth_open)
		return add_open(text, leaks);
	if (leaks->growth_judged)
		text = vr_xappend(text, "; nothing grows without bound");
	return text;
}

char *vr_leaks_line(const struct vr_profile *profile, const struct vr_leaks *leaks, int strict)
{
	enum vr_leak_answer answer = vr_leaks_answer(leaks, strict);
	char *text = vr_xprintf("%s:", vr_answer_name(answer));
	char a[VR_UNIT_MAX];

	if (answer == VR_ANSWER_LEAK)
		return amounts(text, leaks, vr_verdicts_leak(strict));
	if (answer == VR_ANSWER_UNEXAMINED)
		return unexamined_line(text, profile, leaks);
	if (leaks->nothing_live && leaks->allocs)
		return vr_xappend(text, " every block was freed, of %s",
				  vr_format_count(a, leaks->allocs));
	if (!leaks->allocs)
		return vr_xappend(text, " nothing was allocated");
	text =
	    vr_xappend(text, " nothing is lost%s",
		       leaks->sum[VR_POSSIBLE].sites || leaks->sum[VR_UNEXAMINED].sites ? ";" : "");
	text = amounts(text, leaks, 1u << VR_POSSIBLE | 1u << VR_UNEXAMINED);
	return leaks->growth_open ? add_open(text, leaks) : text;
}

static const char *trigger_text(uint32_t trigger)
{
	switch (trigger) {
	case VPROF_SCAN_AT_EXIT:
		return "at the end";
	case VPROF_SCAN_BY_CTL:
		return "on demand";
	case VPROF_SCAN_BY_API:
		return "as the program asked";
	case VPROF_SCAN_AT_TERM:
		return "at its signal";
	case VPROF_SCAN_BY_TIME:
		return "by leakscan_every";
	}
	return "once";
}

/* How the next run is examined. */
static char *add_hint(char *text, const struct vr_file *file)
{
	const struct vprof_header *h = &file->header;

	if (h->heap_mode != VPROF_HEAP_EXACT)
		return text;
	if (file->status == VR_STATUS_RUNNING) {
		char *path = vr_quote_shell(file->path);

		text = vr_xappend(text, "Hint: vprof-report ctl %s leakscan searches now.\n", path);
		free(path);
		return text;
	}
	if (file->status != VR_STATUS_KILLED && file->status != VR_STATUS_UNFINISHED)
		return text;
	if (!(h->scan_when & VPROF_SCAN_WHEN_TERM))
		return vr_xappend(
		    text, "Hint: VPROF_OPTIONS=leakscan=term searches at SIGTERM, SIGINT and "
			  "SIGHUP, leakscan_every=SECONDS every so often.\n");
	return h->scan_every_s
		   ? text
		   : vr_xappend(text,
				"Hint: VPROF_OPTIONS=leakscan_every=SECONDS searches every so "
				"often.\n");
}

/* What was left out, whether or not a verdict hangs on it. */
static char *add_unsearched(char *text, const struct vprof_header *h, const struct vr_leaks *leaks)
{
	struct vr_leak_sum sum = vr_leaks_hanging(leaks);
	char a[VR_UNIT_MAX], b[VR_UNIT_MAX], *what = unsearched(h);

	if (*what)
		text = vr_xappend(text, "Not searched: %s.\n", what);
	else if (h->scan_skipped_bytes)
		text = vr_xappend(text, "Not searched: %s of memory that could not be read.\n",
				  vr_format_bytes(a, h->scan_skipped_bytes));
	free(what);
	if (sum.blocks)
		text = vr_xappend(text, "%s in %s block%s may hang on that: %s possible.\n",
				  vr_format_bytes(a, sum.bytes), vr_format_count(b, sum.blocks),
				  vr_plural(sum.blocks), sum.blocks == 1 ? "it is" : "they are");
	if (h->scan_missed)
		text = vr_xappend(text, "Searches that failed since: %s.\n",
				  vr_format_count(a, h->scan_missed));
	return text;
}

/* How many of several processes were examined. */
static char *add_members(char *text, const struct vr_leaks *leaks)
{
	if (leaks->became_another)
		text = vr_xappend(text,
				  "Of %zu processes %zu became another program before their end.\n",
				  leaks->members, leaks->became_another);
	return vr_xappend(text, "Examined: %zu of %zu processes, each by itself: ", leaks->examined,
			  leaks->members);
}

char *vr_leaks_examined(const struct vr_profile *profile, const struct vr_leaks *leaks,
			const struct vr_growth *growth)
{
	const struct vprof_header *h = &profile->file->header;
	char *note, *roads;
	char a[VR_UNIT_MAX], b[VR_UNIT_MAX], c[VR_UNIT_MAX], d[VR_UNIT_MAX];
	char *why = vr_leaks_gap_text(profile, leaks), *text = vr_xstrdup("");

	if (why && leaks->searched && leaks->gap == VR_GAP_PAUSED)
		text = vr_xappend(text, "Not examined: %s.\n", why);
	else if (why && !(leaks->searched && leaks->gap == VR_GAP_NONE))
		text = vr_xappend(
		    text, "Not examined: whether anything points to what was not freed (%s).\n",
		    why);
	if (why)
		text = add_hint(text, profile->file);
	free(why);
	if (!leaks->searched)
		return vr_growth_examined(text, growth);
	if (leaks->members)
		text = add_members(text, leaks);
	else
		text = vr_xappend(text, "Examined %s, after %s: ", trigger_text(h->scan_trigger),
				  vr_format_ns(a, h->scan_t_ns));
	text = vr_xappend(
	    text, "%s in %s block%s; pointers were looked for in %s and in %s of other memory, ",
	    vr_format_bytes(b, h->scan_bytes), vr_format_count(c, h->scan_blocks),
	    vr_plural(h->scan_blocks), h->scan_blocks == 1 ? "it" : "them",
	    vr_format_bytes(d, h->scan_root_bytes));
	text = vr_xappend(text, "for which the process%s stood still %s (%s in all).\n",
			  leaks->members ? "es" : "", vr_format_ns(a, h->scan_pause_ns),
			  vr_format_ns(b, h->scan_total_ns));
	text = add_unsearched(text, h, leaks);
	note = vr_text_escape(vr_file_string(profile->file, h->scan_note));
	if (*note)
		text = vr_xappend(text, "Not examined: %s.\n", note);
	free(note);
	roads =
	    vr_text_escape(h->second_roads ? vr_file_string(profile->file, h->second_roads) : "");
	if (*roads)
		text = vr_xappend(text, "Not seen: %s.\n", roads);
	free(roads);
	if (leaks->sum[VR_UNEXAMINED].blocks)
		text = vr_xappend(text, "Not examined: %s in %s block%s allocated since.\n",
				  vr_format_bytes(a, leaks->sum[VR_UNEXAMINED].bytes),
				  vr_format_count(b, leaks->sum[VR_UNEXAMINED].blocks),
				  vr_plural(leaks->sum[VR_UNEXAMINED].blocks));
	return vr_growth_examined(text, growth);
}
