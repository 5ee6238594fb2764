#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/err.h"
#include "cli/text.h"
#include "cli/units.h"
#include "cli/warn.h"
#include "cli/xalloc.h"
#include "text/json.h"
#include "text/print.h"
#include "text/runs.h"
#include "verbs/verb.h"

/* The processes of a run: what is meant where no file is named comes first. */
static struct vr_process *in_order(const struct vr_runs *runs, uint32_t run,
				   const struct vr_chosen *chosen, size_t *count)
{
	size_t first, used = 1;
	struct vr_process *process;

	*count = vr_run_processes(runs, run, &first);
	process = vr_xcalloc(*count + 1, sizeof(*process));
	process[0] = runs->process[chosen->process];
	for (size_t i = first; i < first + *count; i++)
		if (i != chosen->process)
			process[used++] = runs->process[i];
	return process;
}

/* "3 records of `make -j2`, begun 2026-11-30 04:31:07" */
static void print_head(struct vr_context *ctx, const struct vr_runs *runs, uint32_t run,
		       const struct vr_chosen *chosen)
{
	size_t first, count = vr_run_processes(runs, run, &first);
	const struct vr_file *root = runs->process[first].file;
	time_t start = (time_t)(root->header.start_real_ns / 1000000000u);
	char when[32] = "", *why, *name = vr_text_escape(vr_called_name(root));
	struct tm tm;

	if (localtime_r(&start, &tm))
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);
	fprintf(ctx->out, "   %zu record%s of %s, begun %s", count, count == 1 ? "" : "s", name,
		when);
	why = vr_choice_text(runs, chosen);
	if (count > 1)
		fprintf(ctx->out, "\n   taken where no FILE is named: the first row (%s)", why);
	fputs("\n\n", ctx->out);
	free(why);
	free(name);
}

static void print_run(struct vr_context *ctx, const struct vr_runs *runs, uint32_t run)
{
	const struct vr_rows rows = {.ctx = ctx};
	struct vr_chosen chosen = vr_run_choose(runs, run);
	struct vr_sheet *sheet = vr_sheet_new(&rows, vr_process_fields, vr_process_fields_count);
	size_t count;
	struct vr_process *process = in_order(runs, run, &chosen, &count);

	print_head(ctx, runs, run, &chosen);
	for (size_t i = 0; i < count && i < ctx->limit; i++)
		vr_sheet_row(sheet, &process[i]);
	vr_sheet_print(sheet);
	vr_print_more(ctx, ctx->limit, count, "records");
	free(process);
}

static void print_csv(struct vr_context *ctx, const struct vr_runs *runs, uint32_t count)
{
	const struct vr_rows rows = {.ctx = ctx};
	struct vr_sheet *sheet = vr_sheet_new(&rows, vr_process_fields, vr_process_fields_count);

	for (uint32_t run = 0; run < count; run++) {
		struct vr_chosen chosen = vr_run_choose(runs, run);
		size_t processes;
		struct vr_process *process = in_order(runs, run, &chosen, &processes);

		for (size_t i = 0; i < processes; i++)
			vr_sheet_row(sheet, &process[i]);
		free(process);
	}
	vr_sheet_print(sheet);
}

static json_t *run_json(struct vr_context *ctx, const struct vr_runs *runs, uint32_t run)
{
	static const char *const choice[] = {"only", "first", "program", "cpu"};
	struct vr_chosen chosen = vr_run_choose(runs, run);
	size_t count;
	struct vr_process *process = in_order(runs, run, &chosen, &count);
	json_t *one = json_object();

	vr_json_set_text(one, "taken", process[0].record->path);
	vr_json_set_text(one, "because", choice[chosen.choice]);
	json_object_set_new(one, "processes", vr_processes_json(ctx, process, count));
	free(process);
	return one;
}

static json_t *to_json(struct vr_context *ctx, const struct vr_runs *runs, uint32_t count,
		       const struct vr_records *records)
{
	json_t *root = json_object(), *list = json_array(), *bad = json_array();

	for (uint32_t run = 0; run < count; run++)
		json_array_append_new(list, run_json(ctx, runs, run));
	for (size_t i = 0; i < records->count; i++) {
		json_t *one;

		if (!records->record[i].error)
			continue;
		one = json_object();
		vr_json_set_text(one, "path", records->record[i].path);
		vr_json_set_text(one, "error", records->record[i].error);
		json_array_append_new(bad, one);
	}
	json_object_set_new(root, "runs", list);
	vr_json_set_u64(root, "more_runs", runs->runs - count);
	json_object_set_new(root, "unreadable", bad);
	return root;
}

