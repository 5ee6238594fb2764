#include "plan.h"
#include "cli/library.h"
#include "cli/text.h"
#include "cli/warn.h"
#include "cli/xalloc.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BUNDLED_S 10.0 /* the bundled programs' own default */

static const char *const default_symbol[] = {"BTC/USDT"};

/* Letters, digits, '.', '_' and '-' stay; the rest becomes '-'.  A number
 * makes it unlike the labels before it. */
static char *make_label(const struct vrun_plan *plan, const char *name)
{
	char *base = vr_xprintf("%.100s", name), *label;
	size_t again = 1;

	for (char *c = base; *c; c++)
		if (!isalnum((unsigned char)*c) && *c != '.' && *c != '_')
			*c = '-';
	if (!*base || *base == '.' || *base == '-')
		*base = '_';
	label = vr_xstrdup(base);
	for (size_t i = 0; i < plan->runs; i++) {
		if (strcmp(plan->run[i].label, label) != 0)
			continue;
		free(label);
		label = vr_xprintf("%s-%zu", base, ++again);
		i = SIZE_MAX; /* from the start */
	}
	free(base);
	return label;
}

static struct vrun_run *add_run(struct vrun_plan *plan, const char *program, const char *symbol)
{
	struct vrun_run *run = &plan->run[plan->runs];

	run->name =
	    vr_xprintf("%s%s%s", vr_text_base(program), symbol ? " " : "", symbol ? symbol : "");
	run->label = make_label(plan, run->name);
	plan->runs++;
	return run;
}

static int add_bundled(struct vrun_plan *plan, const struct vrun_options *options,
		       const char *program, const char *symbol)
{
	char *path = vr_beside(program, NULL);
	struct vrun_run *run;
	size_t n = 0;

	if (!path) {
		vr_warn("the bundled %s is not beside vprof-run; for a program of your own: "
			"vprof-run -- COMMAND",
			program);
		return -ENOENT;
	}
	run = add_run(plan, program, symbol);
	run->bundled = true;
	run->length_s = options->duration_s > 0 ? options->duration_s : BUNDLED_S;
	run->argv = vr_xcalloc(7, sizeof(char *));
	run->argv[n++] = path;
	run->argv[n++] = vr_xstrdup("--symbol");
	run->argv[n++] = vr_xstrdup(symbol);
	run->argv[n++] = vr_xstrdup("--duration");
	run->argv[n++] = vr_xprintf("%g", run->length_s);
	run->argv[n++] = vr_xstrdup("--quiet");
	return 0;
}

static void add_command(struct vrun_plan *plan, const struct vrun_options *options,
			const char *symbol)
{
	struct vrun_run *run = add_run(plan, options->command[0], symbol);
	size_t words = 0;

	while (options->command[words])
		words++;
	run->stop_s = run->length_s = options->duration_s;
	run->argv = vr_xcalloc(words + 1, sizeof(char *));
	for (size_t i = 0; i < words; i++)
		run->argv[i] =
		    vr_text_replace(options->command[i], "{symbol}", symbol ? symbol : "");
}

int vrun_plan_make(struct vrun_plan *plan, const struct vrun_options *options)
{
	unsigned components =
	    options->components ? options->components : VRUN_VIRTUOSO | VRUN_MONITOR;
	const char *const *symbol =
	    options->symbols ? (const char *const *)options->symbol : default_symbol;
	size_t symbols = options->symbols ? options->symbols : 1;
	int err = 0;

	*plan = (struct vrun_plan){.run = vr_xcalloc(2 * symbols, sizeof(*plan->run))};
	for (size_t i = 0; i < symbols && !err; i++) {
		if (options->command) {
			add_command(plan, options, options->symbols ? symbol[i] : NULL);
			continue;
		}
		if (components & VRUN_VIRTUOSO)
			err = add_bundled(plan, options, "virtuoso", symbol[i]);
		if (!err && components & VRUN_MONITOR)
			err = add_bundled(plan, options, "monitor", symbol[i]);
	}
	return err;
}

void vrun_plan_free(struct vrun_plan *plan)
{
	for (size_t i = 0; i < plan->runs; i++) {
		for (char **word = plan->run[i].argv; *word; word++)
			free(*word);
		free(plan->run[i].argv);
		free(plan->run[i].name);
		free(plan->run[i].label);
		free(plan->run[i].log);
	}
	free(plan->run);
}
