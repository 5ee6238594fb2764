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
#include "output/out.h"
#include "output/out_json.h"
#include "verbs/drive.h"

static const struct vr_verb *const commands[] = {
    &vr_verb_summary, &vr_verb_flat,  &vr_verb_tree,   &vr_verb_callers,  &vr_verb_callees,
    &vr_verb_heap,    &vr_verb_leaks, &vr_verb_check,  &vr_verb_timeline, &vr_verb_threads,
    &vr_verb_locks,   &vr_verb_waits, &vr_verb_loop,   &vr_verb_spans,	  &vr_verb_labels,
    &vr_verb_counts,  &vr_verb_marks, &vr_verb_export, &vr_verb_ls,	  &vr_verb_ctl,
    &vr_verb_stacks,  &vr_verb_info,  &vr_verb_doctor,
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void help(void)
{
	printf("Usage: vprof-report [COMMAND] [FILE...] [OPTIONS]\n"
	       "Prints profiles written by programs run with LD_PRELOAD=libvprof.so.\n"
	       "Without FILE it reads the record that matters of the newest run here, or in a\n"
	       "profile_results_* that vprof-run made here (vprof-report ls says which and why);\n"
	       "without COMMAND it prints the summary, or with --sort the flat profile.\n\n"
	       "Commands:\n");
	for (size_t i = 0; i < COMMANDS; i++)
		printf("  %-9s %s\n", commands[i]->name, commands[i]->summary);
	printf("\nOptions (vprof-report COMMAND --help lists those of a command):\n");
	vr_opts_help(stdout, ~(vr_option_set)0);
	printf(
	    "\nExit status: 0 fine, 1 usage, 2 a file was unreadable or damaged; of a gate 23 "
	    "leak,\n"
	    "24 budget exceeded, 25 worse than the baseline; of doctor 26 something is wrong.\n");
}

static void command_help(const struct vr_verb *command)
{
	printf("Usage: vprof-report %s %s [OPTIONS]\n%s.\n", command->name, command->usage,
	       command->summary);
	if (command->detail)
		printf("\n%s\n", command->detail);
	printf("\nOptions:\n");
	vr_opts_help(stdout, vr_verb_options(command) | vr_option_bit(VR_OPT_HELP));
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
		list = vr_xappend(list, "%s%s", i ? " " : "", commands[i]->name);
	}
	vr_warn("no command and no file '%s'; the commands are: %s", name, list);
	free(list);
	return VR_EXIT_USAGE;
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
			vr_opts_take(opts, *place);
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

static int run(struct vr_opts *opts)
{
	const struct vr_verb *command;
	size_t place;

	if (vr_opts_given(opts, VR_OPT_VERSION)) {
		printf("vprof-report %s\n", VPROF_VERSION_STRING);
		return VR_EXIT_OK;
	}
	if (vr_opts_given(opts, VR_OPT_HELP)) {
		command = opts->operands ? find_command(opts->operand[0]) : NULL;
		if (command)
			command_help(command);
		else
			help();
		return VR_EXIT_OK;
	}
	command = take_command(opts, &place);
	return command ? vr_drive(command, place, opts) : VR_EXIT_USAGE;
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
