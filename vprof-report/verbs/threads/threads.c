#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/order.h"
#include "cli/warn.h"
#include "cli/xalloc.h"
#include "model/cpu.h"
#include "model/locks.h"
#include "model/run.h"
#include "output/out.h"
#include "text/json.h"
#include "text/notes.h"
#include "text/print.h"
#include "text/threads.h"
#include "verbs/threads/books.h"
#include "verbs/threads/fields.h"
#include "verbs/threads/labels.h"
#include "verbs/verb.h"

enum key { BY_CPU, BY_TID, BY_NAME, BY_START, BY_ALLOCS, BY_LIVE, BY_WAIT, BY_RUN_DELAY };

static const struct vr_sort_key sort_keys[] = {
    {"cpu", BY_CPU},	 {"tid", BY_TID},	 {"name", BY_NAME},
    {"start", BY_START}, {"allocs", BY_ALLOCS},	 {"live", BY_LIVE},
    {"wait", BY_WAIT},	 {"runq", BY_RUN_DELAY}, {NULL, 0},
};

#define SPINS_PRINTED 5u
/* Of a thread's life: less is not worth a column. */
#define UNSPLIT_PERCENT_MIN 1.0

struct order {
	enum key key;
	const struct vr_profile *profile;
};

static int compare(const void *a, const void *b, void *arg)
{
	const struct order *order = arg;
	uint32_t i = *(const uint32_t *)a;
	uint32_t k = *(const uint32_t *)b;
	const struct vprof_thread *x = &order->profile->file->thread[i];
	const struct vprof_thread *y = &order->profile->file->thread[k];
	int c = 0;

	switch (order->key) {
	case BY_CPU:
		c = vr_larger_first(vr_cpu_thread_ns(order->profile, i),
				    vr_cpu_thread_ns(order->profile, k));
		break;
	case BY_TID:
		c = vr_smaller_first(x->tid, y->tid);
		break;
	case BY_NAME:
		c = strcmp(x->name, y->name);
		break;
	case BY_START:
		c = vr_smaller_first(x->start_ns, y->start_ns);
		break;
	case BY_ALLOCS:
		c = vr_larger_first(x->allocs, y->allocs);
		break;
	case BY_LIVE:
		c = vr_threads_live(x) > vr_threads_live(y)
			? -1
			: vr_threads_live(x) < vr_threads_live(y);
		break;
	case BY_WAIT:
		c = vr_larger_first(x->lock_wait_ns, y->lock_wait_ns);
		break;
	case BY_RUN_DELAY:
		c = vr_larger_first(x->run_delay_ns, y->run_delay_ns);
		break;
	}
	return c ? c : vr_smaller_first(i, k);
}

/* Rows of the selected threads, the library's own last; free() it. */
static uint32_t *select_rows(struct vr_profile *profile, enum key key, size_t *count)
{
	struct order order = {.key = key, .profile = profile};
	const struct vr_file *file = profile->file;
	uint32_t *row = vr_xcalloc(file->n_threads, sizeof(*row));
	size_t n = 0;

	for (uint32_t i = 0; i < file->n_threads; i++)
		if (profile->keep_thread[i] && vr_profile_thread_used(profile, i))
			row[n++] = i;
	qsort_r(row, n, sizeof(*row), compare, &order);
	for (uint32_t i = 0; i < file->n_threads && !profile->select.thread; i++)
		if (vr_profile_is_helper(profile, i))
			row[n++] = i;
	*count = n;
	return row;
}

static uint64_t total_cpu(const struct vr_profile *profile)
{
	uint64_t total = 0;

	for (uint32_t i = 0; i < profile->file->n_threads; i++)
		if (!vr_profile_is_helper(profile, i))
			total += vr_cpu_thread_ns(profile, i);
	return total;
}

static void print_sheet(const struct vr_rows *rows, const struct vr_field *field, size_t fields,
			const uint32_t *row, size_t count)
{
	struct vr_sheet *sheet = vr_sheet_new(rows, field, fields);

	for (size_t i = 0; i < count && i < rows->ctx->limit; i++)
		vr_sheet_row(sheet, &row[i]);
	vr_sheet_print(sheet);
}

