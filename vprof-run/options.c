#include "options.h"
#include "cli/text.h"
#include "cli/warn.h"
#include "cli/xalloc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The state of a scan: argv[next] is the word to look at. */
struct scan {
	struct vrun_options *out;
	char **argv;
	int next;
	const char *name;     /* option being read, as given, without its "=VALUE" */
	const char *attached; /* behind '=', NULL: none */
};

struct option {
	const char *name, *values, *help;
	int (*set)(struct scan *scan);
};

static int value_of(struct scan *scan, const char **value)
{
	*value = scan->attached;
	if (!*value && scan->argv[scan->next] && scan->argv[scan->next][0] != '-')
		*value = scan->argv[scan->next++];
	if (*value && **value)
		return 0;
	vr_warn("%s wants a value (see --help)", scan->name);
	return -EINVAL;
}

static void add_symbol(struct vrun_options *options, char *symbol)
{
	for (size_t i = 0; i < options->symbols; i++)
		if (strcmp(options->symbol[i], symbol) == 0)
			return;
	options->symbol[options->symbols++] = symbol;
}

static int set_symbols(struct scan *scan)
{
	const char *first;

	if (value_of(scan, &first))
		return -EINVAL;
	add_symbol(scan->out, (char *)(uintptr_t)first);
	while (!scan->attached && scan->argv[scan->next] && scan->argv[scan->next][0] != '-')
		add_symbol(scan->out, scan->argv[scan->next++]);
	return 0;
}

static int set_duration(struct scan *scan)
{
	const char *value;
	char *end;

	if (value_of(scan, &value))
		return -EINVAL;
	scan->out->duration_s = strtod(value, &end);
	/* Written so that NaN fails. */
	if (!*end && scan->out->duration_s >= 0.1 && scan->out->duration_s <= 1e7)
		return 0;
	vr_warn("--duration wants seconds, 0.1 or more, not '%s'", value);
	return -EINVAL;
}

static int set_delay(struct scan *scan)
{
	double seconds;
	char *end;

	if (value_of(scan, &scan->out->delay))
		return -EINVAL;
	seconds = strtod(scan->out->delay, &end);
	if (!*end && seconds >= 0 && seconds <= 1e7 &&
	    !scan->out->delay[strspn(scan->out->delay, "0123456789.")])
		return 0;
	vr_warn("--delay wants seconds, not '%s'", scan->out->delay);
	return -EINVAL;
}

static int set_component(struct scan *scan)
{
	const char *value;

	if (value_of(scan, &value))
		return -EINVAL;
	if (strcmp(value, "all") == 0)
		scan->out->components |= VRUN_VIRTUOSO | VRUN_MONITOR;
	else if (strcmp(value, "virtuoso") == 0)
		scan->out->components |= VRUN_VIRTUOSO;
	else if (strcmp(value, "monitor") == 0)
		scan->out->components |= VRUN_MONITOR;
	else {
		vr_warn("--component is monitor, virtuoso or all, not '%s'; for a program of "
			"your own: vprof-run -- COMMAND",
			value);
		return -EINVAL;
	}
	return 0;
}

static int set_out(struct scan *scan)
{
	return value_of(scan, &scan->out->out);
}

static int set_flag(struct scan *scan, bool *flag)
{
	if (scan->attached) {
		vr_warn("%s takes no value", scan->name);
		return -EINVAL;
	}
	*flag = true;
	return 0;
}

static int set_skip_cpu(struct scan *scan)
{
	return set_flag(scan, &scan->out->skip_cpu);
}

static int set_skip_memory(struct scan *scan)
{
	return set_flag(scan, &scan->out->skip_memory);
}

static int set_skip_leak_test(struct scan *scan)
{
	return set_flag(scan, &scan->out->skip_leak_test);
}

static int set_gate(struct scan *scan)
{
	return set_flag(scan, &scan->out->gate);
}

static int set_fail_if(struct scan *scan)
{
	const char *budget;

	if (value_of(scan, &budget))
		return -EINVAL;
	scan->out->budget[scan->out->budgets++] = (char *)(uintptr_t)budget;
	return 0;
}

static int set_paused(struct scan *scan)
{
	return set_flag(scan, &scan->out->paused);
}

/* As perf, heaptrack, py-spy and gdb have it. */
static int set_pid(struct scan *scan)
{
	const char *pid = scan->attached ? scan->attached : scan->argv[scan->next];

	vr_warn("nothing can attach to a running process%s%s: the library must be there from its "
		"first instruction. Start it with vprof-run --paused -- COMMAND, or LD_PRELOAD="
		"libvprof.so VPROF_OPTIONS=start=paused COMMAND; then vprof-report ctl PID resume "
		"when it matters",
		pid ? " such as " : "", pid ? pid : "");
	return -EINVAL;
}

static int set_help(struct scan *scan);

static int set_version(struct scan *scan)
{
	(void)scan;
	printf("vprof-run %s\n", VPROF_VERSION_STRING);
	return -ECANCELED;
}

