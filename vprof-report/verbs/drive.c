#include "verbs/drive.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "cli/units.h"
#include "cli/warn.h"
#include "cli/xalloc.h"
#include "model/profile_tree.h"
#include "output/out.h"
#include "output/out_json.h"
#include "text/json.h"
#include "text/notes.h"
#include "text/print.h"
#include "text/runs.h"
#include "verbs/budgets.h"
#include "verbs/pick.h"

static const char *const standard[] = {
    [VR_FORMAT_TABLE] = "table", [VR_FORMAT_CSV] = "csv", [VR_FORMAT_JSON] = "json"};
#define FORMATS (sizeof(standard) / sizeof(standard[0]))

/* Finds the key in the verb's list: a name, or the beginning of names that
 * mean the same.  Returns 0, or VR_EXIT_USAGE after printing the valid ones. */
static int find_sort(const struct vr_verb *verb, const char *name, int *key)
{
	const struct vr_sort_key *found = NULL;
	int ambiguous = 0;
	char *list;

	for (const struct vr_sort_key *k = verb->sort; k->name; k++) {
		if (strcmp(k->name, name) == 0) {
			*key = k->key;
			return 0;
		}
		if (*name && strncmp(k->name, name, strlen(name)) == 0) {
			ambiguous |= found && found->key != k->key;
			found = k;
		}
	}
	if (found && !ambiguous) {
		*key = found->key;
		return 0;
	}
	list = vr_xstrdup("");
	for (const struct vr_sort_key *k = verb->sort; k->name; k++)
		list = vr_xappend(list, " %s", k->name);
	vr_warn("no sort key '%s' for %s; the keys are:%s", name, verb->name, list);
	free(list);
	return VR_EXIT_USAGE;
}

/* "table, csv or json". */
static char *format_names(const struct vr_verb *verb)
{
	const char *name[32];
	size_t count = 0;
	char *list = vr_xstrdup("");

	for (size_t i = 0; i < FORMATS && !verb->only_own; i++)
		name[count++] = standard[i];
	for (const struct vr_own_format *f = verb->formats; f && f->name; f++)
		name[count++] = f->name;
	for (size_t i = 0; i < count; i++)
		list = vr_xappend(list, "%s%s", !i ? "" : i + 1 < count ? ", " : " or ", name[i]);
	return list;
}

/* Finds what --format names among what the verb writes.
 * Returns 0, or VR_EXIT_USAGE after printing the valid ones. */
static int find_format(const struct vr_verb *verb, const char *name, struct vr_context *ctx)
{
	char *list;

	for (size_t i = 0; i < FORMATS && !verb->only_own; i++) {
		if (strcmp(name, standard[i]) == 0) {
			ctx->format = (enum vr_format)i;
			return 0;
		}
	}
	for (const struct vr_own_format *f = verb->formats; f && f->name; f++) {
		if (strcmp(name, f->name) == 0) {
			ctx->format = VR_FORMAT_OWN;
			ctx->own_format = f->format;
			return 0;
		}
	}
	list = format_names(verb);
	vr_warn("--format '%s' is not valid: %s", name, list);
	free(list);
	return VR_EXIT_USAGE;
}

vr_option_set vr_verb_options(const struct vr_verb *verb)
{
	vr_option_set set = 0;

	for (const enum vr_option *o = verb->options; o && *o != VR_OPTIONS; o++)
		set |= vr_option_bit(*o);
	return set;
}

/* Returns 0, or VR_EXIT_USAGE after a line about an option that is not the verb's. */
static int check_options(const struct vr_verb *verb, const struct vr_opts *opts)
{
	vr_option_set takes = vr_verb_options(verb);
	vr_option_set bad = opts->given & ~(takes | vr_option_bit(VR_OPT_COLOR));
	enum vr_option first = 0;
	char *names;

	if (!bad && opts->select.idle && !opts->select.wall &&
	    takes & vr_option_bit(VR_OPT_CLOCK)) {
		vr_warn("--idle is for --clock wall");
		return VR_EXIT_USAGE;
	}
	if (!bad)
		return 0;
	if (bad & vr_option_bit(VR_OPT_LABEL) && verb->no_label) {
		vr_warn("%s takes no --label: %s", verb->name, verb->no_label);
		return VR_EXIT_USAGE;
	}
	while (!(bad & vr_option_bit(first)))
		first++;
	names = vr_opts_names(takes);
	vr_warn("--%s is not an option of %s; it takes %s", vr_opts_name(first), verb->name, names);
	free(names);
	return VR_EXIT_USAGE;
}

