/* Which records belong together: a run is a process and all that came of it, by fork and
 * by exec.  And which of them is meant where none is named. */
#ifndef VR_RUNS_H
#define VR_RUNS_H

#include "input/records.h"

/* How a process came of the one before it. */
enum vr_descent { VR_DESCENT_NONE, VR_DESCENT_FORK, VR_DESCENT_EXEC };

/* One record, in its place. */
struct vr_process {
	const struct vr_record *record;
	const struct vr_file *file; /* its head */
	uint32_t parent;	    /* index, VPROF_NONE: the first of its run */
	enum vr_descent descent;
	uint32_t run, depth;
	uint64_t start_ns, end_ns; /* CLOCK_MONOTONIC; UINT64_MAX: not ended, or not known */
	uint64_t cpu_ns;	   /* without that of the library's own thread */
	uint64_t tree_cpu_ns;	   /* with all that came of it */
};

struct vr_runs {
	/* Run by run, the one that ended or began last in front; in a run each process is followed
	 * by what came of it. */
	struct vr_process *process;
	size_t count;
	uint32_t runs;
};

/* Records that cannot be read are left out; those of `records` are borrowed. */
struct vr_runs *vr_runs_find(const struct vr_records *records);
void vr_runs_free(struct vr_runs *runs); /* NULL is fine */

/* Puts a run in front of the others. */
void vr_runs_first(struct vr_runs *runs, uint32_t run);

/* The processes of a run, the first of them at *first. */
size_t vr_run_processes(const struct vr_runs *runs, uint32_t run, size_t *first);
/* Index of the process of that record; VPROF_NONE: there is none. */
uint32_t vr_runs_index(const struct vr_runs *runs, const char *path);

/* Why that one. */
enum vr_choice {
	VR_CHOICE_ONLY,	   /* the run has one */
	VR_CHOICE_FIRST,   /* the first of the run */
	VR_CHOICE_PROGRAM, /* what was before it only started the program */
	VR_CHOICE_HEAVY	   /* it used most of the CPU time */
};
struct vr_chosen {
	uint32_t process; /* index */
	enum vr_choice choice;
	double cpu_percent; /* of the run's CPU time */
	uint32_t past;	    /* PROGRAM: the launcher that was passed over last */
};

/* The record of a run that is meant where none is named. */
struct vr_chosen vr_run_choose(const struct vr_runs *runs, uint32_t run);

/* The name a program was called by, without its directory: "python3" of a link to
 * python3.11; of a record that does not say, its file's. */
const char *vr_called_name(const struct vr_file *file);

#endif
