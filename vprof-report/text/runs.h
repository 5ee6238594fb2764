/* Records of a run in words. */
#ifndef VR_TEXT_RUNS_H
#define VR_TEXT_RUNS_H

#include "model/runs.h"
#include "text/context.h"

/* "cc1plus used 96 % of the CPU time": why a record was taken; free() it. */
char *vr_choice_text(const struct vr_runs *runs, const struct vr_chosen *chosen);

/* "exit 0", "signal 15", "killed", "exec", "running": how a process ended; free() it. */
char *vr_end_text(const struct vr_file *file);

/* "pid 4242", and what is not plain: "pid 4242 (/usr/bin/python3.11) and 3 more" of a program
 * called by another name, and of several added up; free() it. */
char *vr_process_text(const struct vr_file *file);

/* "make, sh (2), cc1plus (2)": whose records they are; free() it. */
char *vr_programs_text(const struct vr_process *process, size_t count);

/* The other processes of the run, those with most CPU time first, each with the command
 * that shows it.  Nothing where there are none. */
void vr_print_others(struct vr_context *ctx);

/* Rows of struct vr_process, for tables, CSV and JSON. */
#include "text/fields.h"
extern const struct vr_field vr_process_fields[];
extern const size_t vr_process_fields_count;
json_t *vr_processes_json(struct vr_context *ctx, const struct vr_process *process, size_t count);

#endif
