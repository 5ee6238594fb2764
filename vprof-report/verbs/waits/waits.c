#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/columns.h"
#include "cli/units.h"
#include "cli/xalloc.h"
#include "model/locks.h"
#include "model/run.h"
#include "output/out.h"
#include "text/fields.h"
#include "text/json.h"
#include "text/lock_names.h"
#include "text/notes.h"
#include "text/print.h"
#include "text/sites.h"
#include "verbs/verb.h"
#include "verbs/waits/fields.h"

static const struct vr_sort_key sort_keys[] = {
    {"wait", VR_CALLS_WAIT},   {"calls", VR_CALLS_CALLS}, {"max", VR_CALLS_MAX},
    {"bytes", VR_CALLS_BYTES}, {"p99", VR_CALLS_P99},	  {NULL, 0},
};

/* Frames printed under a site, and sites where -n is not given. */
#define STACK_FRAMES 8u
#define TOP_STACKS   5u

/* Time in calls that was no wait for what they call is told where it is more than this part. */
#define DELAY_PART 10u

static json_t *to_json(const struct vr_rows *rows, const size_t *order)
{
	const struct vr_calls *calls = ((const struct vr_waits_view *)rows->model)->calls;
	json_t *root = json_object(), *sites = json_array();

	json_object_set_new(
	    root, "totals",
	    vr_json_fields(rows, vr_waits_totals, vr_waits_totals_count, &calls->sum));
	for (size_t i = 0; i < calls->n_sites && i < rows->ctx->limit; i++)
		json_array_append_new(sites,
				      vr_json_fields(rows, vr_waits_fields, vr_waits_fields_count,
						     &calls->site[order[i]]));
	json_object_set_new(root, "sites", sites);
	return root;
}

/* --- the screen ------------------------------------------------------------------- */

/* Sites of a view, those with nothing of what is asked for left out; free() it. */
static struct vr_site_row *choose(const struct vr_context *ctx, const struct vr_waits_view *view,
				  const size_t *order, size_t *count)
{
	struct vr_site_row *row = vr_xcalloc(view->calls->n_sites + 1, sizeof(*row));
	enum vr_calls_key key = (enum vr_calls_key)ctx->sort;

	*count = 0;
	for (size_t i = 0; i < view->calls->n_sites; i++) {
		const struct vr_call_site *site = &view->calls->site[order[i]];
		int waits = vr_waits_ns(view, &site->sum) > 0;

		/* By calls or bytes those count too that returned at once. */
		if (!view->idle && key != VR_CALLS_WAIT && vr_calls_value(site, key))
			waits |= !vr_calls_idle_ns(&site->sum);
		if (waits || ctx->format == VR_FORMAT_CSV)
			row[(*count)++] = (struct vr_site_row){site, site->node};
	}
	return row;
}

/* Clean, and no longer than people read unless names are to be whole; takes the text. */
static char *shorten(const struct vr_context *ctx, char *text)
{
	char *clean = vr_text_clean(text);

	if (!ctx->profile->select.full_names)
		vr_text_shorten(clean, VR_CAPTION_MOST, 1);
	free(text);
	return clean;
}

/* The part may be of calls besides that did not last. */
static char *add_part(char *text, uint64_t part_ns, uint64_t waited_ns, const char *what)
{
	char part[VR_UNIT_MAX];

	if (!part_ns)
		return text;
	return vr_xappend(text, "; %s %s",
			  part_ns < waited_ns ? vr_format_ns(part, part_ns) : "all", what);
}

/* Of a semaphore or a barrier: who ended most of the waits for it. */
static char *add_waker(struct vr_context *ctx, char *text, const struct vr_woken *woken)
{
	char *waker;

	if (!woken)
		return text;
	waker = vr_waker_text(ctx->profile, woken->waker);
	text = vr_xappend(text, "; woken %s", waker);
	free(waker);
	return text;
}

static void print_stack(struct vr_context *ctx, const struct vr_waits_view *view, size_t rank,
			const struct vr_call_site *site)
{
	char wait[VR_UNIT_MAX], calls[VR_UNIT_MAX], most[VR_UNIT_MAX], part[VR_UNIT_MAX];
	char *object = shorten(ctx, vr_waits_object(ctx->profile, site)), *text;
	char *name = shorten(ctx, vr_xstrdup(*site->name ? site->name : "a function"));
	uint64_t waited = vr_waits_ns(view, &site->sum);

	vr_format_count(calls, site->sum.calls);
	if (waited)
		text = vr_xprintf("%s in %s call%s of %s, at most %s", vr_format_ns(wait, waited),
				  calls, vr_plural(site->sum.calls), name,
				  vr_format_ns(most, vr_call_max_ns(site)));
	else
		text = vr_xprintf("%s call%s of %s, none of which lasted", calls,
				  vr_plural(site->sum.calls), name);
	if (*object)
		text = vr_xappend(text, ", for %s%s", object,
				  site->targets_differ ? " and others" : "");
	if (!view->idle) {
		text = add_part(text, site->sum.on_loop_ns, waited, "within a loop's iterations");
		text = add_part(text, site->sum.under_lock_ns, waited, "while it held a lock");
	}
	if (site->sum.failed)
		text = vr_xappend(text, "; %s failed", vr_format_count(part, site->sum.failed));
	text = add_waker(ctx, text, vr_waits_woken(view->wakers, site));
	fprintf(ctx->out, "\n#%zu  ", rank);
	vr_print_wrapped(ctx, text, 6);
	vr_print_stack(ctx, site->node, "      ", STACK_FRAMES);
	free(object);
	free(name);
	free(text);
}

