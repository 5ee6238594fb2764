/* What the user asked for. */
#ifndef VRUN_OPTIONS_H
#define VRUN_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

/* The programs that come with the profiler, in the order they run. */
enum vrun_component {
	VRUN_VIRTUOSO = 1,
	VRUN_MONITOR = 2,
};

struct vrun_options {
	char **symbol; /* each once, in the order given */
	size_t symbols;
	double duration_s;   /* of each run; 0: not given */
	const char *delay;   /* seconds before recording begins, NULL: none */
	bool paused;	     /* recording begins when somebody asks for it */
	unsigned components; /* vrun_component bits; 0: not given */
	bool skip_cpu, skip_memory, skip_leak_test;
	bool gate;     /* end with the status of `vprof-report leaks --gate` */
	char **budget; /* each as given: whether it is kept makes the status, too */
	size_t budgets;
	const char *out; /* NULL: profile_results_YYYYmmdd_HHMMSS */
	char **command;	 /* NULL: the bundled programs */
};

/* Reads the command line.
 * Returns 0; -ECANCELED when help or the version was asked for and printed;
 * -EINVAL after one line on stderr. */
int vrun_options_parse(struct vrun_options *options, int argc, char **argv);

#endif