static void print_csv(const struct vr_rows *rows, const uint32_t *row, size_t count)
{
	struct vr_field all[VR_THREADS_FIELDS];
	size_t fields = 0;

	for (size_t i = 0; i < VR_THREADS_PARTS; i++) {
		memcpy(&all[fields], vr_threads_part[i].field,
		       vr_threads_part[i].fields * sizeof(all[0]));
		fields += vr_threads_part[i].fields;
	}
	memcpy(&all[fields], vr_book_field, vr_book_fields * sizeof(all[0]));
	fields += vr_book_fields;
	print_sheet(rows, all, fields, row, count);
}

static void print_spins(const struct vr_rows *rows, const uint32_t *row, size_t count)
{
	const struct vr_threads_view *view = rows->model;
	const struct vr_profile *profile = rows->ctx->profile;
	size_t printed = 0;

	for (size_t i = 0; i < count && i < rows->ctx->limit && printed < SPINS_PRINTED; i++) {
		const struct vprof_thread *thread = &profile->file->thread[row[i]];
		const struct vr_spin *spin = &view->thread[row[i]].spin;
		char *text;

		if (!spin->asks)
			continue;
		text = vr_xprintf("%" PRIu32 " %s spins: %.0f%% of samples ask %s", thread->tid,
				  thread->name, spin->percent, spin->asks);
		text = vr_spin_caller(profile, text, spin);
		fputs("   ", rows->ctx->out);
		vr_print_wrapped(rows->ctx, text, 6);
		free(text);
		printed++;
	}
}

/* Those of the library's thread are not kept, and one without a row of its own has none. */
static void print_books(const struct vr_rows *rows, const uint32_t *row, size_t count)
{
	const struct vr_threads_view *view = rows->model;
	struct vr_sheet *sheet = vr_sheet_new(rows, vr_book_field, vr_book_fields);

	for (size_t i = 0; i < count && i < rows->ctx->limit; i++)
		if (view->book[row[i]].row)
			vr_sheet_row(sheet, &row[i]);
	fprintf(rows->ctx->out, "\nWhere the time went\n");
	vr_sheet_print(sheet);
}

static void print_tables(const struct vr_rows *rows, const uint32_t *row, size_t count)
{
	const struct vr_threads_view *view = rows->model;

	for (size_t i = 0; i < VR_THREADS_PARTS; i++) {
		fprintf(rows->ctx->out, "%s%s\n", i ? "\n" : "", vr_threads_part[i].title);
		print_sheet(rows, vr_threads_part[i].field, vr_threads_part[i].fields, row, count);
		if (i == 0)
			print_spins(rows, row, count);
		if (i == 0 && view->books)
			print_books(rows, row, count);
	}
	vr_print_more(rows->ctx, rows->ctx->limit, count, "threads");
}

static json_t *to_json(const struct vr_rows *rows, const uint32_t *row, size_t count)
{
	const struct vr_threads_view *model = rows->model;
	json_t *root = json_object();
	json_t *threads = json_array();

	for (size_t i = 0; i < count && i < rows->ctx->limit; i++) {
		json_t *thread = json_object();

		for (size_t k = 0; k < VR_THREADS_PARTS; k++)
			vr_json_set_fields(thread, rows, vr_threads_part[k].field,
					   vr_threads_part[k].fields, &row[i]);
		vr_json_set_fields(thread, rows, vr_book_field, vr_book_fields, &row[i]);
		json_array_append_new(threads, thread);
	}
	vr_json_set_u64(root, "cpu_ns", model->cpu_ns);
	json_object_set_new(root, "threads", threads);
	vr_books_to_json(root, rows->ctx->profile->file);
	return root;
}

/* What the kernel did not tell; older libraries did not ask. */
static void warn(const struct vr_context *ctx, const uint32_t *row, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct vprof_thread *thread = &ctx->profile->file->thread[row[i]];

		if (!(thread->flags & (VPROF_THREAD_SCHED_EMPTY | VPROF_THREAD_SCHED_CLOSED)))
			continue;
		if (vr_thread_why_unsplit(thread)) {
			vr_note(ctx, "the run delay of threads is not known: %s",
				vr_thread_why_unsplit(thread));
			return;
		}
	}
}

static int any_unsplit(const struct vr_thread *thread, const uint32_t *row, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (vr_percent(thread[row[i]].unsplit_ns, thread[row[i]].wall_ns) >=
		    UNSPLIT_PERCENT_MIN)
			return 1;
	return 0;
}

