/* What slow iterations, or spans, have in common, for people. */
#include "verbs/tail/tail.h"

#include <stdlib.h>
#include <string.h>

#include "base/order.h"
#include "cli/units.h"
#include "cli/warn.h"
#include "cli/xalloc.h"
#include "model/calls.h"
#include "text/fields.h"
#include "text/loops.h"
#include "text/names.h"
#include "text/notes.h"
#include "text/print.h"
#include "text/tail.h"
#include "verbs/opts.h"
#include "verbs/verb.h"

#define USUALLY	   3u  /* loops or names, without -n */
#define LONGEST	   3u  /* that are told one by one, where there are many */
#define PARTS_MOST 10u /* in the table */
#define PART_LEAST 0.01
#define TOLD_LEAST 0.05 /* of one of them */

/* --- where the time went ----------------------------------------------------- */

struct part {
	const struct vr_tail_share *share;
	const struct vr_tail_what *what;
};

static const struct part *part_of(const void *row)
{
	return row;
}

static void get_share(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.f = 100 * part_of(row)->share->share;
}

static void get_slow(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.u = (uint64_t)part_of(row)->share->slow_ns;
}

static void get_ordinary(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.u = (uint64_t)part_of(row)->share->ordinary_ns;
}

static void get_class(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.s = vr_class_name(part_of(row)->what->class);
}

static void get_call(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	value->cell.s = vr_file_string(rows->ctx->profile->file, part_of(row)->what->call);
	value->cell.null = !*value->cell.s;
}

static void get_where(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_tail_what *what = part_of(row)->what;

	if (*what->function.name)
		vr_value_caption(rows, value, vr_function_caption(&what->function, 1));
	else if (what->kind == VR_TAIL_CLASS && vr_class_is_outside(what->class))
		vr_value_caption(rows, value, (struct vr_caption){.function = "not your code"});
	else if (what->kind == VR_TAIL_CALLS)
		vr_value_caption(rows, value, (struct vr_caption){.function = "further calls"});
	else
		vr_value_caption(rows, value, (struct vr_caption){.function = "[no stack]"});
}

static const struct vr_field part_fields[] = {
    {"share_percent", "excess%", VR_PERCENT, VR_IN_TABLE, .get = get_share},
    {"slow_ns", "slow", VR_NS, VR_IN_TABLE, .get = get_slow},
    {"ordinary_ns", "ordinary", VR_NS, VR_IN_TABLE, .get = get_ordinary},
    {"class", "class", VR_TEXT, VR_IN_TABLE, .get = get_class},
    {"call", "call", VR_TEXT, VR_IN_TABLE, .get = get_call},
    {"where", "where", VR_TEXT, VR_IN_TABLE, .get = get_where, .elastic = VR_CAPTIONS},
};

static void print_parts(struct vr_context *ctx, const struct vr_tail *tail)
{
	const struct vr_rows rows = {.ctx = ctx, .model = tail};
	struct vr_sheet *sheet = vr_sheet_new(&rows, VR_FIELDS(part_fields));

	for (size_t i = 0; i < tail->answer.shares && i < PARTS_MOST; i++) {
		struct part part = {&tail->answer.share[i],
				    &tail->what[tail->answer.share[i].component]};

		if (part.share->share < PART_LEAST)
			break;
		vr_sheet_row(sheet, &part);
	}
	fprintf(ctx->out,
		"\n   What %s takes on average; excess%%: of what slow ones took longer\n",
		tail->span ? "a span" : "an iteration");
	vr_sheet_print(sheet);
}

/* --- causes ------------------------------------------------------------------ */