/* Takes the verb's PATTERN off the operands.  Returns 0 or VR_EXIT_USAGE. */
static int take_pattern(const struct vr_verb *verb, size_t place, struct vr_opts *opts,
			struct vr_context *ctx)
{
	if (!verb->pattern)
		return 0;
	if (!opts->operands) {
		vr_warn("%s needs a PATTERN: a function's name, a part of it, or a glob",
			verb->name);
		return VR_EXIT_USAGE;
	}
	ctx->pattern = vr_opts_take(opts, place < opts->operands ? place : 0);
	return 0;
}

/* Fills ctx with what is the same for every file.  Returns 0 or VR_EXIT_USAGE. */
static int prepare(const struct vr_verb *verb, size_t place, struct vr_opts *opts,
		   struct vr_context *ctx)
{
	size_t limit = verb->limit;

	*ctx = (struct vr_context){.opts = opts,
				   .out = stdout,
				   .width = vr_terminal_width(),
				   .strip_dirs = opts->strip_dirs,
				   .color = opts->color,
				   .sort_name = opts->sort,
				   .args = opts->args,
				   .png = opts->png,
				   .svg = opts->svg,
				   .format = verb->format,
				   .own_format = -1};
	if (check_options(verb, opts) || (opts->format && find_format(verb, opts->format, ctx)))
		return VR_EXIT_USAGE;
	if (verb->no_csv && ctx->format == VR_FORMAT_CSV) {
		vr_warn("%s has no format csv; it has table and json", verb->name);
		return VR_EXIT_USAGE;
	}
	if (vr_opts_given(opts, VR_OPT_LIMIT))
		limit = opts->limit;
	else if (ctx->format != VR_FORMAT_TABLE)
		limit = 0; /* programs want everything */
	ctx->limit = limit ? limit : SIZE_MAX;
	ctx->sort = verb->sort ? verb->sort[0].key : 0;
	if (opts->sort && find_sort(verb, opts->sort, &ctx->sort))
		return VR_EXIT_USAGE;
	return take_pattern(verb, place, opts, ctx);
}

/* One line about the damage that cost most rows, with the number of the
 * others.  Returns VR_EXIT_INPUT when there is any. */
static int report_damage(const struct vr_file *file)
{
	const struct vr_damage *worst = file->damage;
	char more[64] = "";

	if (!file->n_damages)
		return VR_EXIT_OK;
	for (size_t i = 1; i < file->n_damages; i++)
		if (file->damage[i].total - file->damage[i].kept > worst->total - worst->kept)
			worst = &file->damage[i];
	if (file->n_damages > 1)
		snprintf(more, sizeof(more), "; %zu more damaged place%s", file->n_damages - 1,
			 vr_plural(file->n_damages - 1));
	if (worst->total)
		vr_warn("%s: %s at 0x%" PRIx64 ": kept %" PRIu64 " of %" PRIu64 " rows%s",
			file->path, worst->reason, worst->offset, worst->kept, worst->total, more);
	else
		vr_warn("%s: %s at 0x%" PRIx64 "%s", file->path, worst->reason, worst->offset,
			more);
	return VR_EXIT_INPUT;
}

/* Opens a profile.  *damaged is set where the file is, or cannot be read.
 * Returns 0, VR_EXIT_INPUT for what is damaged and yet there, or another enum vr_exit with
 * *profile NULL. */
static int open_profile(struct vr_context *ctx, const char *path, struct vr_profile **profile,
			int *damaged)
{
	struct vr_err err;
	int ret = vr_profile_open(path, &ctx->opts->select, ctx->symbols, profile, &err);
	int status;

	if (ret < 0) {
		vr_warn("%s: %s", path, err.text);
		*damaged |= ret != -ESRCH;
		return ret == -ESRCH ? VR_EXIT_USAGE : VR_EXIT_INPUT;
	}
	status = report_damage((*profile)->file);
	*damaged |= status != VR_EXIT_OK;
	return status;
}

static void print_heading(struct vr_context *ctx, const char *path)
{
	if (ctx->format > VR_FORMAT_CSV)
		return;
	fputs(ctx->format == VR_FORMAT_CSV ? "# " : "== ", stdout);
	vr_print_safe(ctx, path);
	fputs(ctx->format == VR_FORMAT_CSV ? "\n" : " ==\n", stdout);
}

/* Of what a gate says of several files, the leak comes before the budget and that
 * before the regression, and that before what could not be judged; else the later
 * error counts. */
static int weightier(int status, int ret)
{
	if (!ret)
		return status;
	if (status >= VR_EXIT_LEAK && ret >= VR_EXIT_LEAK)
		return status < ret ? status : ret;
	return status >= VR_EXIT_LEAK && ret == VR_EXIT_INPUT ? status : ret;
}

