#include "verbs/opts.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/text.h"
#include "cli/xalloc.h"

static const struct {
	unsigned bit;
	char letter; /* 0: none */
	const char *name, *value, *help;
} table[] = {
    {VR_OPT_SORT, 's', "sort", "KEY", "order of the rows; see the keys below"},
    {VR_OPT_LIMIT, 'n', "limit", "N", "at most N rows; 0: all"},
    {VR_OPT_FORMAT, 'f', "format", "F", "table, csv or json, or what else the command writes"},
    {VR_OPT_THREAD, 't', "thread", "T", "only threads with this tid or name (a glob)"},
    {VR_OPT_SINCE, 0, "since", "TIME", "from TIME after the start: 10, 250ms, 2m, 1h"},
    {VR_OPT_UNTIL, 0, "until", "TIME", "up to TIME after the start"},
    {VR_OPT_MODULE, 0, "module", "GLOB", "only what happens in these objects"},
    {VR_OPT_LABEL, 'l', "label", "K=V", "only under this label of vprof_begin() (a glob)"},
    {VR_OPT_STRIP, 0, "strip-dirs", NULL, "file names without their directories"},
    {VR_OPT_BOTTOM_UP, 'b', "bottom-up", NULL, "from the functions that ran to their callers"},
    {VR_OPT_MIN_PERCENT, 0, "min-percent", "P", "leave out what is below P percent"},
    {VR_OPT_DEPTH, 0, "depth", "N", "at most N levels; 0: all"},
    {VR_OPT_PNG, 0, "png", "FILE", "draw a picture into FILE"},
    {VR_OPT_SVG, 0, "svg", "FILE", "the same as SVG"},
    {VR_OPT_INLINES, 0, "no-inlines", NULL, "one frame an address; faster"},
    {VR_OPT_VERDICT, 0, "verdict", "V,V", "only these verdicts; all, or leak: what fails"},
    {VR_OPT_STRICT, 0, "strict", NULL, "what is only possibly lost is a leak too"},
    {VR_OPT_OUTPUT, 'o', "output", "OUT", "the file to write; - is standard output"},
    {VR_OPT_VALUE, 0, "value", "V", "what to count at each stack; see below"},
    {VR_OPT_GATE, 0, "gate", NULL, "end with 23 when there is a leak"},
    {VR_OPT_FAIL_IF, 0, "fail-if", "BUDGET",
     "end with 24 when true: 'peak_heap>24MiB'; may be repeated"},
    {VR_OPT_BASELINE, 0, "baseline", "OLD",
     "end with 25 when sites leak that did not, or more, in OLD"},
    {VR_OPT_ALLOW, 0, "allow", "V|PATTERN",
     "what the gate lets pass: a verdict, or sites; may be repeated"},
    {VR_OPT_SUPPRESSIONS, 0, "suppressions", "F",
     "leaks to leave out, a file as LeakSanitizer reads it"},
    {VR_OPT_WRITE_SUPPRESSIONS, 0, "write-suppressions", "F",
     "write such a file for the leaks there are"},
    {VR_OPT_COLOR, 0, "color", "WHEN", "auto, always or never"},
    {VR_OPT_HELP, 'h', "help", NULL, "this text"},
    {VR_OPT_VERSION, 'V', "version", NULL, "the version of vprof-report"},
};
#define TABLE_SIZE (sizeof(table) / sizeof(table[0]))

