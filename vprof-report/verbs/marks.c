#include <stdlib.h>
#include <string.h>

#include "cli/xalloc.h"
#include "output/out.h"
#include "text/json.h"
#include "text/notes.h"
#include "text/print.h"
#include "verbs/verb.h"

enum key { BY_FIRST, BY_COUNT, BY_NAME };

static const struct vr_sort_key sort_keys[] = {
    {"first", BY_FIRST},
    {"count", BY_COUNT},
    {"name", BY_NAME},
    {NULL, 0},
};

/* A mark with what the events tell of it. */
struct row {
	const char *name;
	struct vprof_mark mark;
	uint64_t kept;			/* events in the ring and the window */
	uint64_t heap_first, heap_last; /* live bytes at the first and last of these */
};

static enum key order; /* qsort has no argument for its caller */

static int compare(const void *a, const void *b)
{
	const struct row *x = a;
	const struct row *y = b;

	if (order == BY_COUNT && x->mark.count != y->mark.count)
		return x->mark.count > y->mark.count ? -1 : 1;
	if (order == BY_FIRST && x->mark.first_ns != y->mark.first_ns)
		return x->mark.first_ns < y->mark.first_ns ? -1 : 1;
	return strcmp(x->name, y->name);
}

static void add_events(const struct vr_profile *profile, struct row *row)
{
	const struct vr_file *file = profile->file;

	for (size_t i = 0; i < file->events; i++) {
		const struct vprof_event *event = &file->event[i];
		struct row *r;

		if (event->kind != VPROF_EV_MARK || !profile->keep_thread[event->thread] ||
		    !vr_profile_in_window(profile, event->t_ns))
			continue;
		r = &row[event->arg];
		if (!r->kept++) {
			r->heap_first = event->value;
			r->mark.first_ns = event->t_ns;
		}
		r->heap_last = event->value;
		r->mark.last_ns = event->t_ns;
	}
}

/* Rows of the marks that are asked for; free() it.  Of the whole run the count
 * is exact, of a window or a thread it is that of the events kept. */
static struct row *make_rows(const struct vr_profile *profile, size_t *count)
{
	const struct vr_file *file = profile->file;
	struct row *row = vr_xcalloc((size_t)file->marks + 1, sizeof(*row));
	int some = profile->select.windowed || profile->select.thread;
	size_t n = 0;

	add_events(profile, row);
	for (uint32_t i = 0; i < file->marks; i++) {
		struct row r = row[i];

		r.name = vr_file_string(file, file->mark[i].name);
		if (some) {
			r.mark.count = r.kept;
		} else {
			r.mark = file->mark[i];
		}
		if (r.mark.count)
			row[n++] = r;
	}
	qsort(row, n, sizeof(*row), compare);
	*count = n;
	return row;
}

static uint64_t interval_ns(const struct row *row)
{
	return row->mark.count > 1
		   ? (row->mark.last_ns - row->mark.first_ns) / (row->mark.count - 1)
		   : 0;
}

static void print_rows(struct vr_context *ctx, const struct row *row, size_t count)
{
	static const struct vr_column columns[] = {
	    {"name", "name", VR_TEXT, 2},
	    {"count", "count", VR_COUNT, 0},
	    {"first_ns", "first", VR_NS, 0},
	    {"last_ns", "last", VR_NS, 0},
	    {"interval_ns", "interval", VR_NS, 0},
	    {"heap_first_bytes", "heap then", VR_BYTES, 0},
	    {"heap_last_bytes", "heap last", VR_BYTES, 0},
	};
	struct vr_table *table = vr_table_new(columns, sizeof(columns) / sizeof(columns[0]));

	for (size_t i = 0; i < count && i < ctx->limit; i++)
		vr_table_row(table, (const struct vr_cell[]){
					{.s = row[i].name},
					{.u = row[i].mark.count},
					{.u = row[i].mark.first_ns},
					{.u = row[i].mark.last_ns},
					{.null = row[i].mark.count < 2, .u = interval_ns(&row[i])},
					{.null = !row[i].kept, .u = row[i].heap_first},
					{.null = !row[i].kept, .u = row[i].heap_last},
				    });
	vr_print_table(ctx, table);
	vr_print_more(ctx, ctx->limit, count, "names");
}

static json_t *to_json(struct vr_context *ctx, const struct row *row, size_t count)
{
	json_t *root = json_object();
	json_t *array = json_array();

	json_object_set_new(root, "marks", array);
	for (size_t i = 0; i < count && i < ctx->limit; i++) {
		json_t *one = json_object();

		vr_json_set_text(one, "name", row[i].name);
		vr_json_set_u64(one, "count", row[i].mark.count);
		vr_json_set_u64(one, "first_ns", row[i].mark.first_ns);
		vr_json_set_u64(one, "last_ns", row[i].mark.last_ns);
		vr_json_set_u64(one, "kept", row[i].kept);
		json_object_set_new(one, "heap_first_bytes",
				    row[i].kept ? vr_json_u64(row[i].heap_first) : json_null());
		json_object_set_new(one, "heap_last_bytes",
				    row[i].kept ? vr_json_u64(row[i].heap_last) : json_null());
		json_array_append_new(array, one);
	}
	return root;
}

static int run(struct vr_context *ctx)
{
	const struct vr_file *file = ctx->profile->file;
	struct row *row;
	size_t count;

	order = (enum key)ctx->sort;
	row = make_rows(ctx->profile, &count);
	if (!file->marks)
		vr_note(ctx, "the program set no marks; see vprof_mark() in vprof.h");
	else if (file->wrapped)
		vr_note(ctx, "the ring has wrapped: counts are exact, heap sizes are of the marks "
			     "that are left");
	if (ctx->format == VR_FORMAT_JSON)
		ctx->json = to_json(ctx, row, count);
	else
		print_rows(ctx, row, count);
	free(row);
	return 0;
}

const struct vr_verb vr_verb_marks = {
    .name = "marks",
    .summary = "marks of vprof_mark(): how often, when, and the live heap then",
    .usage = "[FILE...]",
    .options = VR_OPT_SORT | VR_OPT_LIMIT | VR_OPT_FORMAT | VR_OPT_THREAD | VR_OPT_WINDOW,
    .sort = sort_keys,
    .limit = 40,
    .run = run,
};