static void print_cause(struct vr_context *ctx, const struct vr_tail *tail, size_t rank)
{
	const struct vr_tail_answer *answer = &tail->answer;
	const struct vr_tail_cause *cause = &answer->cause[rank];
	const struct vr_tail_share *share = &cause->share;
	char slow[VR_UNIT_MAX], ordinary[VR_UNIT_MAX], count[VR_UNIT_MAX];
	char *what = vr_tail_what_text(ctx->profile, &tail->what[share->component]), *text;

	fprintf(ctx->out, "   %zu. ", rank + 1);
	vr_print_wrapped(ctx, what, 6);
	if (answer->slow < VR_TAIL_FEW)
		text = vr_xstrdup("");
	else if (share->bounded)
		text = vr_xprintf("%.0f%% of the excess (%.0f to %.0f%%); ", 100 * share->share,
				  100 * share->low, 100 * share->high);
	else
		text = vr_xprintf("%.0f%% of the excess; ", 100 * share->share);
	text = vr_xappend(
	    text, "in %zu of %zu slow, %zu of %s ordinary; %s against %s; explains %zu",
	    share->slow_with, answer->slow, share->ordinary_with,
	    vr_format_count(count, answer->ordinary), vr_format_ns(slow, (uint64_t)share->slow_ns),
	    vr_format_ns(ordinary, (uint64_t)share->ordinary_ns), cause->explains);
	fputs("      ", ctx->out);
	vr_print_wrapped(ctx, text, 6);
	free(text);
	free(what);
}

static void print_checks(struct vr_context *ctx, const struct vr_tail *tail)
{
	for (size_t i = 0; i < tail->checks; i++) {
		const struct vr_tail_check *check = &tail->check[i];
		char *text =
		    vr_xprintf("Over all %s %s time makes %.0f%% of the variance, "
			       "but %.0f%% of the excess here: the slow ones above are not "
			       "all there is to it.",
			       vr_tail_units_name(tail), vr_class_name(check->class),
			       100 * check->of_variance, 100 * check->of_excess);

		fputs("   ", ctx->out);
		vr_print_wrapped(ctx, text, 3);
		free(text);
	}
}

static void print_verdict(struct vr_context *ctx, const struct vr_tail *tail)
{
	const struct vr_tail_answer *answer = &tail->answer;
	char *text = vr_tail_verdict_text(tail), *rhythm = vr_rhythm_text(&tail->rhythm);

	fputs("\n   ", ctx->out);
	vr_print_wrapped(ctx, text, 3);
	for (size_t i = 0; i < answer->causes; i++)
		print_cause(ctx, tail, i);
	if (answer->causes && answer->unexplained)
		fprintf(ctx->out, "   %zu of %zu slow ones are explained by none of these.\n",
			answer->unexplained, answer->slow);
	if (rhythm)
		fprintf(ctx->out, "   They come %s.\n", rhythm);
	print_checks(ctx, tail);
	free(rhythm);
	free(text);
}

/* --- one by one -------------------------------------------------------------- */

static int by_time(const void *a, const void *b, void *arg)
{
	const struct vr_tail_unit *x = a, *y = b;

	(void)arg;
	if ((x->group == VR_TAIL_SLOW) != (y->group == VR_TAIL_SLOW))
		return x->group == VR_TAIL_SLOW ? -1 : 1;
	return x->ns > y->ns ? -1 : x->ns < y->ns;
}

static int by_part(const void *a, const void *b, void *arg)
{
	const double *x = a, *y = b;

	(void)arg;
	return *x > *y ? -1 : *x < *y;
}

static char *account_text(struct vr_context *ctx, const struct vr_tail *tail, size_t unit)
{
	size_t components = tail->accounts.components;
	const double *ns = tail->accounts.ns + unit * components;
	size_t *order = vr_order(ns, components, sizeof(*ns), by_part, NULL);
	char *text = vr_xstrdup("");

	for (size_t i = 0; i < components; i++) {
		char time[VR_UNIT_MAX], *what;

		if (ns[order[i]] < TOLD_LEAST * tail->accounts.unit[unit].ns)
			break;
		what = vr_tail_what_text(ctx->profile, &tail->what[order[i]]);
		text = vr_xappend(text, "%s%s %s", i ? ", " : "",
				  vr_format_ns(time, (uint64_t)ns[order[i]]), what);
		free(what);
	}
	free(order);
	return text;
}

