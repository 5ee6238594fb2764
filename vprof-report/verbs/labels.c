#include <stdlib.h>
#include <string.h>

#include "cli/xalloc.h"
#include "model/cpu.h"
#include "model/labels.h"
#include "model/run.h"
#include "output/out.h"
#include "text/fields.h"
#include "text/notes.h"
#include "text/print.h"
#include "verbs/verb.h"

enum key { BY_TOTAL, BY_SELF, BY_NAME };

static const struct vr_sort_key sort_keys[] = {
    {"total", BY_TOTAL}, {"cumulative", BY_TOTAL}, {"self", BY_SELF},
    {"time", BY_SELF},	 {"name", BY_NAME},	   {NULL, 0},
};

/* CPU time under one pair. */
struct row {
	const char *text; /* NULL: under no label */
	uint64_t self_ns; /* it was the innermost */
	uint64_t total_ns, samples;
};

static int compare(const void *a, const void *b, void *arg)
{
	enum key order = *(enum key *)arg;
	const struct row *x = a;
	const struct row *y = b;
	uint64_t u = order == BY_SELF ? x->self_ns : x->total_ns;
	uint64_t v = order == BY_SELF ? y->self_ns : y->total_ns;

	if (!x->text || !y->text) /* time under no label comes last */
		return !x->text - !y->text;
	if (order != BY_NAME && u != v)
		return u > v ? -1 : 1;
	return strcmp(x->text, y->text);
}

/* One row a pair, and one for no label; free() it. */
static struct row *make_rows(const struct vr_labels *labels, const struct vr_cpu *cpu, enum key key,
			     size_t *count)
{
	struct row *row = vr_xcalloc(labels->n_pairs + 1, sizeof(*row));

	for (size_t i = 0; i < labels->n_pairs; i++)
		row[i].text = labels->pair[i].text;
	row[labels->n_pairs] =
	    (struct row){NULL, cpu->label_ns[0], cpu->label_ns[0], cpu->label_samples[0]};
	for (size_t i = 0; i < labels->n_labels; i++) {
		const struct vr_label *label = &labels->label[i];

		for (size_t k = 0; k < label->n_pairs; k++) {
			row[label->pair[k]].total_ns += cpu->label_ns[label->id];
			row[label->pair[k]].samples += cpu->label_samples[label->id];
		}
		if (label->n_pairs)
			row[label->pair[label->n_pairs - 1]].self_ns += cpu->label_ns[label->id];
	}
	*count = labels->n_pairs + 1;
	qsort_r(row, *count, sizeof(*row), compare, &key);
	return row;
}

static void get_label(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct row *r = row;

	(void)rows;
	value->cell.s = r->text ? r->text : "[no label]";
}

static double percent_of(const struct vr_rows *rows, uint64_t ns)
{
	const struct vr_cpu *cpu = rows->model;

	return vr_percent(ns, cpu->total_ns);
}

static void get_self_percent(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct row *r = row;

	value->cell.f = percent_of(rows, r->self_ns);
}

static void get_total_percent(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct row *r = row;

	value->cell.f = percent_of(rows, r->total_ns);
}

#define ROW(member) VR_MEMBER(struct row, member)

static const struct vr_field label_fields[] = {
    {"label", "label", VR_TEXT, VR_IN_ALL, .get = get_label, .elastic = VR_KEEP_START},
    {"self_ns", "self", VR_NS, VR_IN_ALL, ROW(self_ns)},
    {"total_ns", "total", VR_NS, VR_IN_ALL, ROW(total_ns)},
    {"self_percent", "self%", VR_PERCENT, VR_IN_COLUMNS, .get = get_self_percent},
    {"total_percent", "total%", VR_PERCENT, VR_IN_COLUMNS, .get = get_total_percent},
    {"samples", "samples", VR_COUNT, VR_IN_ALL, ROW(samples)},
};

static void get_unlabelled(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_cpu *cpu = row;

	(void)rows;
	value->cell.u = cpu->label_ns[0];
}

#define TOTAL(member) VR_MEMBER(struct vr_cpu, member)

static const struct vr_field total_fields[] = {
    {"cpu_ns", "", VR_NS, VR_IN_JSON, TOTAL(total_ns)},
    {"samples", "", VR_COUNT, VR_IN_JSON, TOTAL(total_samples)},
    {"unlabelled_ns", "", VR_NS, VR_IN_JSON, .get = get_unlabelled},
};

static void print_rows(const struct vr_rows *rows, const struct row *row, size_t count)
{
	struct vr_sheet *sheet = vr_sheet_new(rows, VR_FIELDS(label_fields));

	for (size_t i = 0; i < count && i < rows->ctx->limit; i++)
		vr_sheet_row(sheet, &row[i]);
	vr_sheet_print(sheet);
	vr_print_more(rows->ctx, rows->ctx->limit, count, "labels");
}

static json_t *to_json(const struct vr_rows *rows, const struct row *row, size_t count)
{
	json_t *root = json_object();
	json_t *array = json_array();

	json_object_set_new(root, "totals",
			    vr_json_fields(rows, VR_FIELDS(total_fields), rows->model));
	json_object_set_new(root, "labels", array);
	for (size_t i = 0; i < count && i < rows->ctx->limit; i++)
		if (row[i].text)
			json_array_append_new(
			    array, vr_json_fields(rows, VR_FIELDS(label_fields), &row[i]));
	return root;
}

static int run(struct vr_context *ctx)
{
	struct vr_cpu *cpu = vr_cpu_new(ctx->profile);
	struct vr_labels *labels = vr_labels_new(ctx->profile->file);
	const struct vr_rows rows = {.ctx = ctx, .model = cpu};
	size_t count;
	struct row *row = make_rows(labels, cpu, (enum key)ctx->sort, &count);

	vr_warn_cpu(ctx, cpu);
	if (!labels->n_labels)
		vr_note(ctx, "the program set no labels; see vprof_begin() in vprof.h");
	if (ctx->format == VR_FORMAT_JSON)
		ctx->json = to_json(&rows, row, count);
	else
		print_rows(&rows, row, count);
	free(row);
	vr_labels_free(labels);
	vr_cpu_free(cpu);
	return 0;
}

const struct vr_verb vr_verb_labels = {
    .name = "labels",
    .summary = "CPU time by label of vprof_begin()",
    .usage = "[FILE...]",
    .detail = "self is the CPU time under the label alone, total includes the labels within it.\n"
	      "`flat --label K=V` and its like print one label's profile.",
    .options = VR_TAKES(VR_OPT_SORT, VR_OPT_LIMIT, VR_OPT_FORMAT, VR_OPT_THREAD, VR_OPT_WINDOW,
			VR_OPT_LABEL),
    .sort = sort_keys,
    .limit = 40,
    .run = run,
};
