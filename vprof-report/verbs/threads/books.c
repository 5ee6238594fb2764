#include "verbs/threads/books.h"

#include <inttypes.h>
#include <stdlib.h>

#include "cli/xalloc.h"
#include "model/calls.h"
#include "model/cpu.h"
#include "model/run.h"
#include "text/json.h"
#include "text/names.h"
#include "text/notes.h"
#include "verbs/threads/fields.h"

/* Of a thread's time: less is not worth a column. */
#define COLUMN_PERCENT_MIN 0.05
/* Samples that tell how a thread's CPU time is split. */
#define SPLIT_SAMPLES 20u

/* Time of samples in the kernel, by thread. */
static void add_kernel(const struct vr_file *file, struct vr_book *book)
{
	for (uint32_t i = 1; i < file->n_cpus; i++) {
		const struct vprof_cpu *cpu = &file->cpu[i];
		uint64_t module = file->node[cpu->node].where >> VPROF_WHERE_MODULE_SHIFT;

		if (module == VPROF_MODULE_KERNEL)
			book[cpu->thread].kernel_ns += cpu->weight_ns;
	}
}

/* Where the kernel is not sampled, its time is what the samples do not cover. */
static void find_kernel(struct vr_profile *profile, struct vr_book *book)
{
	const struct vr_file *file = profile->file;
	int unsampled = (file->header.flags & VPROF_F_EXCLUDE_KERNEL) != 0;

	add_kernel(file, book);
	for (uint32_t i = 1; i < file->n_threads; i++) {
		uint64_t cpu_ns = vr_cpu_thread_ns(profile, i),
			 user_ns = file->thread[i].sampled_ns;

		book[i].kernel_known = file->thread[i].samples >= SPLIT_SAMPLES;
		if (unsampled)
			book[i].kernel_ns = cpu_ns > user_ns ? cpu_ns - user_ns : 0;
	}
}

struct vr_book *vr_books_new(struct vr_profile *profile, int *any)
{
	const struct vr_file *file = profile->file;
	struct vr_book *book = vr_xcalloc(file->n_threads + 1u, sizeof(*book));

	*any = 0;
	for (uint32_t i = 0; i < file->n_books; i++) {
		const struct vprof_book *row = &file->book[i];

		if (!row->until_ns)
			continue;
		book[row->thread].row = row;
		*any = 1;
	}
	find_kernel(profile, book);
	return book;
}

static const struct vr_book *book_of(const struct vr_rows *rows, const void *row)
{
	const struct vr_threads_view *threads = rows->model;

	return &threads->book[*(const uint32_t *)row];
}

static uint64_t known_ns(const struct vprof_book *row)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < VPROF_CLASS_COUNT; i++)
		sum += row->ns[i];
	return sum;
}

/* What nobody told; negative where classes overlap by the differences of two clocks. */
static int64_t residual_ns(const struct vprof_book *row)
{
	return (int64_t)(row->recorded_ns - known_ns(row));
}

static void set_ns(const struct vr_book *book, uint64_t ns, struct vr_value *value)
{
	value->cell.null = !book->row;
	value->cell.u = ns;
}

static void set_percent(const struct vr_book *book, double ns, struct vr_value *value)
{
	value->cell.null = !book->row || !book->row->recorded_ns;
	if (!value->cell.null)
		value->cell.f = 100.0 * ns / (double)book->row->recorded_ns;
}

/* A column where some thread that is printed, or not, has such time. */
static int class_applies(const struct vr_rows *rows, enum vprof_class class)
{
	const struct vr_threads_view *threads = rows->model;

	for (uint32_t i = 1; i < rows->ctx->profile->file->n_threads; i++) {
		const struct vprof_book *row = threads->book[i].row;

		if (row && rows->ctx->profile->keep_thread[i] &&
		    vr_percent(row->ns[class], row->recorded_ns) >= COLUMN_PERCENT_MIN)
			return 1;
	}
	return 0;
}

#define CLASS(name, CONSTANT)                                                                      \
	static void get_##name(const struct vr_rows *rows, const void *row,                        \
			       struct vr_value *value)                                             \
	{                                                                                          \
		const struct vr_book *book = book_of(rows, row);                                   \
                                                                                                   \
		set_ns(book, book->row ? book->row->ns[CONSTANT] : 0, value);                      \
	}                                                                                          \
	static void get_##name##_percent(const struct vr_rows *rows, const void *row,              \
					 struct vr_value *value)                                   \
	{                                                                                          \
		const struct vr_book *book = book_of(rows, row);                                   \
                                                                                                   \
		set_percent(book, book->row ? (double)book->row->ns[CONSTANT] : 0, value);         \
	}                                                                                          \
	static int has_##name(const struct vr_rows *rows)                                          \
	{                                                                                          \
		return class_applies(rows, CONSTANT);                                              \
	}
CLASS(run, VPROF_CLASS_RUN)
CLASS(idle, VPROF_CLASS_IDLE)
CLASS(paced, VPROF_CLASS_PACED)
CLASS(blocked, VPROF_CLASS_BLOCKED)
CLASS(lock, VPROF_CLASS_LOCK)
CLASS(preempted, VPROF_CLASS_PREEMPTED)
CLASS(fault, VPROF_CLASS_FAULT)
CLASS(unhooked, VPROF_CLASS_UNHOOKED)

static void get_kernel(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_book *book = book_of(rows, row);

	set_ns(book, book->kernel_ns, value);
	value->cell.null |= !book->kernel_known;
}

