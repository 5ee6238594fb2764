/* Which records a command is about, where that is not said file by file. */
#ifndef VR_PICK_H
#define VR_PICK_H

#include "model/runs.h"
#include "verbs/verb.h"

struct vr_pick {
	struct vr_records records;
	struct vr_runs *runs;
	struct vr_chosen chosen;
	const char *path; /* of the chosen process */
};

/* The record that is meant where none is named, of the newest run here; says on stderr
 * which it is where there are others, unless they are added up (`tree`).  Returns 0, or
 * VR_EXIT_INPUT after a line. */
int vr_pick_newest(struct vr_pick *pick, const struct vr_verb *verb, int tree);

/* The processes to add up: of the run that the one file is of, else of those files; the
 * first is what the others are added to.  Of `pick` what vr_pick_newest() found is used.
 *
 *   *process  in the order of the run; free() it
 *
 * Returns 0, or VR_EXIT_INPUT after a line. */
int vr_pick_tree(struct vr_pick *pick, const char *const *path, size_t paths,
		 struct vr_process **process, size_t *processes);

void vr_pick_free(struct vr_pick *pick);

#endif
