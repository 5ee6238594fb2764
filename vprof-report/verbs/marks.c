#include <stdlib.h>
#include <string.h>

#include "cli/xalloc.h"
#include "output/out.h"
#include "text/fields.h"
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

static int compare(const void *a, const void *b, void *arg)
{
	enum key order = *(enum key *)arg;
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

	for (size_t i = 0; i < file->n_events; i++) {
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
static struct row *make_rows(const struct vr_profile *profile, enum key key, size_t *count)
{
	const struct vr_file *file = profile->file;
	struct row *row = vr_xcalloc((size_t)file->n_marks + 1, sizeof(*row));
	int some = profile->select.windowed || profile->select.thread;
	size_t n = 0;

	add_events(profile, row);
	for (uint32_t i = 0; i < file->n_marks; i++) {
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
	qsort_r(row, n, sizeof(*row), compare, &key);
	*count = n;
	return row;
}

static const struct row *row_of(const void *row)
{
	return row;
}

static void get_name(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.s = row_of(row)->name;
}

static void get_interval(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vprof_mark *mark = &row_of(row)->mark;

	(void)rows;
	value->cell.null = mark->count < 2;
	if (mark->count > 1)
		value->cell.u = (mark->last_ns - mark->first_ns) / (mark->count - 1);
}

static void get_heap_first(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.null = !row_of(row)->kept;
	value->cell.u = row_of(row)->heap_first;
}

static void get_heap_last(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.null = !row_of(row)->kept;
	value->cell.u = row_of(row)->heap_last;
}

#define ROW(member) VR_MEMBER(struct row, member)

static const struct vr_field mark_fields[] = {
    {"name", "name", VR_TEXT, VR_IN_ALL, .get = get_name, .elastic = VR_KEEP_START},
    {"count", "count", VR_COUNT, VR_IN_ALL, ROW(mark.count)},
    {"first_ns", "first", VR_NS, VR_IN_ALL, ROW(mark.first_ns)},
    {"last_ns", "last", VR_NS, VR_IN_ALL, ROW(mark.last_ns)},
    {"interval_ns", "interval", VR_NS, VR_IN_COLUMNS, .get = get_interval},
    {"kept", "", VR_COUNT, VR_IN_JSON, ROW(kept)},
    {"heap_first_bytes", "heap then", VR_BYTES, VR_IN_ALL, .get = get_heap_first},
    {"heap_last_bytes", "heap last", VR_BYTES, VR_IN_ALL, .get = get_heap_last},
};

static void print_rows(const struct vr_rows *rows, const struct row *row, size_t count)
{
	struct vr_sheet *sheet = vr_sheet_new(rows, VR_FIELDS(mark_fields));

	for (size_t i = 0; i < count && i < rows->ctx->limit; i++)
		vr_sheet_row(sheet, &row[i]);
	vr_sheet_print(sheet);
	vr_print_more(rows->ctx, rows->ctx->limit, count, "names");
}

static json_t *to_json(const struct vr_rows *rows, const struct row *row, size_t count)
{
	json_t *root = json_object();
	json_t *array = json_array();

	json_object_set_new(root, "marks", array);
	for (size_t i = 0; i < count && i < rows->ctx->limit; i++)
		json_array_append_new(array, vr_json_fields(rows, VR_FIELDS(mark_fields), &row[i]));
	return root;
}

static int run(struct vr_context *ctx)
{
	const struct vr_file *file = ctx->profile->file;
	const struct vr_rows rows = {.ctx = ctx};
	size_t count;
	struct row *row = make_rows(ctx->profile, (enum key)ctx->sort, &count);

	if (!file->n_marks)
		vr_note(ctx, "the program set no marks; see vprof_mark() in vprof.h");
	else if (file->wrapped)
		vr_note(ctx, "the ring has wrapped: counts are exact, heap sizes are of the marks "
			     "that are left");
	if (ctx->format == VR_FORMAT_JSON)
		ctx->json = to_json(&rows, row, count);
	else
		print_rows(&rows, row, count);
	free(row);
	return 0;
}

const struct vr_verb vr_verb_marks = {
    .name = "marks",
    .summary = "marks of vprof_mark(): how often, when, and the live heap then",
    .usage = "[FILE...]",
    .options = VR_TAKES(VR_OPT_SORT, VR_OPT_LIMIT, VR_OPT_FORMAT, VR_OPT_THREAD, VR_OPT_WINDOW),
    .sort = sort_keys,
    .limit = 40,
    .no_label = "marks have none; spans --label K=V has those of the program's own spans",
    .run = run,
};
