/* What `threads` tells of each thread. */
#ifndef VR_THREADS_FIELDS_H
#define VR_THREADS_FIELDS_H

#include "model/threads.h"
#include "text/fields.h"

/* What the rows are of; a row is the index of a thread (uint32_t). */
struct vr_threads_view {
	const struct vr_thread *thread;
	const uint64_t *idle_ns;
	uint64_t cpu_ns; /* of all */
	int unsplit;	 /* some ended after waits that nobody could tell from run delay */
};

/* Tables, which are side by side in CSV and JSON: there a thread is one row. */
struct vr_threads_part {
	const char *title;
	const struct vr_field *field;
	size_t fields;
};
#define VR_THREADS_PARTS  3u
#define VR_THREADS_FIELDS 64u /* of all parts, at most */
extern const struct vr_threads_part vr_threads_part[VR_THREADS_PARTS];

int64_t vr_threads_live(const struct vprof_thread *thread);

#endif
