#include "verbs/opts.h"

#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/text.h"
#include "cli/xalloc.h"

/* What becomes of an option's value. */
enum kind {
	NOTED,	 /* nothing: that it was given says all */
	TEXT,	 /* const char *, as it is */
	WORDS,	 /* struct vr_words: one more */
	ON,	 /* int: 1 */
	OFF,	 /* int: 0 */
	COUNT,	 /* size_t, up to `most` */
	PERCENT, /* double */
	TIME,	 /* uint64_t, nanoseconds */
	COLOR,	 /* int */
	CLOCK,	 /* int: 1 for the wall clock */
	ARGS	 /* enum vr_args; its value may be left out */
};

static const struct row {
	const char *name;
	char letter;	   /* 0: none */
	const char *value; /* what the help calls it, NULL: it has none */
	const char *help;
	enum kind kind;
	size_t member; /* of struct vr_opts */
	size_t most;
	const char *valid; /* what is, for the message about what is not */
} table[VR_OPTIONS] = {
#define OPTION(member) offsetof(struct vr_opts, member)
    [VR_OPT_SORT] = {"sort", 's', "KEY", "order of the rows; see the keys below", TEXT,
		     OPTION(sort)},
    [VR_OPT_LIMIT] = {"limit", 'n', "N", "at most N rows; 0: all", COUNT, OPTION(limit), 1ul << 40,
		      "a number of rows, 0 for all"},
    [VR_OPT_FORMAT] = {"format", 'f', "F", "table, csv or json, or what else the command writes",
		       TEXT, OPTION(format)},
    [VR_OPT_THREAD] = {"thread", 't', "T", "only threads with this tid or name (a glob)", TEXT,
		       OPTION(select.thread)},
    [VR_OPT_SINCE] = {"since", 0, "TIME", "from TIME after the start: 10, 250ms, 2m, 1h", TIME,
		      OPTION(select.since_ns), 0, "seconds since the start, or with ms, s, m, h"},
    [VR_OPT_UNTIL] = {"until", 0, "TIME", "up to TIME after the start", TIME,
		      OPTION(select.until_ns), 0, "seconds since the start, or with ms, s, m, h"},
    [VR_OPT_MODULE] = {"module", 0, "GLOB", "only what happens in these objects", TEXT,
		       OPTION(select.module)},
    [VR_OPT_LOOP] = {"loop", 0, "GLOB", "only loops of functions of this name", TEXT, OPTION(loop)},
    [VR_OPT_TAIL] = {"tail", 0, "P", "what those have in common that are slower than P percent",
		     PERCENT, OPTION(tail), 0, "0 to 100"},
    [VR_OPT_SELECT] = {"select", 0, "WORDS",
		       "the same of those with dur>5ms,t=10s..20s,events>10,label=K=V", TEXT,
		       OPTION(slow)},
    [VR_OPT_SPAN] = {"span", 0, "GLOB", "only spans of this name", TEXT, OPTION(span)},
    [VR_OPT_BY] = {"by", 0, "WHAT", "a row for each name, thread or label", TEXT, OPTION(by)},
    [VR_OPT_LABEL] = {"label", 'l', "K=V", "only under this label of vprof_begin() (a glob)", TEXT,
		      OPTION(select.label)},
    [VR_OPT_CLOCK] = {"clock", 0, "CLOCK", "cpu (default), or wall: what blocked and waited too",
		      CLOCK, OPTION(select.wall), 0, "cpu or wall"},
    [VR_OPT_IDLE] = {"idle", 0, NULL, "waits for work and pauses too, which are left out", ON,
		     OPTION(select.idle)},
    [VR_OPT_TREE] = {"tree", 0, NULL, "all processes of the record's run, added up", ON,
		     OPTION(tree)},
    [VR_OPT_ALL] = {"all", 'a', NULL, "every run there is, not the newest alone", ON, OPTION(all)},
    [VR_OPT_STRIP] = {"strip-dirs", 0, NULL, "file names without their directories", ON,
		      OPTION(strip_dirs)},
    [VR_OPT_FULL_NAMES] = {"full-names", 0, NULL, "names of functions whole, however long", ON,
			   OPTION(select.full_names)},
    [VR_OPT_BOTTOM_UP] = {"bottom-up", 'b', NULL, "from the functions that ran to their callers",
			  ON, OPTION(bottom_up)},
    [VR_OPT_MIN_PERCENT] = {"min-percent", 0, "P", "leave out what is below P percent", PERCENT,
			    OPTION(min_percent), 0, "0 to 100"},
    [VR_OPT_DEPTH] = {"depth", 0, "N", "at most N levels; 0: all", COUNT, OPTION(depth), 1000000,
		      "a number of levels, 0 for all"},
    [VR_OPT_PNG] = {"png", 0, "FILE", "draw a picture into FILE", TEXT, OPTION(png)},
    [VR_OPT_SVG] = {"svg", 0, "FILE", "the same as SVG", TEXT, OPTION(svg)},
    [VR_OPT_INLINES] = {"no-inlines", 0, NULL, "one frame an address; faster", OFF,
			OPTION(select.inlines)},
    [VR_OPT_SYMFS] = {"symfs", 0, "DIR",
		      "look for objects and debug files here too, a sysroot or a flat folder", TEXT,
		      OPTION(symfs)},
    [VR_OPT_DEBUGINFOD] = {"no-debuginfod", 0, NULL,
			   "ask no server for debug files, whatever DEBUGINFOD_URLS says", ON,
			   OPTION(no_debuginfod)},
    [VR_OPT_VERDICT] = {"verdict", 0, "V,V", "only these verdicts; all, or leak: what fails", TEXT,
			OPTION(verdict)},
    [VR_OPT_STRICT] = {"strict", 0, NULL, "what is only possibly lost is a leak too", ON,
		       OPTION(strict)},
    [VR_OPT_KIND] = {"kind", 'k', "KIND", "which memory: malloc, mmap, resident or all", TEXT,
		     OPTION(kind)},
    [VR_OPT_DEADLOCKS] = {"deadlocks", 0, NULL, "only what may once become a deadlock", NOTED},
    [VR_OPT_OUTPUT] = {"output", 'o', "OUT", "the file to write; - is standard output", TEXT,
		       OPTION(output)},
    [VR_OPT_VALUE] = {"value", 0, "V", "what to count at each stack; see below", TEXT,
		      OPTION(value)},
    [VR_OPT_GATE] = {"gate", 0, NULL, "end with 23 when there is a leak", NOTED},
    [VR_OPT_FAIL_IF] = {"fail-if", 0, "BUDGET",
			"end with 24 when true: 'peak_heap>24MiB'; see check; may be repeated",
			WORDS, OPTION(fail_if)},
    [VR_OPT_BASELINE] = {"baseline", 0, "OLD",
			 "end with 25 when sites leak that did not, or more, in OLD", TEXT,
			 OPTION(baseline)},
    [VR_OPT_ALLOW] = {"allow", 0, "V|PATTERN",
		      "what the gate lets pass: a verdict, or sites; may be repeated", WORDS,
		      OPTION(allow)},
    [VR_OPT_SUPPRESSIONS] = {"suppressions", 0, "F",
			     "leaks to leave out, a file as LeakSanitizer reads it", WORDS,
			     OPTION(suppressions)},
    [VR_OPT_WRITE_SUPPRESSIONS] = {"write-suppressions", 0, "F",
				   "write such a file for the leaks there are", TEXT,
				   OPTION(write_suppressions)},
    [VR_OPT_ARGS] = {"args", 0, "[=all]",
		     "the whole command line; all: also what may be secret, where it is recorded",
		     ARGS, OPTION(args), 0, "all, or nothing"},
    [VR_OPT_COLOR] = {"color", 0, "WHEN", "auto, always or never", COLOR, OPTION(color), 0,
		      "auto, always or never"},
    [VR_OPT_HELP] = {"help", 'h', NULL, "this text", NOTED},
    [VR_OPT_VERSION] = {"version", 'V', NULL, "the version of vprof-report", NOTED},
#undef OPTION
};

