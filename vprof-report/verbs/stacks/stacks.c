#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/units.h"
#include "cli/xalloc.h"
#include "input/read.h"
#include "input/status.h"
#include "model/threads.h"
#include "text/json.h"
#include "text/notes.h"
#include "text/print.h"
#include "text/threads.h"
#include "verbs/ask.h"
#include "verbs/stacks/stacks.h"
#include "verbs/verb.h"

#define FRAMES 24u /* of a stack, where --depth is not given */
#define NAMES  6u  /* of threads that stand alike */

/* Has a process the record mapped?  Nobody would answer through a copy of it. */
static int is_written(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int is = fd >= 0 && vr_status_is_mapped(fd);

	if (fd >= 0)
		close(fd);
	return is;
}

/* A process that runs is asked for what its threads do now; of any other the last dump is
 * shown. */
static int begin(struct vr_context *ctx)
{
	const struct vr_opts *opts = ctx->opts;
	struct vprof_header header;
	struct vr_file *file;
	struct vr_err err;

	for (size_t i = 0; i < opts->operands; i++) {
		char *path = vr_ask_record(opts->operand[i]);
		int runs;

		if (!path)
			return VR_EXIT_USAGE;
		if (strcmp(path, opts->operand[i]) == 0)
			free(path);
		else
			opts->operand[i] = path; /* lives as long as the program */
		if (vr_file_open_head(opts->operand[i], &file, &err) < 0)
			continue; /* it is said when it is read */
		runs = is_written(opts->operand[i]) && file->status == VR_STATUS_RUNNING &&
		       !(file->header.flags & VPROF_F_NO_HELPER);
		vr_file_close(file);
		if (runs && vr_ask(opts->operand[i], VPROF_CTL_STACKS, "", &header) != VR_EXIT_OK)
			return VR_EXIT_USAGE;
	}
	return VR_EXIT_OK;
}

/* What the verb prints from. */
struct page {
	struct vr_context *ctx;
	const struct vr_dumped *dumped;
	const struct vr_thread *threads;
};

static char *name_of(const struct page *page, const struct vprof_dump *row)
{
	const struct vr_profile *profile = page->ctx->profile;
	char *name = vr_thread_text(profile, page->threads, row->thread);
	char *text =
	    vr_xprintf("%s (tid %" PRIu32 ")", name, profile->file->thread[row->thread].tid);

	free(name);
	return text;
}

static char *add_target(char *text, const struct page *page, const struct vprof_dump *row,
			const char *joint)
{
	char *target = vr_stacks_target(page->ctx->profile, row);

	if (target)
		text = vr_xappend(text, "%s%s", joint, target);
	free(target);
	return text;
}

/* "in fsync of /data/journal, for 2.1 s". */
static char *doing(const struct page *page, const struct vprof_dump *row)
{
	const struct vr_file *file = page->ctx->profile->file;
	const char *call = vr_file_string(file, row->call);
	const char *wchan = vr_file_string(file, row->wchan);
	uint64_t waited = vr_dump_waited_ns(row);
	char time[VR_UNIT_MAX];
	char *text;

	if (row->flags & VPROF_DUMP_STOPPED)
		return vr_xstrdup("stopped, by a signal or a debugger");
	if (row->state == VPROF_DUMP_RUNNING)
		return vr_xstrdup(row->node == VPROF_NODE_ROOT
				      ? "runs"
				      : "runs; the stack is that of its last sample");
	if (row->state == VPROF_DUMP_FAULT)
		text = vr_xstrdup("waits for a page");
	else if (!*call)
		text = vr_xstrdup("what it does is not known");
	else
		text = vr_xprintf(row->flags & VPROF_DUMP_IDLE ? "idle in %s" : "in %s", call);
	text = add_target(text, page, row, " of ");
	if (waited)
		text = vr_xappend(text, ", for %s", vr_format_ns(time, waited));
	if (*wchan && row->state != VPROF_DUMP_CALL)
		text = vr_xappend(text, " [%s]", wchan);
	if (row->flags & VPROF_DUMP_GUESSED)
		text = vr_xappend(text, "; its frame pointer is a guess");
	return text;
}

static void print_line(const struct page *page, const char *indent, char *text)
{
	fputs(indent, page->ctx->out);
	vr_print_wrapped(page->ctx, text, (int)strlen(indent) + 2);
	free(text);
}