static void print_view(struct vr_context *ctx, const struct vr_waits_view *view,
		       const size_t *order)
{
	const struct vr_rows rows = {.ctx = ctx, .model = view};
	size_t stacks = vr_opts_given(ctx->opts, VR_OPT_LIMIT) ? ctx->limit : TOP_STACKS;
	size_t count, shown;
	struct vr_site_row *row = choose(ctx, view, order, &count);

	shown = count < ctx->limit ? count : ctx->limit;
	if (ctx->format == VR_FORMAT_TABLE && count)
		fprintf(ctx->out, "\n%s\n",
			view->idle ? "Waits for work, and pauses" : "Kept from work");
	if (ctx->format == VR_FORMAT_TABLE && !count && !view->idle)
		vr_print_none(ctx, "no call kept a thread from its work");
	if (count || ctx->format == VR_FORMAT_CSV)
		vr_sites_print(&rows, vr_waits_fields, vr_waits_fields_count, row, shown);
	vr_print_more(ctx, shown, count, "sites");
	for (size_t i = 0; ctx->format == VR_FORMAT_TABLE && i < shown && i < stacks; i++)
		print_stack(ctx, view, i + 1, row[i].row);
	free(row);
}

static void print_line(struct vr_context *ctx, char *text)
{
	fputs("   ", ctx->out);
	vr_print_wrapped(ctx, text, 6);
	free(text);
}

/* Sums over threads may exceed the clock's time: what they are shares of is said with them. */
static void print_header(struct vr_context *ctx, const struct vr_calls *calls)
{
	const struct vr_waits_view kept = {calls, 0, NULL}, idle = {calls, 1, NULL};
	const struct vprof_thread *thread = &ctx->profile->file->thread[calls->kept_thread];
	char a[VR_UNIT_MAX], b[VR_UNIT_MAX];
	uint64_t wait = vr_waits_ns(&kept, &calls->sum), left = vr_waits_ns(&idle, &calls->sum);
	/* What calls without a row took is not known. */
	const char *bound = ctx->profile->file->header.lost[VPROF_LOST_CALLS] ? "at least " : "";

	print_line(ctx, vr_xprintf("kept from work: %s%s, %.1f%% of %.1f thread-seconds "
				   "(mean %.2f threads)",
				   bound, vr_format_ns(a, wait), vr_waits_share(&kept, &calls->sum),
				   (double)calls->thread_ns / 1e9,
				   calls->wall_ns ? (double)wait / (double)calls->wall_ns : 0));
	/* Who was long in a call need not have waited for what it calls. */
	if (calls->booked_ns >= wait - wait / DELAY_PART) {
		if (calls->off_cpu_ns < wait - wait / DELAY_PART)
			print_line(ctx, vr_xprintf("of it %s off the CPU; in the rest they ran, or "
						   "waited for a CPU",
						   vr_format_ns(a, calls->off_cpu_ns)));
	} else if (calls->run_delay_ns > wait / DELAY_PART) {
		print_line(ctx, vr_xprintf("runnable without a CPU, partly within these calls: %s "
					   "(`vprof-report threads`)",
					   vr_format_ns(a, calls->run_delay_ns)));
	}
	if (calls->kept_thread && calls->kept_ns)
		print_line(
		    ctx, vr_xprintf("most of it by thread %s (%" PRIu32 "): %s, %.1f%% of its life",
				    thread->name, thread->tid, vr_format_ns(a, calls->kept_ns),
				    vr_percent(calls->kept_ns, calls->kept_life_ns)));
	if (left)
		print_line(
		    ctx,
		    vr_xprintf("waits for work, and pauses: %s (%.1f%%)%s", vr_format_ns(a, left),
			       vr_waits_share(&idle, &calls->sum),
			       ctx->profile->select.idle ? "" : ", left out; --idle shows them"));
	print_line(
	    ctx, calls->windowed
		     ? vr_xprintf("%s call%s of 10 us and longer; shorter ones are not known",
				  vr_format_count(a, calls->sum.calls), vr_plural(calls->sum.calls))
		     : vr_xprintf("%s call%s, %s of them of 10 us and longer",
				  vr_format_count(a, calls->sum.calls), vr_plural(calls->sum.calls),
				  vr_format_count(b, calls->sum.blocked)));
}