static int run_file(const struct vr_verb *verb, struct vr_context *ctx, const char *path,
		    int *damaged)
{
	int status = open_profile(ctx, path, &ctx->profile, damaged);
	int ret;

	if (!ctx->profile)
		return status;
	if (ctx->files > 1)
		print_heading(ctx, path);
	vr_warn_module(ctx);
	ret = verb->run(ctx);
	if (ctx->budgets)
		ret = weightier(ret, vr_budgets_judge(ctx, ctx->budgets));
	if (ctx->json) {
		vr_json_set_text(ctx->json, "path", path);
		json_object_set_new(ctx->json, "damaged", json_boolean(status != VR_EXIT_OK));
	}
	vr_profile_close(ctx->profile);
	ctx->profile = NULL;
	return status ? status : ret;
}

static void print_json(struct vr_context *ctx, json_t *document)
{
	if (document) {
		vr_json_print(document, ctx->out);
		fputc('\n', ctx->out);
	}
}

/* Each file by itself. */
static int drive_each(const struct vr_verb *verb, struct vr_context *ctx)
{
	json_t *array = json_array();
	int status = VR_EXIT_OK, damaged = 0;

	for (size_t i = 0; i < ctx->files; i++) {
		int ret;

		if (i && ctx->format <= VR_FORMAT_CSV)
			putchar('\n');
		ret = run_file(verb, ctx, ctx->opts->operand[i], &damaged);
		status = weightier(status, ret);
		if (ctx->json)
			json_array_append_new(array, ctx->json);
		ctx->json = NULL;
	}
	if (json_array_size(array))
		print_json(ctx, ctx->files > 1 ? array : json_array_get(array, 0));
	json_decref(array);
	if (verb->last_word && status == VR_EXIT_OK)
		status = verb->last_word(ctx);
	return damaged ? VR_EXIT_INPUT : status;
}

/* The first file is what the second is compared with. */
static int drive_two(const struct vr_verb *verb, struct vr_context *ctx)
{
	int status = VR_EXIT_OK, damaged = 0;

	if (ctx->files != 2) {
		vr_warn("%s takes two FILEs, not %zu", verb->name, ctx->files);
		return VR_EXIT_USAGE;
	}
	status = open_profile(ctx, ctx->opts->operand[0], &ctx->before, &damaged);
	if (ctx->before)
		status = weightier(
		    status, open_profile(ctx, ctx->opts->operand[1], &ctx->profile, &damaged));
	if (ctx->profile)
		status = weightier(status, verb->run(ctx));
	print_json(ctx, ctx->json);
	json_decref(ctx->json);
	ctx->json = NULL;
	vr_profile_close(ctx->profile);
	vr_profile_close(ctx->before);
	ctx->profile = ctx->before = NULL;
	return damaged ? VR_EXIT_INPUT : status;
}

/* What holds for all that is added up. */
static void print_tree_notes(struct vr_context *ctx)
{
	const struct vr_file *sum = ctx->profile->file;
	char *programs;

	if (ctx->profile->unread)
		vr_warn("left out: %s", ctx->profile->unread);
	if (sum->other_builds)
		vr_note(ctx, "the processes ran different builds of %s: their functions are apart",
			sum->other_builds);
	if (ctx->format != VR_FORMAT_TABLE || ctx->png || ctx->svg)
		return;
	programs = vr_programs_text(ctx->process, ctx->processes);
	fprintf(ctx->out, "   %zu process%s added up: %s\n", ctx->processes,
		ctx->processes == 1 ? "" : "es", programs);
	free(programs);
}

/* Opens the sum of ctx->process.  The head is the one that is meant of the run. */
static int open_tree(struct vr_context *ctx, uint32_t head, int *damaged)
{
	const char **path = vr_xcalloc(ctx->processes + 1, sizeof(*path));
	struct vr_err err;
	int ret, status = VR_EXIT_OK;

	for (size_t i = 0; i < ctx->processes; i++)
		path[i] = ctx->process[i].record->path;
	ret = vr_profile_open_tree(ctx->process[head].file, path, ctx->processes,
				   &ctx->opts->select, ctx->symbols, &ctx->profile, &err);
	free(path);
	if (ret < 0) {
		vr_warn("%s", err.text);
		return VR_EXIT_USAGE;
	}
	for (size_t i = 0; i < ctx->profile->file->n_members; i++)
		if (report_damage(ctx->profile->file->member[i]))
			status = VR_EXIT_INPUT;
	if (ctx->profile->unread)
		status = VR_EXIT_INPUT;
	*damaged |= status != VR_EXIT_OK;
	return status;
}