/* Returns 0 or -EINVAL; so do the next ones. */
static int parse_count(const char *text, size_t most, size_t *value)
{
	unsigned long count;
	char *end;

	errno = 0;
	count = strtoul(text, &end, 10);
	if (errno || end == text || *end || *text == '-' || count > most)
		return -EINVAL;
	*value = count;
	return 0;
}

static int parse_percent(const char *text, double *value)
{
	char *end;
	double percent = strtod(text, &end);

	if (end == text || *end || !(percent >= 0 && percent <= 100))
		return -EINVAL;
	*value = percent;
	return 0;
}

static int parse_color(const char *text, int *color)
{
	if (strcmp(text, "always") == 0)
		*color = 1;
	else if (strcmp(text, "never") == 0)
		*color = 0;
	else if (strcmp(text, "auto") != 0)
		return -EINVAL;
	return 0;
}

static int parse_clock(const char *text, int *wall)
{
	*wall = strcmp(text, "wall") == 0;
	return !*wall && strcmp(text, "cpu") != 0 ? -EINVAL : 0;
}

static int parse_args(const char *text, enum vr_args *args)
{
	*args = text ? VR_ARGS_ALL : VR_ARGS_WHOLE;
	return text && strcmp(text, "all") != 0 ? -EINVAL : 0;
}

static void add_word(struct vr_words *words, const char *word)
{
	words->word = vr_xgrow(words->word, words->count, &words->room, sizeof(*words->word));
	words->word[words->count++] = word;
}

static int keep(struct vr_opts *opts, const struct row *row, const char *value)
{
	void *member = (char *)opts + row->member;

	switch (row->kind) {
	case NOTED:
		return 0;
	case TEXT:
		*(const char **)member = value;
		return 0;
	case WORDS:
		add_word(member, value);
		return 0;
	case ON:
	case OFF:
		*(int *)member = row->kind == ON;
		return 0;
	case COUNT:
		return parse_count(value, row->most, member);
	case PERCENT:
		return parse_percent(value, member);
	case TIME:
		opts->select.windowed = 1;
		return vr_text_duration(value, member);
	case COLOR:
		return parse_color(value, member);
	case CLOCK:
		return parse_clock(value, member);
	case ARGS:
		return parse_args(value, member);
	}
	return -EINVAL;
}