static const struct option options[] = {
    {"--symbols", "NAME...",
     "one run for each; {symbol} in COMMAND becomes the name\n"
     "(--symbol is the same)",
     set_symbols},
    {"--symbol", "NAME...", NULL, set_symbols},
    {"--duration", "SECONDS",
     "how long each run takes; a COMMAND is searched for leaks and\n"
     "gets SIGTERM then\n"
     "(default: a COMMAND runs to its end, a bundled program 10 s;\n"
     "VPROF_OPTIONS=duration=S ends the recording and not the run)",
     set_duration},
    {"--delay", "SECONDS", "record nothing for so long; the time is part of --duration", set_delay},
    {"--paused", "",
     "record nothing until `vprof-report ctl PID resume`, or the\n"
     "program calls vprof_start()",
     set_paused},
    {"--pid", "PID", NULL, set_pid},
    {"--attach", "PID", NULL, set_pid},
    {"--component", "WHICH", "bundled program to run: monitor, virtuoso or all (default)",
     set_component},
    {"--skip-cpu", "", "take no CPU samples", set_skip_cpu},
    {"--skip-memory", "", "do not follow the heap; also no leak test", set_skip_memory},
    {"--skip-leak-test", "", "do not judge what was not freed", set_skip_leak_test},
    {"--gate", "", "end with status 23 when there is a leak", set_gate},
    {"--fail-if", "BUDGET",
     "end with status 24 when it is true, 2 when nobody can tell;\n"
     "'allocs(on_tick)>0 after mark:warm', 'loop.p99>2ms', ...\n"
     "(docs/budgets.md); as many as you like",
     set_fail_if},
    {"--out", "DIR", "write there (default profile_results_YYYYmmdd_HHMMSS)", set_out},
    {"--help", "", "this text", set_help},
    {"--version", "", "the version", set_version},
};
#define OPTIONS (sizeof(options) / sizeof(options[0]))

static int set_help(struct scan *scan)
{
	(void)scan;
	printf(
	    "Usage: vprof-run [OPTIONS] [-- COMMAND ARGUMENTS...]\n"
	    "Runs COMMAND, or the bundled virtuoso and monitor, under libvprof; one run measures\n"
	    "everything. Writes profiles and profiling_summary.md into one directory and prints\n"
	    "what to look at first.\n\nOptions:\n");
	for (size_t i = 0; i < OPTIONS; i++) {
		char *left, *help;

		if (!options[i].help)
			continue;
		left = vr_xprintf("%s %s", options[i].name, options[i].values);
		help = vr_text_replace(options[i].help, "\n", "\n                      ");
		printf("  %-19s %s\n", left, help);
		free(left);
		free(help);
	}
	printf(
	    "\nVPROF_OPTIONS is handed on (VPROF_OPTIONS=help=1 lists its keys).\n"
	    "Exit status: that of COMMAND (the first that is not 0), 128+N when signal N killed\n"
	    "it; 127 not found, 126 cannot be executed, 125 vprof-run itself failed. With --gate\n"
	    "and --fail-if what they find comes first: 23 leak, 24 budget, 25 regression; after\n"
	    "COMMAND's own 2, where it cannot be judged.\n");
	return -ECANCELED;
}

/* Reads the option at argv[next]. */
static int read_option(struct scan *scan)
{
	char *word = scan->argv[scan->next++];
	size_t len = strcspn(word, "=");

	for (size_t i = 0; i < OPTIONS; i++) {
		if (strlen(options[i].name) != len || strncmp(options[i].name, word, len) != 0)
			continue;
		scan->name = options[i].name;
		scan->attached = word[len] ? word + len + 1 : NULL;
		return options[i].set(scan);
	}
	if (strcmp(word, "-h") == 0 || strcmp(word, "-?") == 0)
		return set_help(scan);
	if (strcmp(word, "-p") == 0)
		return set_pid(scan);
	vr_warn("no option '%s' (see --help)", word);
	return -EINVAL;
}

/* What cannot go together. */
static int check(const struct vrun_options *o)
{
	bool wanted = false;

	for (char **word = o->command; word && *word; word++)
		wanted |= strstr(*word, "{symbol}") != NULL;
	if (o->command && o->components)
		vr_warn("--component chooses a bundled program; it does not go with a COMMAND");
	else if (o->command && wanted && !o->symbols)
		vr_warn("COMMAND has {symbol}; name some with --symbols");
	else if (o->command && !wanted && o->symbols)
		vr_warn("--symbols needs a {symbol} in COMMAND to replace");
	else if (o->gate && (o->skip_memory || o->skip_leak_test))
		vr_warn("--gate judges leaks; it does not go with --skip-memory or "
			"--skip-leak-test");
	else if (o->skip_cpu && o->skip_memory)
		vr_warn("--skip-cpu and --skip-memory leave nothing to measure");
	else
		return 0;
	return -EINVAL;
}

int vrun_options_parse(struct vrun_options *out, int argc, char **argv)
{
	struct scan scan = {.out = out, .argv = argv, .next = 1};

	*out = (struct vrun_options){.symbol = vr_xcalloc((size_t)argc + 1, sizeof(char *)),
				     .budget = vr_xcalloc((size_t)argc + 1, sizeof(char *))};
	while (argv[scan.next] && argv[scan.next][0] == '-') {
		int err;

		if (strcmp(argv[scan.next], "--") == 0) {
			scan.next++;
			if (!argv[scan.next]) {
				vr_warn("no COMMAND behind --");
				return -EINVAL;
			}
			break;
		}
		err = read_option(&scan);
		if (err)
			return err;
	}
	if (argv[scan.next])
		out->command = argv + scan.next;
	return check(out);
}