/* The books of a thread know no label, so that neither its rows nor its orders are the same. */
static int run_by_label(struct vr_context *ctx)
{
	static const struct {
		int key;
		enum vr_threads_label_key by;
	} keys[] = {{BY_CPU, VR_THREADS_LABEL_CPU},   {BY_TID, VR_THREADS_LABEL_TID},
		    {BY_NAME, VR_THREADS_LABEL_NAME}, {BY_ALLOCS, VR_THREADS_LABEL_ALLOCS},
		    {BY_LIVE, VR_THREADS_LABEL_LIVE}, {BY_WAIT, VR_THREADS_LABEL_WAIT}};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (keys[i].key != ctx->sort)
			continue;
		vr_threads_by_label(ctx, keys[i].by);
		return 0;
	}
	vr_warn("threads --label has no order '%s': it is of a thread as a whole", ctx->sort_name);
	return VR_EXIT_USAGE;
}

static int run(struct vr_context *ctx)
{
	uint64_t *idle_ns;
	struct vr_threads_view threads = {.cpu_ns = total_cpu(ctx->profile)};
	const struct vr_rows rows = {.ctx = ctx, .model = &threads};
	struct vr_thread *thread;
	struct vr_book *book;
	int books;
	size_t count;
	uint32_t *row;

	if (ctx->profile->select.label)
		return run_by_label(ctx);
	threads.idle_ns = idle_ns = vr_locks_idle_ns(ctx->profile->file);
	threads.thread = thread = vr_threads_new(ctx->profile);
	threads.book = book = vr_books_new(ctx->profile, &books);
	threads.books = books;
	row = select_rows(ctx->profile, (enum key)ctx->sort, &count);
	threads.unsplit = any_unsplit(thread, row, count);
	if (ctx->format == VR_FORMAT_JSON)
		ctx->json = to_json(&rows, row, count);
	else if (ctx->format == VR_FORMAT_CSV)
		print_csv(&rows, row, count);
	else
		print_tables(&rows, row, count);
	warn(ctx, row, count);
	if (books)
		vr_books_note(ctx, book);
	free(row);
	free(book);
	free(thread);
	free(idle_ns);
	return 0;
}

const struct vr_verb vr_verb_threads = {
    .name = "threads",
    .summary = "Where each thread began, what its time went into, switches, heap use, waits",
    .usage = "[FILE...]",
    .detail =
	"\"cpu%\", \"runq%\" and \"wait%\" are shares of the thread's life: on a CPU, runnable\n"
	"without one, waiting; \"open%\" is time off the CPU of which nobody could tell which: "
	"the\n"
	"last of a thread that ended. A thread \"spins\" that is on a CPU and asks over and over\n"
	"(the clock, poll, sched_yield, pause). \"switches\" are voluntary, \"forced\" "
	"involuntary.\n"
	"Where the time went, in shares of it: on a CPU (\"kern%\": of that, in the kernel); "
	"idle,\n"
	"in the wait of its own loop; \"pace%\", asleep as long as it asked; \"blkd%\", blocked "
	"in\n"
	"other calls; for a lock; \"pre%\", preempted: able to run while something else did;\n"
	"\"flt%\", for a page; \"unhk%\", off the CPU in nothing the library sees. Each is "
	"measured\n"
	"by itself, and \"rest%\" is what nobody told. Pauses of the recording are in none.\n"
	"\"live\" is what the thread allocated minus what it freed; it is negative for a thread\n"
	"that frees what others allocate. The thread marked \"profiler\" is the library's own and "
	"in\n"
	"no total. \"lock wait\" is for mutexes and rwlocks, \"idle wait\" for conditions and "
	"other\n"
	"threads.\n"
	"With --label, what each thread did under it: CPU time, \"wait\" and \"idle\" as in "
	"labels,\n"
	"iterations of its loops, spans and heap. Where the time went is of no label.",
    .options = VR_TAKES(VR_OPT_SORT, VR_OPT_LIMIT, VR_OPT_FORMAT, VR_OPT_THREAD, VR_OPT_LABEL,
			VR_OPT_TREE, VR_OPT_FULL_NAMES, VR_OPT_FAIL_IF),
    .sort = sort_keys,
    .run = run,
};
