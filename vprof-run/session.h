/* All that a call of vprof-run does, and what came of it so far. */
#ifndef VRUN_SESSION_H
#define VRUN_SESSION_H

#include "results.h"

struct vrun_session {
	const struct vrun_options *options;
	char *const *argv; /* how vprof-run was called */
	const char *dir;
	const struct vrun_plan *plan;
	struct vrun_result *result; /* of the first `results` runs of the plan */
	size_t results;
};

#endif