static void print_unit(struct vr_context *ctx, const struct vr_tail *tail, size_t unit)
{
	const struct vprof_unit *row = tail->unit[unit];
	char took[VR_UNIT_MAX], at[VR_UNIT_MAX], events[VR_UNIT_MAX];
	char *account = account_text(ctx, tail, unit), *text;

	text = vr_xprintf("%s at %s", vr_format_ns(took, row->duration_ns),
			  vr_format_ns(at, row->begin_ns));
	if (row->size)
		text = vr_xappend(text, ", size %s", vr_format_count(events, row->size));
	if (row->events)
		text = vr_xappend(text, ", %s event%s", vr_format_count(events, row->events),
				  vr_plural(row->events));
	text = vr_xappend(text, ": %s", account);
	fputs("   ", ctx->out);
	vr_print_wrapped(ctx, text, 6);
	free(text);
	free(account);
	text = vr_tail_others_text(ctx->profile, tail, unit);
	if (text) {
		fputs("      ", ctx->out);
		vr_print_wrapped(ctx, text, 6);
	}
	free(text);
}

static void print_longest(struct vr_context *ctx, const struct vr_tail *tail)
{
	const struct vr_tail_accounts *accounts = &tail->accounts;
	size_t *order =
	    vr_order(accounts->unit, accounts->units, sizeof(*accounts->unit), by_time, NULL);
	size_t count = tail->answer.slow < VR_TAIL_FEW ? tail->answer.slow : LONGEST;

	if (tail->answer.slow >= VR_TAIL_FEW)
		fputs("\n   The longest\n", ctx->out);
	else if (tail->answer.slow)
		fputs("\n   Too few for shares; each of them\n", ctx->out);
	for (size_t i = 0; i < count && i < accounts->units; i++)
		print_unit(ctx, tail, order[i]);
	free(order);
}

/* --- a loop, or a name ------------------------------------------------------- */

static char *slow_text(const struct vr_context *ctx, const struct vr_tail *tail)
{
	const struct vr_tail_answer *answer = &tail->answer;
	double all =
	    answer->slow_all > (double)answer->slow ? answer->slow_all : (double)answer->slow;
	char count[VR_UNIT_MAX], units[VR_UNIT_MAX], from[VR_UNIT_MAX], mean[VR_UNIT_MAX], *text;

	if (ctx->opts->slow)
		text = vr_xprintf("%zu of those kept are as --select says", answer->slow);
	else
		text = vr_xprintf(
		    "%s of %s%s %s took longer than %s (--tail %g)",
		    vr_format_count(count, (uint64_t)(all + 0.5)), tail->narrowed ? "about " : "",
		    vr_format_count(units, (uint64_t)(tail->all + 0.5)), vr_tail_units_name(tail),
		    vr_format_ns(from, (uint64_t)tail->slow_ns), ctx->opts->tail);
	if (!ctx->opts->slow && all > (double)answer->slow + 0.5)
		text = vr_xappend(text, ", of which the longest %zu are kept", answer->slow);
	if (answer->slow)
		text = vr_xappend(text, "; %s each on average",
				  vr_format_ns(mean, (uint64_t)answer->slow_ns));
	return text;
}

/* "serve (main.c:12) in thread main (12)", "decode in thread main (12)", "decode, path=a" */
static char *subject_text(const struct vr_context *ctx, const struct vr_tail *tail)
{
	uint32_t id = tail->span ? tail->span->thread : tail->loop->row->thread;
	const struct vprof_thread *thread = &ctx->profile->file->thread[id];
	char *text;

	if (tail->span && id == VPROF_NONE)
		return vr_xprintf("%s%s%s", vr_span_name(tail->span),
				  tail->span->label && *tail->span->label ? ", " : "",
				  tail->span->label ? tail->span->label : "");
	text = tail->span ? vr_xstrdup(vr_span_name(tail->span))
			  : vr_loop_text(ctx->profile, tail->loop, 0);
	return vr_xappend(text, " in thread %s (%u)", thread->name, thread->tid);
}

static void print_tail(struct vr_context *ctx, const struct vr_tail *tail, size_t rank)
{
	char from[VR_UNIT_MAX], to[VR_UNIT_MAX];
	char *text = subject_text(ctx, tail);

	fprintf(ctx->out, "%s#%zu  ", rank > 1 ? "\n" : "", rank);
	vr_print_wrapped(ctx, text, 4);
	free(text);
	if (tail->sums.kind == VPROF_UNIT_VOID) {
		fprintf(ctx->out, "   none of its %s is kept\n", vr_tail_units_name(tail));
		return;
	}
	text = slow_text(ctx, tail);
	fputs("   ", ctx->out);
	vr_print_wrapped(ctx, text, 3);
	free(text);
	text = vr_xprintf("ordinary ones, the middle half of all: %s to %s; %zu of them are kept",
			  vr_format_ns(from, (uint64_t)tail->ordinary_from_ns),
			  vr_format_ns(to, (uint64_t)tail->ordinary_to_ns), tail->answer.ordinary);
	fputs("   ", ctx->out);
	vr_print_wrapped(ctx, text, 3);
	free(text);
	print_verdict(ctx, tail);
	if (tail->answer.slow)
		print_parts(ctx, tail);
	print_longest(ctx, tail);
}

