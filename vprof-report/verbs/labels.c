#include <stdlib.h>
#include <string.h>

#include "cli/xalloc.h"
#include "model/cpu.h"
#include "model/labels.h"
#include "model/run.h"
#include "output/out.h"
#include "text/json.h"
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

static enum key order; /* qsort has no argument for its caller */

static int compare(const void *a, const void *b)
{
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
static struct row *make_rows(const struct vr_labels *labels, const struct vr_cpu *cpu,
			     size_t *count)
{
	struct row *row = vr_xcalloc(labels->pairs + 1, sizeof(*row));

	for (size_t i = 0; i < labels->pairs; i++)
		row[i].text = labels->pair[i].text;
	row[labels->pairs] =
	    (struct row){NULL, cpu->label_ns[0], cpu->label_ns[0], cpu->label_samples[0]};
	for (size_t i = 0; i < labels->labels; i++) {
		const struct vr_label *label = &labels->label[i];

		for (size_t k = 0; k < label->pairs; k++) {
			row[label->pair[k]].total_ns += cpu->label_ns[label->id];
			row[label->pair[k]].samples += cpu->label_samples[label->id];
		}
		if (label->pairs)
			row[label->pair[label->pairs - 1]].self_ns += cpu->label_ns[label->id];
	}
	*count = labels->pairs + 1;
	qsort(row, *count, sizeof(*row), compare);
	return row;
}

static void print_rows(struct vr_context *ctx, const struct vr_cpu *cpu, const struct row *row,
		       size_t count)
{
	static const struct vr_column columns[] = {
	    {"label", "label", VR_TEXT, 2},
	    {"self_ns", "self", VR_NS, 0},
	    {"total_ns", "total", VR_NS, 0},
	    {"self_percent", "self%", VR_PERCENT, 0},
	    {"total_percent", "total%", VR_PERCENT, 0},
	    {"samples", "samples", VR_COUNT, 0},
	};
	struct vr_table *table = vr_table_new(columns, sizeof(columns) / sizeof(columns[0]));

	for (size_t i = 0; i < count && i < ctx->limit; i++)
		vr_table_row(table, (const struct vr_cell[]){
					{.s = row[i].text ? row[i].text : "[no label]"},
					{.u = row[i].self_ns},
					{.u = row[i].total_ns},
					{.f = vr_percent(row[i].self_ns, cpu->total_ns)},
					{.f = vr_percent(row[i].total_ns, cpu->total_ns)},
					{.u = row[i].samples},
				    });
	vr_print_table(ctx, table);
	vr_print_more(ctx, ctx->limit, count, "labels");
}

static json_t *to_json(struct vr_context *ctx, const struct vr_cpu *cpu, const struct row *row,
		       size_t count)
{
	json_t *root = json_object();
	json_t *totals = json_object();
	json_t *array = json_array();

	vr_json_set_u64(totals, "cpu_ns", cpu->total_ns);
	vr_json_set_u64(totals, "samples", cpu->total_samples);
	vr_json_set_u64(totals, "unlabelled_ns", cpu->label_ns[0]);
	json_object_set_new(root, "totals", totals);
	json_object_set_new(root, "labels", array);
	for (size_t i = 0; i < count && i < ctx->limit; i++) {
		json_t *one;

		if (!row[i].text)
			continue;
		one = json_object();
		vr_json_set_text(one, "label", row[i].text);
		vr_json_set_u64(one, "self_ns", row[i].self_ns);
		vr_json_set_u64(one, "total_ns", row[i].total_ns);
		vr_json_set_u64(one, "samples", row[i].samples);
		json_array_append_new(array, one);
	}
	return root;
}

static int run(struct vr_context *ctx)
{
	struct vr_cpu *cpu = vr_cpu_new(ctx->profile);
	struct vr_labels *labels = vr_labels_new(ctx->profile->file);
	struct row *row;
	size_t count;

	order = (enum key)ctx->sort;
	row = make_rows(labels, cpu, &count);
	vr_warn_cpu(ctx, cpu);
	if (!labels->labels)
		vr_note(ctx, "the program set no labels; see vprof_begin() in vprof.h");
	if (ctx->format == VR_FORMAT_JSON)
		ctx->json = to_json(ctx, cpu, row, count);
	else
		print_rows(ctx, cpu, row, count);
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
    .options =
	VR_OPT_SORT | VR_OPT_LIMIT | VR_OPT_FORMAT | VR_OPT_THREAD | VR_OPT_WINDOW | VR_OPT_LABEL,
    .sort = sort_keys,
    .limit = 40,
    .run = run,
};