/* Returns 0 or -EINVAL. */
static int parse_count(const char *text, unsigned long max, unsigned long *value)
{
	char *end;

	errno = 0;
	*value = strtoul(text, &end, 10);
	return errno || end == text || *end || *text == '-' || *value > max ? -EINVAL : 0;
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

/* Takes an option whose value is a number, a name of a list or a time.
 * Returns 0 or VR_EXIT_USAGE. */
static int take_value(struct vr_opts *opts, unsigned bit, const char *value, struct vr_err *err)
{
	unsigned long count = 0;
	const char *valid = NULL;
	char *end;

	if (bit == VR_OPT_LIMIT) {
		if (parse_count(value, 1ul << 40, &count) < 0)
			valid = "a number of rows, 0 for all";
		opts->limit = count;
	} else if (bit == VR_OPT_DEPTH) {
		if (parse_count(value, 1000000, &count) < 0)
			valid = "a number of levels, 0 for all";
		opts->depth = (int)count;
	} else if (bit == VR_OPT_COLOR) {
		if (parse_color(value, &opts->color) < 0)
			valid = "auto, always or never";
	} else if (bit == VR_OPT_MIN_PERCENT) {
		opts->min_percent = strtod(value, &end);
		if (end == value || *end || !(opts->min_percent >= 0 && opts->min_percent <= 100))
			valid = "0 to 100";
	} else if (bit & VR_OPT_WINDOW) {
		opts->select.windowed = 1;
		if (vr_text_duration(value, bit == VR_OPT_SINCE ? &opts->select.since_ns
								: &opts->select.until_ns) < 0)
			valid = "seconds since the start, or with ms, s, m, h";
	}
	if (valid)
		return vr_err_set(err, VR_EXIT_USAGE, "--%s '%s' is not valid: %s",
				  vr_opts_name(bit), value, valid);
	return 0;
}

static void add_word(struct vr_words *words, const char *word)
{
	words->word = vr_xgrow(words->word, words->count, &words->room, sizeof(*words->word));
	words->word[words->count++] = word;
}

/* The option that keeps its text as it is; NULL: not one of them. */
static const char **text_of(struct vr_opts *opts, unsigned bit)
{
	switch (bit) {
	case VR_OPT_SORT:
		return &opts->sort;
	case VR_OPT_PNG:
		return &opts->png;
	case VR_OPT_SVG:
		return &opts->svg;
	case VR_OPT_THREAD:
		return &opts->select.thread;
	case VR_OPT_LABEL:
		return &opts->select.label;
	case VR_OPT_MODULE:
		return &opts->select.module;
	case VR_OPT_FORMAT:
		return &opts->format;
	case VR_OPT_OUTPUT:
		return &opts->output;
	case VR_OPT_VALUE:
		return &opts->value;
	case VR_OPT_BASELINE:
		return &opts->baseline;
	case VR_OPT_WRITE_SUPPRESSIONS:
		return &opts->write_suppressions;
	case VR_OPT_VERDICT:
		return &opts->verdict;
	default:
		return NULL;
	}
}

/* Takes one option.  Returns 0 or VR_EXIT_USAGE. */
static int take(struct vr_opts *opts, unsigned bit, const char *value, struct vr_err *err)
{
	const char **text = text_of(opts, bit);

	opts->given |= bit;
	if (text) {
		*text = value;
		return 0;
	}
	switch (bit) {
	case VR_OPT_STRIP:
		opts->strip_dirs = 1;
		return 0;
	case VR_OPT_BOTTOM_UP:
		opts->bottom_up = 1;
		return 0;
	case VR_OPT_STRICT:
		opts->strict = 1;
		return 0;
	case VR_OPT_INLINES:
		opts->select.inlines = 0;
		return 0;
	case VR_OPT_GATE:
		return 0;
	case VR_OPT_FAIL_IF:
		add_word(&opts->fail_if, value);
		return 0;
	case VR_OPT_ALLOW:
		add_word(&opts->allow, value);
		return 0;
	case VR_OPT_SUPPRESSIONS:
		add_word(&opts->suppressions, value);
		return 0;
	default:
		return take_value(opts, bit, value, err);
	}
}

static void build_getopt(char *letters, struct option *longs)
{
	/* "-": operands are reported in their place, whatever POSIXLY_CORRECT
	 * says; ":": a missing value is told apart from an unknown option. */
	letters += sprintf(letters, "-:");
	for (size_t i = 0; i < TABLE_SIZE; i++) {
		longs[i] =
		    (struct option){table[i].name, table[i].value ? 1 : 0, NULL, (int)(256 + i)};
		if (table[i].letter)
			letters +=
			    sprintf(letters, "%c%s", table[i].letter, table[i].value ? ":" : "");
	}
}

/* Index into the table, or TABLE_SIZE. */
static size_t index_of(int code)
{
	size_t i;

	if (code >= 256)
		return (size_t)code - 256;
	for (i = 0; i < TABLE_SIZE; i++)
		if (table[i].letter && table[i].letter == code)
			break;
	return i;
}

int vr_opts_parse(int argc, char **argv, struct vr_opts *opts, struct vr_err *err)
{
	struct option longs[TABLE_SIZE + 1] = {{0}};
	char letters[3 * TABLE_SIZE + 3];
	int code;
	int ret = 0;

	*opts =
	    (struct vr_opts){.select = {.until_ns = UINT64_MAX, .inlines = 1}, .min_percent = 1.0};
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
			ret = vr_err_set(err, VR_EXIT_USAGE,
					 "unknown option '%s'; see vprof-report --help",
					 argv[optind - 1]);
		else
			ret = take(opts, table[index_of(code)].bit, optarg, err);
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

void vr_opts_help(FILE *out, unsigned mask)
{
	for (size_t i = 0; i < TABLE_SIZE; i++) {
		char name[64];

		if (!(table[i].bit & mask))
			continue;
		snprintf(name, sizeof(name), "--%s%s%s", table[i].name, table[i].value ? " " : "",
			 table[i].value ? table[i].value : "");
		if (table[i].letter)
			fprintf(out, "  -%c, %-18s %s\n", table[i].letter, name, table[i].help);
		else
			fprintf(out, "      %-18s %s\n", name, table[i].help);
	}
}

const char *vr_opts_name(unsigned mask)
{
	for (size_t i = 0; i < TABLE_SIZE; i++)
		if (table[i].bit & mask)
			return table[i].name;
	return "";
}

char *vr_opts_names(unsigned mask)
{
	char *names = vr_xstrdup("");

	for (size_t i = 0; i < TABLE_SIZE; i++) {
		char *longer;

		if (!(table[i].bit & mask))
			continue;
		longer = vr_xprintf("%s%s--%s", names, *names ? " " : "", table[i].name);
		free(names);
		names = longer;
	}
	return names;
}