/* All processes of a run as one. */
static int drive_tree(const struct vr_verb *verb, struct vr_context *ctx, struct vr_pick *pick)
{
	struct vr_process *process;
	int damaged = 0, status, ret = VR_EXIT_OK;

	status =
	    vr_pick_tree(pick, ctx->opts->operand, ctx->opts->operands, &process, &ctx->processes);
	if (status)
		return status;
	ctx->process = process;
	status = open_tree(ctx, 0, &damaged);
	if (ctx->profile) {
		print_tree_notes(ctx);
		vr_warn_module(ctx);
		ret = verb->run(ctx);
		if (ctx->budgets)
			ret = weightier(ret, vr_budgets_judge(ctx, ctx->budgets));
		if (ctx->json) {
			vr_json_set_text(ctx->json, "path", process[0].record->path);
			json_object_set_new(ctx->json, "processes",
					    vr_processes_json(ctx, process, ctx->processes));
			json_object_set_new(ctx->json, "damaged", json_boolean(damaged));
		}
		print_json(ctx, ctx->json);
		json_decref(ctx->json);
		ctx->json = NULL;
	}
	vr_profile_close(ctx->profile);
	ctx->profile = NULL;
	free(process);
	status = weightier(status, ret);
	if (verb->last_word && status == VR_EXIT_OK)
		status = verb->last_word(ctx);
	return damaged ? VR_EXIT_INPUT : status;
}

/* Returns 0, or -errno after a line on stderr. */
static int look_for_symbols(struct vr_context *ctx)
{
	const struct vr_opts *opts = ctx->opts;
	int ret = ctx->symbols ? vr_symcache_look(ctx->symbols, opts->symfs, !opts->no_debuginfod)
			       : -ENOMEM;

	if (ret)
		vr_warn("--symfs %s: %s", opts->symfs ? opts->symfs : "", strerror(-ret));
	return ret;
}

/* What --fail-if says, for a verb that does not judge that itself.
 * Returns 0, or VR_EXIT_USAGE after a line on stderr. */
static int read_budgets(const struct vr_verb *verb, struct vr_context *ctx,
			struct vr_budgets *budgets)
{
	const struct vr_select *select = &ctx->opts->select;

	if (verb->judges || !vr_opts_given(ctx->opts, VR_OPT_FAIL_IF))
		return VR_EXIT_OK;
	ctx->budgets = budgets;
	if (select->windowed || select->thread || select->module || select->label) {
		vr_warn("--fail-if judges the whole record: say in it which threads, functions "
			"and marks are meant");
		return VR_EXIT_USAGE;
	}
	return vr_budgets_read(budgets, ctx->opts);
}

static int drive_files(const struct vr_verb *verb, struct vr_context *ctx, struct vr_pick *pick)
{
	struct vr_budgets budgets = {0};
	int status = read_budgets(verb, ctx, &budgets);

	/* One for all files: they are of the same programs and libraries. */
	ctx->symbols = vr_symcache_new(ctx->opts->select.inlines);
	if (look_for_symbols(ctx))
		status = VR_EXIT_USAGE;
	else if (status == VR_EXIT_OK && verb->begin)
		status = verb->begin(ctx);
	if (status == VR_EXIT_OK && ctx->opts->tree)
		status = drive_tree(verb, ctx, pick);
	else if (status == VR_EXIT_OK)
		status = verb->kind == VR_KIND_TWO ? drive_two(verb, ctx) : drive_each(verb, ctx);
	if (status == VR_EXIT_OK && ctx->budgets)
		status = vr_budgets_last_word(&budgets);
	if (verb->end)
		verb->end(ctx);
	vr_budgets_free(&budgets);
	vr_symcache_free(ctx->symbols);
	return status;
}

/* One that is about no record, or opens it itself. */
static int drive_other(const struct vr_verb *verb, struct vr_context *ctx)
{
	int status = verb->run(ctx);

	print_json(ctx, ctx->json);
	json_decref(ctx->json);
	return status;
}

int vr_drive(const struct vr_verb *verb, size_t place, struct vr_opts *opts)
{
	struct vr_context ctx;
	struct vr_pick pick = {0};
	int status = VR_EXIT_OK;

	if (prepare(verb, place, opts, &ctx))
		return VR_EXIT_USAGE;
	if (verb->kind == VR_KIND_LIVE || verb->kind == VR_KIND_NONE)
		return drive_other(verb, &ctx);
	if (!opts->operands && verb->kind == VR_KIND_ONE) {
		status = vr_pick_newest(&pick, verb, opts->tree);
		if (status == VR_EXIT_OK)
			opts->operand[opts->operands++] = pick.path;
		ctx.runs = pick.runs;
		ctx.chosen = &pick.chosen;
	}
	ctx.files = opts->operands;
	if (status == VR_EXIT_OK)
		status = drive_files(verb, &ctx, &pick);
	vr_pick_free(&pick);
	return status;
}
