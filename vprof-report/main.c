/* vprof-report: reads ring files of libvprof and prints what is in them. */
#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "cli/warn.h"
#include "cli/xalloc.h"
#include "input/newest.h"
#include "output/out.h"
#include "output/out_json.h"
#include "text/json.h"
#include "text/print.h"
#include "verbs/verb.h"

static const struct vr_verb *const commands[] = {
    &vr_verb_summary, &vr_verb_flat,  &vr_verb_tree,	 &vr_verb_callers, &vr_verb_callees,
    &vr_verb_heap,    &vr_verb_leaks, &vr_verb_timeline, &vr_verb_threads, &vr_verb_locks,
    &vr_verb_labels,  &vr_verb_marks, &vr_verb_export,	 &vr_verb_ctl,	   &vr_verb_info,
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void help(void)
{
	printf("Usage: vprof-report [COMMAND] [FILE...] [OPTIONS]\n"
	       "Prints profiles written by programs run with LD_PRELOAD=libvprof.so.\n"
	       "Without FILE it reads the newest *.vprof here or in a profile_results_* that\n"
	       "vprof-run made here; without COMMAND it prints the summary, or with --sort the\n"
	       "flat profile.\n\nCommands:\n");
	for (size_t i = 0; i < COMMANDS; i++)
		printf("  %-9s %s\n", commands[i]->name, commands[i]->summary);
	printf("\nOptions (vprof-report COMMAND --help lists those of a command):\n");
	vr_opts_help(stdout, ~0u);
	printf("\nExit status: 0 fine, 1 usage, 2 a file was unreadable or damaged; of a gate 23 "
	       "leak,\n"
	       "24 budget exceeded, 25 worse than the baseline.\n");
}

static void command_help(const struct vr_verb *command)
{
	printf("Usage: vprof-report %s %s [OPTIONS]\n%s.\n", command->name, command->usage,
	       command->summary);
	if (command->detail)
		printf("\n%s\n", command->detail);
	printf("\nOptions:\n");
	vr_opts_help(stdout, command->options | VR_OPT_HELP);
	if (!command->sort)
		return;
	printf("\nKeys of --sort:");
	for (const struct vr_sort_key *key = command->sort; key->name; key++)
		printf(" %s", key->name);
	printf("\n");
}

static const struct vr_verb *find_command(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

/* "unknown command 'x'; there are: summary, flat, ..." */
static int no_such_command(const char *name)
{
	char *list = vr_xstrdup("");

	for (size_t i = 0; i < COMMANDS; i++) {
		char *longer = vr_xprintf("%s%s%s", list, i ? " " : "", commands[i]->name);

		free(list);
		list = longer;
	}
	vr_warn("no command and no file '%s'; the commands are: %s", name, list);
	free(list);
	return VR_EXIT_USAGE;
}

static const char *remove_operand(struct vr_opts *opts, size_t index)
{
	const char *operand = opts->operand[index];

	opts->operands--;
	memmove(opts->operand + index, opts->operand + index + 1,
		(opts->operands - index) * sizeof(*opts->operand));
	return operand;
}

/* Takes the command's name off the operands; *place is where it was.  A file
 * of that name wins, but for the first operand.  NULL: the first operand is
 * neither a command nor a file; an error was printed. */
static const struct vr_verb *take_command(struct vr_opts *opts, size_t *place)
{
	struct stat st;

	for (*place = 0; *place < opts->operands; ++*place) {
		const struct vr_verb *command = find_command(opts->operand[*place]);

		if (command && (*place == 0 || stat(opts->operand[*place], &st) < 0)) {
			remove_operand(opts, *place);
			return command;
		}
	}
	*place = 0;
	/* A bare word that names no file is a mistyped command. */
	if (opts->operands && !strpbrk(opts->operand[0], "./") && stat(opts->operand[0], &st) < 0) {
		no_such_command(opts->operand[0]);
		return NULL;
	}
	return opts->sort ? &vr_verb_flat : &vr_verb_summary;
}

/* Finds the key in the command's list: a name, or the beginning of names that
 * mean the same.  Returns 0, or VR_EXIT_USAGE after printing the valid ones. */
static int find_sort(const struct vr_verb *command, const char *name, int *key)
{
	const struct vr_sort_key *found = NULL;
	int ambiguous = 0;
	char *list;

	for (const struct vr_sort_key *k = command->sort; k->name; k++) {
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
	for (const struct vr_sort_key *k = command->sort; k->name; k++) {
		char *longer = vr_xprintf("%s %s", list, k->name);

		free(list);
		list = longer;
	}
	vr_warn("no sort key '%s' for %s; the keys are:%s", name, command->name, list);
	free(list);
	return VR_EXIT_USAGE;
}

/* Finds what --format names among what the command writes.
 * Returns 0, or VR_EXIT_USAGE after printing the valid ones. */
static int find_format(const struct vr_verb *command, const char *name, struct vr_context *ctx)
{
	static const char *const standard[] = {
	    [VR_FORMAT_TABLE] = "table", [VR_FORMAT_CSV] = "csv", [VR_FORMAT_JSON] = "json", NULL};
	const char *const *formats = command->formats ? command->formats : standard;
	char *list;

	ctx->format = VR_FORMAT_OWN;
	for (int i = 0; standard[i]; i++)
		if (strcmp(name, standard[i]) == 0)
			ctx->format = (enum vr_format)i;
	for (int i = 0; formats[i]; i++) {
		if (strcmp(name, formats[i]) == 0) {
			ctx->own_format = i;
			return 0;
		}
	}
	list = vr_xstrdup("");
	for (int i = 0; formats[i]; i++) {
		char *longer = vr_xprintf("%s%s%s", list,
					  !i		   ? ""
					  : formats[i + 1] ? ", "
							   : " or ",
					  formats[i]);

		free(list);
		list = longer;
	}
	vr_warn("--format '%s' is not valid: %s", name, list);
	free(list);
	return VR_EXIT_USAGE;
}

/* Checks options and operands against the command, whose name stood before
 * operand `place`, and fills ctx with what is the same for every file.
 * Returns 0 or VR_EXIT_USAGE. */
static int prepare(const struct vr_verb *command, size_t place, struct vr_opts *opts,
		   struct vr_context *ctx)
{
	unsigned bad = opts->given & ~(command->options | VR_OPT_COLOR);
	size_t limit = command->limit;

	*ctx = (struct vr_context){.opts = opts,
				   .out = stdout,
				   .width = vr_terminal_width(),
				   .strip_dirs = opts->strip_dirs,
				   .color = opts->color,
				   .png = opts->png,
				   .svg = opts->svg};
	if (bad) {
		char *names = vr_opts_names(command->options);

		vr_warn("--%s is not an option of %s; it takes %s", vr_opts_name(bad),
			command->name, names);
		free(names);
		return VR_EXIT_USAGE;
	}
	ctx->format = command->format;
	ctx->own_format = -1;
	if (opts->format && find_format(command, opts->format, ctx))
		return VR_EXIT_USAGE;
	if (command->no_csv && ctx->format == VR_FORMAT_CSV) {
		vr_warn("%s has no format csv; it has table and json", command->name);
		return VR_EXIT_USAGE;
	}
	if (opts->given & VR_OPT_LIMIT)
		limit = opts->limit;
	else if (ctx->format != VR_FORMAT_TABLE)
		limit = 0; /* programs want everything */
	ctx->limit = limit ? limit : SIZE_MAX;
	ctx->sort = command->sort ? command->sort[0].key : 0;
	if (opts->sort && find_sort(command, opts->sort, &ctx->sort))
		return VR_EXIT_USAGE;
	if (!command->pattern)
		return 0;
	if (!opts->operands) {
		vr_warn("%s needs a PATTERN: a function's name, a part of it, or a glob",
			command->name);
		return VR_EXIT_USAGE;
	}
	ctx->pattern = remove_operand(opts, place < opts->operands ? place : 0);
	return 0;
}

/* One line about the damage that cost most rows, with the number of the
 * others.  Returns VR_EXIT_INPUT when there is any. */
static int report_damage(const struct vr_file *file)
{
	const struct vr_damage *worst = file->damage;
	char more[64] = "";

	if (!file->damages)
		return VR_EXIT_OK;
	for (size_t i = 1; i < file->damages; i++)
		if (file->damage[i].total - file->damage[i].kept > worst->total - worst->kept)
			worst = &file->damage[i];
	if (file->damages > 1)
		snprintf(more, sizeof(more), "; %zu more damaged places", file->damages - 1);
	if (worst->total)
		vr_warn("%s: %s at 0x%" PRIx64 ": kept %" PRIu64 " of %" PRIu64 " rows%s",
			file->path, worst->reason, worst->offset, worst->kept, worst->total, more);
	else
		vr_warn("%s: %s at 0x%" PRIx64 "%s", file->path, worst->reason, worst->offset,
			more);
	return VR_EXIT_INPUT;
}

/* *damaged is set where the file is, or cannot be read. */
static int run_file(const struct vr_verb *command, struct vr_context *ctx, const char *path,
		    int heading, int *damaged)
{
	struct vr_err err;
	int status;
	int ret = vr_profile_open(path, &ctx->opts->select, &ctx->profile, &err);

	if (ret < 0) {
		vr_warn("%s: %s", path, err.text);
		*damaged = ret != -ESRCH;
		return ret == -ESRCH ? VR_EXIT_USAGE : VR_EXIT_INPUT;
	}
	status = report_damage(ctx->profile->file);
	*damaged |= status != VR_EXIT_OK;
	if (heading && ctx->format <= VR_FORMAT_CSV) {
		fputs(ctx->format == VR_FORMAT_CSV ? "# " : "== ", stdout);
		vr_print_safe(ctx, path);
		fputs(ctx->format == VR_FORMAT_CSV ? "\n" : " ==\n", stdout);
	}
	ret = command->run(ctx);
	if (ctx->json) {
		vr_json_set_text(ctx->json, "path", path);
		json_object_set_new(ctx->json, "damaged", json_boolean(status != VR_EXIT_OK));
	}
	vr_profile_close(ctx->profile);
	ctx->profile = NULL;
	return status ? status : ret;
}

/* Of what a gate says of several files, the leak comes before the budget and that
 * before the regression, and that before what could not be judged; else the later
 * error counts. */
static int weightier(int status, int ret)
{
	if (status >= VR_EXIT_LEAK && ret >= VR_EXIT_LEAK)
		return status < ret ? status : ret;
	return status >= VR_EXIT_LEAK && ret == VR_EXIT_INPUT ? status : ret;
}

static int run_files(const struct vr_verb *command, struct vr_context *ctx, const char *const *path,
		     size_t paths)
{
	json_t *array = json_array();
	int status = VR_EXIT_OK, damaged = 0;

	for (size_t i = 0; i < paths; i++) {
		int ret;

		if (i && ctx->format <= VR_FORMAT_CSV)
			putchar('\n');
		ret = run_file(command, ctx, path[i], paths > 1, &damaged);
		if (ret)
			status = weightier(status, ret);
		if (ctx->json)
			json_array_append_new(array, ctx->json);
		ctx->json = NULL;
	}
	if (ctx->format == VR_FORMAT_JSON && json_array_size(array)) {
		vr_json_print(paths > 1 ? array : json_array_get(array, 0), stdout);
		putchar('\n');
	}
	json_decref(array);
	if (command->last_word && status == VR_EXIT_OK)
		status = command->last_word(ctx);
	return damaged ? VR_EXIT_INPUT : status;
}

static int run(struct vr_opts *opts)
{
	const struct vr_verb *command;
	struct vr_context ctx;
	char *newest = NULL;
	size_t place;
	int status;

	if (opts->given & VR_OPT_VERSION) {
		printf("vprof-report %s\n", VPROF_VERSION_STRING);
		return VR_EXIT_OK;
	}
	if (opts->given & VR_OPT_HELP) {
		command = opts->operands ? find_command(opts->operand[0]) : NULL;
		if (command)
			command_help(command);
		else
			help();
		return VR_EXIT_OK;
	}
	command = take_command(opts, &place);
	if (!command || prepare(command, place, opts, &ctx))
		return VR_EXIT_USAGE;
	if (command == &vr_verb_ctl)
		return vr_ctl(opts);
	if (!opts->operands) {
		newest = vr_newest_file();
		if (!newest) {
			vr_warn("no *.vprof file here; run LD_PRELOAD=libvprof.so PROGRAM, or "
				"name a file");
			return VR_EXIT_INPUT;
		}
		opts->operand[opts->operands++] = newest;
	}
	if (opts->given & VR_OPT_PICTURE && opts->operands > 1) {
		vr_warn("--png and --svg draw one profile, not %zu", opts->operands);
		return VR_EXIT_USAGE;
	}
	status = command->begin ? command->begin(&ctx) : VR_EXIT_OK;
	if (status == VR_EXIT_OK)
		status = run_files(command, &ctx, opts->operand, opts->operands);
	if (command->end)
		command->end(&ctx);
	free(newest);
	return status;
}

/* libdw maps the objects it takes names from; one that is cut short meanwhile (a build
 * that runs) has pages without a file behind them. */
static _Noreturn void cut_short(int signal)
{
	static const char text[] = "vprof-report: a file that names were read from was cut short "
				   "meanwhile; ask again\n";

	(void)signal;
	_exit(write(STDERR_FILENO, text, sizeof(text) - 1) < 0 ? VR_EXIT_USAGE : VR_EXIT_INPUT);
}

int main(int argc, char **argv)
{
	struct vr_opts opts;
	struct vr_err err;
	int status;

	signal(SIGBUS, cut_short);
	setlocale(LC_CTYPE, ""); /* tree guides where the terminal has them */
	status = vr_opts_parse(argc, argv, &opts, &err);
	if (status)
		vr_warn("%s", err.text);
	else
		status = run(&opts);
	vr_opts_free(&opts);
	if (fflush(stdout) || ferror(stdout)) {
		vr_warn("cannot write the report: %s", strerror(errno));
		status = VR_EXIT_USAGE;
	}
	return status;
}
