/* leaks in words: the lines that table, gate and findings share. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "commands/leaks.h"

char *vr_leak_site(struct vr_context *ctx, const struct vr_leak *leak)
{
	struct vr_stacks *stacks = ctx->profile->stacks;
	const struct vr_place *place = vr_site_asker(stacks, leak->node);

	return place ? vr_place_text(stacks, place, ctx->opts->strip_dirs)
		     : vr_xstrdup("[no stack]");
}

char *vr_leak_title(const struct vr_leak *leak)
{
	char a[VR_UNIT_MAX], b[VR_UNIT_MAX];

	return vr_xprintf("%s %s in %s block%s", vr_format_bytes(a, leak->bytes),
			  vr_verdict_name(leak->verdict), vr_format_count(b, leak->blocks),
			  leak->blocks == 1 ? "" : "s");
}

char *vr_more(char *text, const char *format, ...)
{
	char *tail, *all;
	va_list args;

	va_start(args, format);
	if (vasprintf(&tail, format, args) < 0)
		abort();
	va_end(args);
	all = vr_xprintf("%s%s", text, tail);
	free(tail);
	free(text);
	return all;
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
		text = vr_more(text, "%s %s %s in %s block%s of %s site%s", comma,
			       vr_format_bytes(a, sum->bytes), vr_verdict_name((enum vr_verdict)i),
			       vr_format_count(b, sum->blocks), sum->blocks == 1 ? "" : "s",
			       vr_format_count(c, sum->sites), sum->sites == 1 ? "" : "s");
		comma = ",";
	}
	return text;
}

char *vr_leaks_line(const struct vr_leaks *leaks, int strict)
{
	enum vr_leak_answer answer = vr_leaks_answer(leaks, strict);
	char *text = vr_xprintf("%s:", vr_answer_name(answer));
	char a[VR_UNIT_MAX];

	if (answer == VR_ANSWER_LEAK)
		return amounts(text, leaks, vr_verdicts_leak(strict));
	if (leaks->nothing_live)
		return vr_more(text, " every block was freed, of %s",
			       vr_format_count(a, leaks->allocs));
	if (!leaks->allocs && !leaks->searched)
		return vr_more(text, " no allocation was seen");
	if (answer == VR_ANSWER_CLEAN)
		text =
		    vr_more(text, " nothing is lost%s", leaks->sum[VR_POSSIBLE].sites ? ";" : "");
	else if (!leaks->sum[VR_UNEXAMINED].sites)
		text = vr_more(text, " every sampled block was freed");
	return amounts(text, leaks, 1u << VR_POSSIBLE | 1u << VR_UNEXAMINED);
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
	}
	return "once";
}

/* What growth could be judged from. */
static char *growth_examined(char *text, const struct vr_growth *growth)
{
	char a[VR_UNIT_MAX], b[VR_UNIT_MAX];

	if (!growth || growth->note || !growth->points)
		return vr_more(text, "Not examined: whether anything grows (%s).\n",
			       growth && growth->note ? growth->note : "there is no series");
	text = vr_more(text, "Examined for growth: %s site%s over %s",
		       vr_format_count(a, growth->sites), growth->sites == 1 ? "" : "s",
		       growth->by_iteration ? vr_format_count(b, growth->iterations)
					    : vr_format_ns(b, growth->t_ns[growth->points - 1]));
	text = vr_more(text, "%s.\n", growth->by_iteration ? " iterations" : "");
	if (growth->left_out)
		text = vr_more(text, "Not examined for growth: %s sites that found no room.\n",
			       vr_format_count(a, growth->left_out));
	return text;
}

char *vr_leaks_examined(const struct vr_profile *profile, const struct vr_leaks *leaks,
			const struct vr_growth *growth)
{
	const struct vprof_header *h = &profile->file->header;
	const char *note = vr_file_string(profile->file, h->scan_note);
	const char *why = vr_leaks_no_search(profile->file);
	char a[VR_UNIT_MAX], b[VR_UNIT_MAX], c[VR_UNIT_MAX], d[VR_UNIT_MAX], e[VR_UNIT_MAX];
	char *text = vr_xstrdup("");

	if (why) {
		text = vr_more(
		    text, "Not examined: whether anything points to what was not freed (%s).\n",
		    why);
		return growth_examined(text, growth);
	}
	text =
	    vr_more(text,
		    "Examined %s, after %s: %s in %s blocks; pointers were looked for in them and\n"
		    "in %s of other memory, ",
		    trigger_text(h->scan_trigger), vr_format_ns(a, h->scan_t_ns),
		    vr_format_bytes(b, h->scan_bytes), vr_format_count(c, h->scan_blocks),
		    vr_format_bytes(d, h->scan_root_bytes));
	text = vr_more(text, "for which the process stood still %s (%s in all).\n",
		       vr_format_ns(a, h->scan_pause_ns), vr_format_ns(b, h->scan_total_ns));
	if (h->scan_skipped_bytes)
		text = vr_more(text, "Not examined: %s of memory that could not be read.\n",
			       vr_format_bytes(e, h->scan_skipped_bytes));
	if (*note)
		text = vr_more(text, "Not examined: %s.\n", note);
	if (leaks->sum[VR_UNEXAMINED].blocks)
		text = vr_more(text, "Not examined: %s in %s blocks allocated since.\n",
			       vr_format_bytes(a, leaks->sum[VR_UNEXAMINED].bytes),
			       vr_format_count(b, leaks->sum[VR_UNEXAMINED].blocks));
	return growth_examined(text, growth);
}