static void get_kernel_percent(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_book *book = book_of(rows, row);

	set_percent(book, (double)book->kernel_ns, value);
	value->cell.null |= !book->kernel_known;
}

static int has_kernel(const struct vr_rows *rows)
{
	const struct vr_threads_view *threads = rows->model;

	for (uint32_t i = 1; i < rows->ctx->profile->file->n_threads; i++)
		if (threads->book[i].row && threads->book[i].kernel_known &&
		    vr_percent(threads->book[i].kernel_ns, threads->book[i].row->recorded_ns) >=
			COLUMN_PERCENT_MIN)
			return 1;
	return 0;
}

static void get_residual(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_book *book = book_of(rows, row);

	value->cell.null = !book->row;
	value->cell.i = book->row ? residual_ns(book->row) : 0;
}

static void get_residual_percent(const struct vr_rows *rows, const void *row,
				 struct vr_value *value)
{
	const struct vr_book *book = book_of(rows, row);

	set_percent(book, book->row ? (double)residual_ns(book->row) : 0, value);
	if (value->cell.f > -COLUMN_PERCENT_MIN && value->cell.f < 0)
		value->cell.f = 0;
}

static json_t *layers_json(uint32_t layers)
{
	json_t *list = json_array();

	for (unsigned i = 0; vr_layer_name(i); i++)
		if (layers & 1u << i)
			json_array_append_new(list, json_string(vr_layer_name(i)));
	return list;
}

static void get_books(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vprof_book *book = book_of(rows, row)->row;
	json_t *longest, *times;

	value->json = json_null();
	if (!book)
		return;
	value->json = json_object();
	longest = json_object();
	times = json_object();
	for (unsigned i = 0; i < VPROF_CLASS_COUNT; i++) {
		char *key = vr_xprintf("%s_ns", vr_class_name(i));

		vr_json_set_u64(value->json, key, book->ns[i]);
		vr_json_set_u64(longest, key, book->longest_ns[i]);
		vr_json_set_u64(times, vr_class_name(i), book->times[i]);
		free(key);
	}
	json_object_set_new(value->json, "residual_ns", json_integer(residual_ns(book)));
	vr_json_set_u64(value->json, "recorded_ns", book->recorded_ns);
	vr_json_set_u64(value->json, "unwatched_ns", book->unwatched_ns);
	vr_json_set_u64(value->json, "until_ns", book->until_ns);
	if (book_of(rows, row)->kernel_known)
		vr_json_set_u64(value->json, "kernel_ns", book_of(rows, row)->kernel_ns);
	else
		json_object_set_new(value->json, "kernel_ns", json_null());
	json_object_set_new(value->json, "times", times);
	json_object_set_new(value->json, "longest", longest);
	vr_json_set_u64(value->json, "records", book->switches);
	vr_json_set_u64(value->json, "records_without_half", book->without_half);
	json_object_set_new(value->json, "layers", layers_json(book->layers));
}

#define COLUMN(name, title)                                                                        \
	{#name "_ns", "", VR_NS, VR_IN_CSV, .get = get_##name},                                    \
	{                                                                                          \
		"", title, VR_PERCENT, VR_IN_TABLE, .get = get_##name##_percent,                   \
						    .applies = has_##name                          \
	}

const struct vr_field vr_book_field[] = {
    VR_THREAD_NAMES(VR_IN_TABLE),
    {"books", "", VR_TEXT, VR_IN_JSON, .get = get_books},
    COLUMN(run, "run%"),
    {"kernel_ns", "", VR_NS, VR_IN_CSV, .get = get_kernel},
    {"", "kern%", VR_PERCENT, VR_IN_TABLE, .get = get_kernel_percent, .applies = has_kernel},
    COLUMN(idle, "idle%"),
    COLUMN(paced, "pace%"),
    COLUMN(blocked, "blkd%"),
    COLUMN(lock, "lock%"),
    COLUMN(preempted, "pre%"),
    COLUMN(fault, "flt%"),
    COLUMN(unhooked, "unhk%"),
    /* The one unit with a sign: in CSV a number as it is. */
    {"residual_ns", "", VR_SBYTES, VR_IN_CSV, .get = get_residual},
    {"", "rest%", VR_PERCENT, VR_IN_TABLE, .get = get_residual_percent},
};
const size_t vr_book_fields = sizeof(vr_book_field) / sizeof(vr_book_field[0]);

/* NULL: nothing is missing, or an older library wrote the record. */
static const char *missing_layers(const struct vr_file *file)
{
	const char *note = vr_file_string(file, file->header.layers_note);

	return file->header.layers_note && note && *note ? note : NULL;
}

void vr_books_to_json(json_t *root, const struct vr_file *file)
{
	const char *note = missing_layers(file);

	json_object_set_new(root, "layers", layers_json(file->header.layers));
	json_object_set_new(root, "layers_missing", note ? json_string(note) : json_null());
}

void vr_books_note(const struct vr_context *ctx, const struct vr_book *book)
{
	const struct vr_file *file = ctx->profile->file;
	const char *missing = missing_layers(file);
	uint32_t rough = 0;

	for (uint32_t i = 1; i < file->n_threads; i++)
		rough += book[i].row && !(book[i].row->layers & VPROF_LAYER_SWITCHES);
	if (missing)
		vr_note(ctx, "books lack: %s", missing);
	if (rough && file->header.layers & VPROF_LAYER_SWITCHES)
		vr_note(ctx,
			"books of %" PRIu32
			" thread%s come from calls and run delay alone: too short, "
			"or switching too often, for a record of each switch",
			rough, rough == 1 ? "" : "s");
}
