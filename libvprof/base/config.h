/* VPROF_OPTIONS and VPROF_OUT: config.c is the only place that reads the environment.
 *
 * Grammar: key=value:key=value, as LSAN_OPTIONS; a value that holds a colon is
 * put in double or single quotes. */
#ifndef VP_BASE_CONFIG_H
#define VP_BASE_CONFIG_H

#include "vprof_format.h"

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

enum vp_engine_choice { VP_ENGINE_AUTO, VP_ENGINE_PERF, VP_ENGINE_TIMER };

#define VP_LOCKS_ORDER 2

struct vp_config {
	char out[PATH_MAX];  /* pattern, not yet expanded */
	const char *options; /* VPROF_OPTIONS as given, "" when unset */
	uint64_t size_bytes;
	uint32_t cpu_hz; /* 0: off */
	enum vprof_heap_mode heap;
	uint64_t heap_sample_bytes; /* mean distance of sample points */
	uint32_t tick_ms;
	int locks;		   /* VP_LOCKS_ORDER: the order of all of them */
	int waits;		   /* calls that may block */
	int loop;		   /* loops among them */
	uint64_t stall_ns;	   /* 0: nothing is a stall */
	int stall_auto;		   /* each loop's own, once it is learned */
	uint64_t hang_ns;	   /* 0: nothing hangs */
	int leakscan;		   /* enum vprof_scan_when: search for pointers to blocks */
	uint32_t leakscan_every_s; /* 0: never */
	uint32_t leakscan_wait_ms; /* what a signal that ends the process may wait for it */
	int follow_fork, follow_exec;
	enum vp_engine_choice engine;
	int start_paused;
	uint64_t delay_ns;    /* from the start of the process to that of the recording */
	uint64_t duration_ns; /* of recording; 0: to the end */
	enum vprof_args args; /* what is recorded of the arguments */
	char trace[1024];     /* patterns of functions to be counted; "": none */
	int guard;	      /* SIGBUS of the record is ours to handle */
	int path_has_pid;     /* of the path made last */
};

extern struct vp_config vp_config;

/* Reads the environment.  Returns 0; -ECANCELED when help was asked for, or
 * -EINVAL, after one line on stderr: the process then runs unprofiled. */
int vp_config_read(char **environment);

/* Changes one of the keys that may be changed while the process runs.
 *   text  key=value
 *   why   [out] where it is refused: one line for who asked
 * Returns 0; -ENOENT for an unknown key, -EPERM for one that is fixed at the start, -EINVAL
 * for a bad value.
 * Context: helper thread. */
struct vp_text;
int vp_config_change(const char *text, struct vp_text *why);

/* The value of a variable; NULL: it is not set. */
const char *vp_config_lookup(char **environment, const char *name, size_t len);

/* Writes the file name for this process: expands %p %e %t %{NAME} %%, makes
 * it absolute, and appends ".PID" when `unique` and the pattern has no %p.
 *   here  1: a relative name begins in the working directory; 0: in what that was the last
 *         time, which is where the parent of a forked child began
 * Returns 0, or -ENAMETOOLONG; notes in path_has_pid whether PID is in the name. */
int vp_config_path(char *buf, size_t size, char **environment, const char *program, int unique,
		   int here);

/* Takes our entry out of LD_PRELOAD for programs started later. */
void vp_config_unload_env(char **environment);

#endif