/* --- all of them ------------------------------------------------------------- */

static void warn(const struct vr_context *ctx, int of_spans, size_t inexact, size_t units)
{
	if (!vr_tail_has_units(ctx->profile->file))
		vr_note(ctx, of_spans
				 ? "no span is kept whole in this record: it is of an older "
				   "library, or too short; record again for --tail"
				 : "no iteration is kept whole in this record: it is of an older "
				   "library, or no loop was found while it ran; record again "
				   "for --tail");
	else if (inexact * 2 > units)
		vr_note(ctx,
			"of %zu of %zu %s it is not known what kept them off the CPU: "
			"that is in their running time",
			inexact, units, of_spans ? "spans" : "iterations");
}

int vr_tail_is_asked(const struct vr_context *ctx)
{
	return vr_opts_given(ctx->opts, VR_OPT_TAIL) || ctx->opts->slow;
}

static struct vr_tail *tail_at(struct vr_context *ctx, const struct vr_tail_list *list, size_t at,
			       const struct vr_tail_select *select)
{
	if (list->loops)
		return vr_tail_of_loop(ctx->profile, &list->loops->loop[list->order[at]], select);
	return vr_tail_of_span(ctx->profile, list->spans, list->order[at], select);
}

static void put(struct vr_context *ctx, const struct vr_tail *tail, size_t rank,
		struct vr_sheet *sheet, json_t *all)
{
	if (sheet)
		vr_tail_sheet_add(sheet, tail);
	else if (ctx->format == VR_FORMAT_JSON)
		json_array_append_new(all, vr_tail_json(ctx, tail));
	else
		print_tail(ctx, tail, rank);
}

static void finish(struct vr_context *ctx, const struct vr_tail_list *list, size_t count,
		   struct vr_sheet *sheet, json_t *all)
{
	const char *what = list->loops ? "loops" : "spans";

	if (sheet)
		vr_sheet_print(sheet);
	if (ctx->format == VR_FORMAT_JSON) {
		ctx->json = json_object();
		json_object_set_new(ctx->json, "kept",
				    json_boolean(vr_tail_has_units(ctx->profile->file)));
		json_object_set(ctx->json, what, all);
	} else if (ctx->format == VR_FORMAT_TABLE && vr_tail_has_units(ctx->profile->file)) {
		vr_print_more(ctx, count, list->all, what);
	}
}

int vr_tail_print(struct vr_context *ctx, const struct vr_tail_list *list)
{
	struct vr_tail_select select;
	struct vr_err err = {0};
	struct vr_sheet *sheet = NULL;
	size_t count = list->count, inexact = 0, units = 0;
	json_t *all;

	if (vr_tail_select_parse(ctx->opts->slow, ctx->opts->tail, &select, &err) != 0) {
		vr_warn("%s", err.text);
		vr_tail_select_done(&select);
		return VR_EXIT_USAGE;
	}
	all = json_array();
	if (ctx->format == VR_FORMAT_CSV)
		sheet = vr_tail_sheet(ctx, !list->loops);
	if (ctx->format == VR_FORMAT_TABLE && !vr_opts_given(ctx->opts, VR_OPT_LIMIT) &&
	    count > USUALLY)
		count = USUALLY;
	for (size_t i = 0; i < count && vr_tail_has_units(ctx->profile->file); i++) {
		struct vr_tail *tail = tail_at(ctx, list, i, &select);

		inexact += tail->inexact;
		units += tail->accounts.units;
		put(ctx, tail, i + 1, sheet, all);
		vr_tail_free(tail);
	}
	finish(ctx, list, count, sheet, all);
	json_decref(all);
	warn(ctx, !list->loops, inexact, units);
	vr_tail_select_done(&select);
	return 0;
}
