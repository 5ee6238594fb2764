#include "waiting.h"
#include "cli/quote.h"
#include "cli/short.h"
#include "cli/text.h"
#include "cli/units.h"
#include "engine.h"
#include "words.h"

#include <stdlib.h>
#include <string.h>

/* Why it was slow, in vprof-report's words. */
static void write_slow(const json_t *slow, FILE *out)
{
	const json_t *one;
	size_t i;

	json_array_foreach(slow, i, one)
	{
		fprintf(out, "- ");
		vr_quote_md_text(out, vrun_json_text(one, "text"));
		fprintf(out, "\n");
	}
	if (!json_array_size(slow))
		fprintf(out, "Nothing stands out.\n");
}

static void write_name(FILE *out, const json_t *frame)
{
	char *name = vr_short_name(vrun_json_text(frame, "function"), VRUN_NAME_ROOM);

	vr_quote_md_code(out, name);
	free(name);
}

static void write_loop(const json_t *loop, FILE *out)
{
	char p50[VR_UNIT_MAX], p99[VR_UNIT_MAX], p999[VR_UNIT_MAX], max[VR_UNIT_MAX];
	char iterations[VR_UNIT_MAX], late[VR_UNIT_MAX], stalls[VR_UNIT_MAX];

	fprintf(out, "| %s | %.1f | %s | %s | %s | %s | %s | %s | ",
		vr_format_count(iterations, vrun_json_u64(loop, "iterations")),
		100 * json_number_value(vrun_json_at(loop, "busy_share")),
		vr_format_ns(p50, vrun_json_u64(loop, "p50_ns")),
		vr_format_ns(p99, vrun_json_u64(loop, "p99_ns")),
		vr_format_ns(p999, vrun_json_u64(loop, "p999_ns")),
		vr_format_ns(max, vrun_json_u64(loop, "max_ns")),
		vr_format_ns(late, vrun_json_u64(loop, "arrival_delay.p999_ns")),
		vr_format_count(stalls, vrun_json_u64(loop, "stall_count")));
	write_name(out, loop);
	fprintf(out, ", ");
	vr_quote_md_text(out, vrun_json_text(loop, "kind"));
	fprintf(out, " | ");
	vr_quote_md_text(out, vrun_json_text(loop, "thread"));
	fprintf(out, " |\n");
}

static void write_loops(const json_t *loops, FILE *out)
{
	const json_t *loop;
	size_t i;

	if (!json_array_size(loops))
		return;
	fprintf(out,
		"\nIterations of event loops; arrivals wait: what came at any moment, until the "
		"iteration was over, 999 of 1000:\n\n"
		"| iterations | busy %% | p50 | p99 | p99.9 | longest | arrivals wait | stalls "
		"| loop | thread |\n"
		"|--:|--:|--:|--:|--:|--:|--:|--:|---|---|\n");
	json_array_foreach(loops, i, loop) write_loop(loop, out);
}

/* Times of spans that have ended; of others there are none. */
static void write_span(const json_t *span, FILE *out)
{
	char count[VR_UNIT_MAX], time[VR_UNIT_MAX], p50[VR_UNIT_MAX], p99[VR_UNIT_MAX];
	char p999[VR_UNIT_MAX], max[VR_UNIT_MAX];
	char *place = vrun_place(span);

	fprintf(out, "| %s | %s | %s | %s | %s | %s | ",
		vr_format_count(count, vrun_json_u64(span, "count")),
		vr_format_ns(time, vrun_json_u64(span, "time_ns")),
		vr_format_ns(p50, vrun_json_u64(span, "p50_ns")),
		vr_format_ns(p99, vrun_json_u64(span, "p99_ns")),
		vr_format_ns(p999, vrun_json_u64(span, "p999_ns")),
		vr_format_ns(max, vrun_json_u64(span, "max_ns")));
	vr_quote_md_code(out, vrun_json_text(span, "name"));
	fprintf(out, " | ");
	if (*vrun_json_text(span, "function")) {
		write_name(out, span);
		fprintf(out, ", ");
		vr_quote_md_text(out, place);
	}
	fprintf(out, " |\n");
	free(place);
}

static void write_spans(const json_t *spans, FILE *out)
{
	const json_t *span;
	size_t i, rows = 0;

	json_array_foreach(spans, i, span)
	{
		if (!vrun_json_u64(span, "count"))
			continue;
		if (rows++ == 0)
			fprintf(out,
				"\nSpans that the program times itself:\n\n"
				"| spans | together | p50 | p99 | p99.9 | longest | span | the "
				"longest ended in |\n"
				"|--:|--:|--:|--:|--:|--:|---|---|\n");
		write_span(span, out);
	}
}