/* "a (tid 1) waits for x, which b (tid 2) has; b (tid 2) waits for y, which a (tid 1) has". */
static void print_cycle(const struct page *page, size_t first, uint8_t *said)
{
	const struct vr_dump_thread *thread = page->dumped->thread;
	char *text = vr_xstrdup("Deadlock:");
	size_t at = first;

	do {
		char *who = name_of(page, thread[at].row), *whom;
		size_t next = thread[at].waits_for;

		said[at] = 1;
		text = vr_xappend(text, "%s %s waits for", at == first ? "" : ";", who);
		text = add_target(text, page, thread[at].row, " ");
		free(who);
		if (next == VPROF_NONE) /* it is not selected */
			break;
		whom = next == at ? vr_xstrdup("itself") : name_of(page, thread[next].row);
		text = vr_xappend(text, next == at ? ", which it has %s" : ", which %s has", whom);
		free(whom);
		at = next;
	} while (at != first && !said[at]);
	print_line(page, "", text);
}

static void print_cycles(const struct page *page)
{
	uint8_t *said = vr_xcalloc(page->dumped->count + 1, 1);

	for (size_t i = 0; i < page->dumped->in_cycles; i++)
		if (!said[i])
			print_cycle(page, i, said);
	free(said);
}

/* Do both threads say the same of themselves? */
static int stand_alike(const struct vprof_dump *a, const struct vprof_dump *b)
{
	return a->node == b->node && a->state == b->state && a->flags == b->flags &&
	       a->call == b->call && a->target == b->target && a->object == b->object &&
	       a->waits_for == VPROF_NONE && b->waits_for == VPROF_NONE && !a->held[0] &&
	       !b->held[0] && a->node != VPROF_NODE_ROOT && !a->span && !b->span;
}

static void print_names(const struct page *page, const size_t *place, size_t count)
{
	char *text = count > 1 ? vr_xprintf("%zu threads:", count) : vr_xstrdup("");

	for (size_t i = 0; i < count && i < NAMES; i++) {
		char *name = name_of(page, page->dumped->thread[place[i]].row);

		text = vr_xappend(text, "%s%s", i ? ", " : count > 1 ? " " : "", name);
		free(name);
	}
	if (count > NAMES)
		text = vr_xappend(text, ", and %zu more", count - NAMES);
	fputc('\n', page->ctx->out);
	print_line(page, "", text);
}

static void print_thread(const struct page *page, const size_t *place, size_t count)
{
	const struct vr_dump_thread *one = &page->dumped->thread[place[0]];
	size_t frames =
	    vr_opts_given(page->ctx->opts, VR_OPT_DEPTH) ? page->ctx->opts->depth : FRAMES;
	char *held = vr_stacks_held(page->ctx->profile, one->row);

	print_names(page, place, count);
	print_line(page, "   ", doing(page, one->row));
	if (*vr_dump_span(page->ctx->profile, one->row)) {
		char time[VR_UNIT_MAX];

		print_line(page, "   ",
			   vr_xprintf("in span %s, for %s",
				      vr_dump_span(page->ctx->profile, one->row),
				      vr_format_ns(time, vr_dump_span_ns(one->row))));
	}
	if (one->waits_for != VPROF_NONE) {
		char *whom = name_of(page, page->dumped->thread[one->waits_for].row);

		print_line(page, "   ", vr_xprintf("waits for %s", whom));
		free(whom);
	}
	if (held)
		print_line(page, "   ", vr_xprintf("has %s", held));
	free(held);
	vr_print_stack(page->ctx, one->row->node, "      ", frames);
}

static void print_threads(const struct page *page)
{
	const struct vr_dumped *dumped = page->dumped;
	uint8_t *said = vr_xcalloc(dumped->count + 1, 1);
	size_t *alike = vr_xcalloc(dumped->count + 1, sizeof(*alike));
	size_t printed = 0, left = dumped->count;

	for (size_t i = 0; i < dumped->count && printed < page->ctx->limit; i++) {
		size_t count = 0;

		for (size_t k = i; k < dumped->count && !said[i]; k++)
			if (k == i ||
			    (!said[k] && stand_alike(dumped->thread[i].row, dumped->thread[k].row)))
				alike[count++] = k;
		for (size_t k = 0; k < count; k++)
			said[alike[k]] = 1;
		if (count)
			print_thread(page, alike, count);
		printed += count != 0;
		left -= count;
	}
	if (left)
		fprintf(page->ctx->out, "\n%zu more thread%s; -n 0 shows all\n", left,
			vr_plural(left));
	free(alike);
	free(said);
}