/* Takes one option.  Returns 0 or VR_EXIT_USAGE. */
static int take(struct vr_opts *opts, enum vr_option option, const char *value, struct vr_err *err)
{
	const struct row *row = &table[option];

	opts->given |= vr_option_bit(option);
	if (keep(opts, row, value) == 0)
		return 0;
	return vr_err_set(err, VR_EXIT_USAGE, "--%s '%s' is not valid: %s", row->name, value,
			  row->valid);
}

static void build_getopt(char *letters, struct option *longs)
{
	/* "-": operands are reported in their place, whatever POSIXLY_CORRECT
	 * says; ":": a missing value is told apart from an unknown option. */
	letters += sprintf(letters, "-:");
	for (size_t i = 0; i < VR_OPTIONS; i++) {
		int value = !table[i].value	    ? no_argument
			    : table[i].kind == ARGS ? optional_argument
						    : required_argument;

		longs[i] = (struct option){table[i].name, value, NULL, (int)(256 + i)};
		if (table[i].letter)
			letters +=
			    sprintf(letters, "%c%s", table[i].letter, table[i].value ? ":" : "");
	}
}

static enum vr_option option_of(int code)
{
	size_t i = 0;

	if (code >= 256)
		return (enum vr_option)(code - 256);
	while (i < VR_OPTIONS - 1 && table[i].letter != code)
		i++;
	return (enum vr_option)i;
}

/* What other profilers attach with. */
static int no_such_option(const char *given, struct vr_err *err)
{
	if (strncmp(given, "-p", 2) == 0 || strncmp(given, "--pid", 5) == 0)
		return vr_err_set(err, VR_EXIT_USAGE,
				  "'%s': a running process is not attached to; if it was started "
				  "under libvprof, vprof-report ctl PID resume, pause or set "
				  "controls it, and its record can be read as it is",
				  given);
	return vr_err_set(err, VR_EXIT_USAGE, "unknown option '%s'; see vprof-report --help",
			  given);
}

int vr_opts_parse(int argc, char **argv, struct vr_opts *opts, struct vr_err *err)
{
	struct option longs[VR_OPTIONS + 1] = {{0}};
	char letters[3 * VR_OPTIONS + 3];
	int code;
	int ret = 0;

	*opts = (struct vr_opts){
	    .select = {.until_ns = UINT64_MAX, .inlines = 1}, .min_percent = 1.0, .tail = 99};
	opts->color = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
	opts->operand = vr_xcalloc((size_t)argc + 1, sizeof(*opts->operand));
	build_getopt(letters, longs);
	opterr = 0;
	while (ret == 0 && (code = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		if (code == 1)
			opts->operand[opts->operands++] = optarg;
		else if (code == ':')
			ret = vr_err_set(err, VR_EXIT_USAGE, "option '%s' needs a value",
					 argv[optind - 1]);
		else if (code == '?')
			ret = no_such_option(argv[optind - 1], err);
		else
			ret = take(opts, option_of(code), optarg, err);
	}
	while (ret == 0 && optind < argc) /* what follows "--" */
		opts->operand[opts->operands++] = argv[optind++];
	if (ret == 0 && opts->select.since_ns >= opts->select.until_ns)
		ret = vr_err_set(err, VR_EXIT_USAGE, "--since is not before --until");
	return ret;
}

void vr_opts_free(struct vr_opts *opts)
{
	free(opts->operand);
	free(opts->fail_if.word);
	free(opts->allow.word);
	free(opts->suppressions.word);
}

const char *vr_opts_take(struct vr_opts *opts, size_t operand)
{
	const char *taken = opts->operand[operand];

	opts->operands--;
	memmove(opts->operand + operand, opts->operand + operand + 1,
		(opts->operands - operand) * sizeof(*opts->operand));
	return taken;
}

void vr_opts_help(FILE *out, vr_option_set set)
{
	for (size_t i = 0; i < VR_OPTIONS; i++) {
		const struct row *row = &table[i];
		char name[64];

		if (!(set & vr_option_bit((enum vr_option)i)))
			continue;
		snprintf(name, sizeof(name), "--%s%s%s", row->name,
			 row->value && row->kind != ARGS ? " " : "", row->value ? row->value : "");
		if (row->letter)
			fprintf(out, "  -%c, %-18s %s\n", row->letter, name, row->help);
		else
			fprintf(out, "      %-18s %s\n", name, row->help);
	}
}

const char *vr_opts_name(enum vr_option option)
{
	return table[option].name;
}

char *vr_opts_names(vr_option_set set)
{
	char *names = vr_xstrdup("");

	for (size_t i = 0; i < VR_OPTIONS; i++)
		if (set & vr_option_bit((enum vr_option)i))
			names = vr_xappend(names, "%s--%s", *names ? " " : "", table[i].name);
	return names;
}