static void print_text(struct vr_context *ctx, const struct vr_runs *runs, uint32_t count,
		       const struct vr_records *records)
{
	size_t bad = 0;

	for (uint32_t run = 0; run < count; run++) {
		if (run)
			fputc('\n', ctx->out);
		print_run(ctx, runs, run);
	}
	for (size_t i = 0; i < records->count; i++) {
		if (!records->record[i].error)
			continue;
		fputs(bad++ ? "" : "\nNot readable:\n", ctx->out);
		fputs("   ", ctx->out);
		vr_print_safe(ctx, records->record[i].path);
		fprintf(ctx->out, ": %s\n", records->record[i].error);
	}
	if (count < runs->runs)
		fprintf(ctx->out, "\n%" PRIu32 " other run%s; --all shows all\n",
			runs->runs - count, runs->runs - count == 1 ? "" : "s");
}

/* Adds what was named: a directory's records, or those beside a file.  Returns 0 or
 * VR_EXIT_INPUT after a line. */
static int gather(struct vr_records *records, const char *what)
{
	struct stat st;
	char *directory;
	int ret;

	if (stat(what, &st) == 0 && !S_ISDIR(st.st_mode)) {
		directory = vr_records_directory(what);
		ret = vr_records_look(records, directory, 0);
		free(directory);
		vr_records_add(records, what);
		return ret < 0 ? VR_EXIT_INPUT : VR_EXIT_OK;
	}
	ret = vr_records_look(records, what, 1);
	if (ret == 0)
		return VR_EXIT_OK;
	vr_warn("%s: %s", what, strerror(-ret));
	return VR_EXIT_INPUT;
}

/* The runs of one operand, "": the working directory.  Documents go to `list`. */
static int list_one(struct vr_context *ctx, const char *what, json_t *list)
{
	struct vr_records records = {0};
	struct vr_runs *runs;
	uint32_t count, at;
	int status = gather(&records, what);

	runs = vr_runs_find(&records);
	at = *what ? vr_runs_index(runs, what) : VPROF_NONE;
	if (at != VPROF_NONE) /* a file: its run comes first */
		vr_runs_first(runs, runs->process[at].run);
	count = ctx->opts->all || !runs->runs ? runs->runs : 1;
	if (!status && !records.count) {
		vr_warn("no *.vprof file in %s", *what ? what : "this directory");
		status = VR_EXIT_INPUT;
	} else if (ctx->format == VR_FORMAT_JSON) {
		json_array_append_new(list, to_json(ctx, runs, count, &records));
	} else if (ctx->format == VR_FORMAT_CSV) {
		print_csv(ctx, runs, count);
	} else {
		print_text(ctx, runs, count, &records);
	}
	vr_runs_free(runs);
	vr_records_free(&records);
	return status;
}

static int run(struct vr_context *ctx)
{
	const struct vr_opts *opts = ctx->opts;
	json_t *list = json_array();
	int status = VR_EXIT_OK;

	if (!opts->operands)
		status = list_one(ctx, "", list);
	for (size_t i = 0; i < opts->operands; i++) {
		int ret;

		if (i && ctx->format <= VR_FORMAT_CSV)
			fputc('\n', ctx->out);
		ret = list_one(ctx, opts->operand[i], list);
		status = ret ? ret : status;
	}
	if (json_array_size(list))
		ctx->json = json_array_size(list) == 1 ? json_incref(json_array_get(list, 0))
						       : json_incref(list);
	json_decref(list);
	return status;
}

const struct vr_verb vr_verb_ls = {
    .name = "ls",
    .summary = "The records of a run: each process, and which of them is meant",
    .usage = "[DIR|FILE...]",
    .detail = "A run is a process and all that came of it, by fork and by exec. Listed is the\n"
	      "newest run here, of DIR, or the one that FILE is of. In front stands the record\n"
	      "that other commands take where no FILE is named: the first process, unless that\n"
	      "only started the program (a shell, env, timeout, make ...), or a descendant used\n"
	      "over 80 % of the run's CPU time. cpu is without the profiler's own thread; lost\n"
	      "are the bytes that the search at the end found no pointer to. A terminal of 110\n"
	      "columns has room for all of it.",
    .kind = VR_KIND_NONE,
    .options = VR_TAKES(VR_OPT_LIMIT, VR_OPT_FORMAT, VR_OPT_ALL, VR_OPT_ARGS),
    .no_label = "it lists records; labels says which labels one has",
    .run = run,
};