/* Waits that have rows of their own. */
static void print_locks(struct vr_context *ctx)
{
	struct vr_locks *locks = vr_locks_new(ctx->profile);
	struct vr_wait_sum held = vr_locks_held(locks);
	char time[VR_UNIT_MAX];

	if (held.waits)
		fprintf(ctx->out, "   waits for mutexes and rwlocks, in `vprof-report locks`: %s\n",
			vr_format_ns(time, held.wait_ns));
	vr_locks_free(locks);
}

static void warn(const struct vr_context *ctx, const struct vr_calls *calls)
{
	const struct vr_file *file = ctx->profile->file;
	uint64_t lost = file->header.lost[VPROF_LOST_CALLS];
	char oldest[VR_UNIT_MAX], count[VR_UNIT_MAX];

	if (calls->window_cut)
		vr_note(ctx,
			"the ring has wrapped: calls before %s are gone, the window begins there",
			vr_format_ns(oldest, file->oldest_event_ns));
	if (lost)
		vr_note(ctx, "the call table was full: %s call%s no row; run with a larger size=",
			vr_format_count(count, lost), lost == 1 ? " has" : "s have");
}

/* 1: no calls were recorded, which is said. */
static int is_unknown(struct vr_context *ctx)
{
	const struct vr_file *file = ctx->profile->file;
	const struct vprof_header *h = &file->header;
	const char *why = NULL;

	if (file->n_calls || h->layers & VPROF_LAYER_CALLS)
		return 0;
	if (!VPROF_HEADER_SECTION(h, VPROF_SEC_CALLS)->row_bytes)
		why = "an older library wrote it";
	else if (strstr(vr_file_string(file, h->options), "waits=off"))
		why = "waits=off";
	if (why)
		vr_note(ctx, "no calls that may block are in this record: %s", why);
	return why != NULL;
}

static int run(struct vr_context *ctx)
{
	struct vr_calls *calls = vr_calls_new(ctx->profile);
	struct vr_wakers *wakers = vr_wakers_new(ctx->profile);
	const struct vr_waits_view kept = {calls, 0, wakers}, idle = {calls, 1, wakers};
	const struct vr_rows rows = {.ctx = ctx, .model = &kept};
	enum vr_calls_key key = (enum vr_calls_key)ctx->sort;
	size_t *order = vr_calls_order(calls, key);
	size_t *idle_order = vr_calls_order(calls, key == VR_CALLS_WAIT ? VR_CALLS_IDLE : key);
	int unknown = is_unknown(ctx);

	warn(ctx, calls);
	if (ctx->format == VR_FORMAT_JSON) {
		ctx->json = to_json(&rows, order);
	} else if (ctx->format == VR_FORMAT_CSV) {
		print_view(ctx, &kept, order);
	} else if (!calls->n_sites) {
		if (!unknown)
			vr_print_none(ctx, "no call that may block was made");
	} else {
		print_header(ctx, calls);
		print_locks(ctx);
		fprintf(ctx->out, "   Ordered by: %s\n", sort_keys[ctx->sort].name);
		print_view(ctx, &kept, order);
		if (ctx->profile->select.idle)
			print_view(ctx, &idle, idle_order);
	}
	vr_warn_symbols(ctx);
	free(order);
	free(idle_order);
	vr_wakers_free(wakers);
	vr_calls_free(calls);
	return 0;
}

const struct vr_verb vr_verb_waits = {
    .name = "waits",
    .summary = "Calls that may block: how long, for what, called from where",
    .usage = "[FILE...]",
    .detail = "One row is one function of libc (read, fsync, connect, getaddrinfo ...) and the\n"
	      "call path it was called from. \"wait\" is what its calls kept their threads from\n"
	      "work; waiting for work (the wait of a thread's own loop, accept, poll) and time\n"
	      "that was asked to pass (sleep) are left out unless --idle is given: within an\n"
	      "iteration of a loop they count as well. share% is of the lives of the threads\n"
	      "together. \"lasted\": calls of 10 us and longer. In a window (--since, --until) a\n"
	      "call counts where it ended, and shorter ones and bytes are not known.\n"
	      "Waits for mutexes, conditions and threads are in `locks`.",
    .options = VR_TAKES(VR_OPT_SORT, VR_OPT_LIMIT, VR_OPT_FORMAT, VR_OPT_THREAD, VR_OPT_WINDOW,
			VR_OPT_LABEL, VR_OPT_MODULE, VR_OPT_IDLE, VR_OPT_TREE, VR_OPT_NAMES,
			VR_OPT_NAMING, VR_OPT_FAIL_IF),
    .sort = sort_keys,
    .limit = 10,
    .run = run,
};
