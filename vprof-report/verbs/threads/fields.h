/* What `threads` tells of each thread. */
#ifndef VR_THREADS_FIELDS_H
#define VR_THREADS_FIELDS_H

#include "model/threads.h"
#include "text/fields.h"

struct vr_book; /* verbs/threads/books.h */

/* What the rows are of; a row is the index of a thread (uint32_t). */
struct vr_threads_view {
	const struct vr_thread *thread;
	const uint64_t *idle_ns;
	const struct vr_book *book;
	uint64_t cpu_ns; /* of all */
	int books;	 /* some have one */
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

/* Each of the tables names its threads; elsewhere a row is one. */
vr_get vr_get_tid, vr_get_thread_name;
#define VR_THREAD_NAMES(where)                                                                     \
	{"tid", "tid", VR_TEXT, where, .get = vr_get_tid},                                         \
	{                                                                                          \
		"name", "name", VR_TEXT, where, .get = vr_get_thread_name,                         \
						.elastic = VR_KEEP_START                           \
	}

int64_t vr_threads_live(const struct vprof_thread *thread);

#endif