static void print_table(const struct page *page)
{
	const struct vr_dumped *dumped = page->dumped;
	char time[VR_UNIT_MAX];

	fprintf(page->ctx->out, "%zu thread%s at %s%s\n", dumped->count, vr_plural(dumped->count),
		vr_format_ns(time, dumped->t_ns),
		dumped->why == VPROF_DUMP_HANG ? ", because something hung" : "");
	print_cycles(page);
	print_threads(page);
}

static json_t *to_json(const struct vr_rows *rows, const struct vr_dumped *dumped)
{
	json_t *root = json_object();
	json_t *threads = json_array();

	vr_json_set_u64(root, "number", dumped->number);
	vr_json_set_u64(root, "at_ns", dumped->t_ns);
	vr_json_set_text(root, "why", dumped->why == VPROF_DUMP_HANG ? "hang" : "asked");
	json_object_set_new(root, "deadlock", json_boolean(dumped->in_cycles != 0));
	for (size_t i = 0; i < dumped->count && i < rows->ctx->limit; i++)
		json_array_append_new(threads,
				      vr_json_fields(rows, vr_stacks_fields, vr_stacks_fields_count,
						     &dumped->thread[i]));
	json_object_set_new(root, "threads", threads);
	return root;
}

static void print_csv(const struct vr_rows *rows, const struct vr_dumped *dumped)
{
	struct vr_sheet *sheet = vr_sheet_new(rows, vr_stacks_fields, vr_stacks_fields_count);

	for (size_t i = 0; i < dumped->count && i < rows->ctx->limit; i++)
		vr_sheet_row(sheet, &dumped->thread[i]);
	vr_sheet_print(sheet);
}

static int run(struct vr_context *ctx)
{
	const struct vr_rows rows = {.ctx = ctx};
	struct vr_dumped *dumped = vr_dumped_new(ctx->profile);
	struct vr_thread *threads = vr_threads_new(ctx->profile);

	if (!dumped->number)
		vr_note(ctx, "there is no dump of its threads: it was not asked for one while it "
			     "ran, and nothing hung");
	if (ctx->format == VR_FORMAT_JSON)
		ctx->json = to_json(&rows, dumped);
	else if (ctx->format == VR_FORMAT_CSV)
		print_csv(&rows, dumped);
	else if (dumped->number)
		print_table(&(struct page){ctx, dumped, threads});
	vr_warn_symbols(ctx);
	free(threads);
	vr_dumped_free(dumped);
	return 0;
}

const struct vr_verb vr_verb_stacks = {
    .name = "stacks",
    .summary = "What every thread does now: stack, what it has and waits for, deadlock",
    .usage = "[FILE|PID...]",
    .detail =
	"A process that runs is asked through its record, and answers at its next tick: nothing\n"
	"attaches to it, no signal is sent and no thread is stopped. Of one that has ended the\n"
	"last dump is shown: one that was asked for (`ctl FILE stacks`), or was made because\n"
	"something hung (VPROF_OPTIONS=hang=SECONDS).\n"
	"A thread that waits has the stack that it waits at; one that runs has that of its last\n"
	"sample. Who has a mutex, or writes under a rwlock, libc tells; of readers, semaphores\n"
	"and conditions nobody does. \"has\" lists locks that others wait for. A name in brackets\n"
	"is the kernel's function, where nothing but the kernel knows of the wait.\n"
	"--depth: frames of each stack, 24 unless given.",
    .options = VR_TAKES(VR_OPT_LIMIT, VR_OPT_FORMAT, VR_OPT_THREAD, VR_OPT_DEPTH, VR_OPT_NAMES,
			VR_OPT_NAMING),
    .begin = begin,
    .no_label = "what threads do at a moment is recorded without; flat and waits --label K=V say "
		"where a label's time went",
    .run = run,
};