static void write_call(const json_t *site, FILE *out)
{
	const json_t *frame = vrun_responsible_frame(site);
	char wait[VR_UNIT_MAX], calls[VR_UNIT_MAX], max[VR_UNIT_MAX];
	char *place = vrun_place(frame);

	fprintf(out, "| %s | %s | %s | ", vr_format_ns(wait, vrun_json_u64(site, "wait_ns")),
		vr_format_count(calls, vrun_json_u64(site, "blocked")),
		vr_format_ns(max, vrun_json_u64(site, "max_ns")));
	vr_quote_md_code(out, vrun_json_text(site, "kind"));
	fprintf(out, " | ");
	vr_quote_md_text(out, vrun_json_text(site, "object"));
	fprintf(out, " | ");
	write_name(out, frame);
	fprintf(out, " | ");
	vr_quote_md_text(out, place);
	fprintf(out, " |\n");
	free(place);
}

static bool kept_from_work(const json_t *site)
{
	return vrun_json_u64(site, "blocked_ns") + vrun_json_u64(site, "lock_ns") != 0;
}

static void write_calls(const json_t *sites, FILE *out)
{
	const json_t *site;
	size_t i, rows = 0;

	json_array_foreach(sites, i, site)
	{
		if (!kept_from_work(site))
			continue;
		if (rows++ == 0)
			fprintf(out, "\nCalls that kept threads from their work longest:\n\n"
				     "| together | calls | longest | call | of | in | where |\n"
				     "|--:|--:|--:|---|---|---|---|\n");
		write_call(site, out);
	}
}

/* By whom for most of the time, and what that was in meanwhile. */
static void write_holder(const json_t *holder, FILE *out)
{
	const char *call = vrun_json_text(holder, "cause.call");
	char ns[VR_UNIT_MAX];

	if (!holder)
		return;
	vr_quote_md_text(out, vrun_json_text(holder, "name"));
	fprintf(out, ", %s", vr_format_ns(ns, vrun_json_u64(holder, "ns")));
	if (!*call)
		return;
	fprintf(out, ", %s of it in ", vr_format_ns(ns, vrun_json_u64(holder, "cause.ns")));
	vr_quote_md_code(out, call);
}

static void write_lock(const json_t *lock, FILE *out)
{
	const json_t *path = json_array_get(vrun_json_at(lock, "paths"), 0);
	const json_t *frame = vrun_responsible_frame(path);
	const char *name = vrun_json_text(lock, "name");
	char wait[VR_UNIT_MAX], waits[VR_UNIT_MAX], max[VR_UNIT_MAX];
	char *place = vrun_place(frame);

	fprintf(out, "| %s | %s | %s | ", vr_format_ns(wait, vrun_json_u64(lock, "wait_ns")),
		vr_format_count(waits, vrun_json_u64(lock, "waits")),
		vr_format_ns(max, vrun_json_u64(lock, "max_ns")));
	vr_quote_md_text(out, vrun_json_text(lock, "kind"));
	if (*name) {
		fprintf(out, " ");
		vr_quote_md_code(out, name);
	}
	fprintf(out, " | ");
	write_holder(json_array_get(vrun_json_at(lock, "holders"), 0), out);
	fprintf(out, " | ");
	write_name(out, frame);
	fprintf(out, " | ");
	vr_quote_md_text(out, place);
	fprintf(out, " |\n");
	free(place);
}

/* Those that somebody holds: conditions and joins are waits for work. */
static void write_locks(const json_t *locks, FILE *out)
{
	const json_t *lock;
	size_t i, rows = 0;

	json_array_foreach(locks, i, lock)
	{
		if (json_is_null(vrun_json_at(lock, "held_ns")))
			continue;
		if (rows++ == 0)
			fprintf(out,
				"\nLocks that threads waited for longest:\n\n"
				"| together | waits | longest | lock | held by | waited for in "
				"| where |\n"
				"|--:|--:|--:|---|---|---|---|\n");
		write_lock(lock, out);
	}
}

void vrun_waiting_write(const struct vrun_result *r, FILE *out)
{
	const json_t *slow = vrun_json_at(r->summary, "slow"),
		     *sites = vrun_json_at(r->waits, "sites");
	const json_t *loops = vrun_json_at(r->loops, "loops"),
		     *locks = vrun_json_at(r->locks, "locks"),
		     *spans = vrun_json_at(r->spans, "spans");

	if (!json_array_size(slow) && !json_array_size(loops) && !json_array_size(sites) &&
	    !json_array_size(locks) && !json_array_size(spans))
		return;
	fprintf(out, "\n### %s and loops\n\n",
		json_array_size(spans) ? "Spans, waiting" : "Waiting");
	write_slow(slow, out);
	write_spans(spans, out);
	write_loops(loops, out);
	write_calls(sites, out);
	write_locks(locks, out);
	if (r->file[VRUN_FILE_SPANS_PNG])
		fprintf(out, "\n![how long spans took](%s)\n", r->file[VRUN_FILE_SPANS_PNG]);
	if (r->file[VRUN_FILE_LOOP_PNG])
		fprintf(out, "\n![how long iterations took](%s)\n", r->file[VRUN_FILE_LOOP_PNG]);
}
