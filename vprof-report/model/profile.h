/* The owner of everything read from one file: rows, symbols, stacks, and the
 * selection (threads, time) that the other model files count over. */
#ifndef VR_PROFILE_H
#define VR_PROFILE_H

#include "base/err.h"
#include "input/file.h"
#include "model/stacks.h"

/* What to count.  All zero: everything, inlines left out. */
struct vr_select {
	const char *thread;	     /* name glob or tid, NULL: all */
	const char *module;	     /* glob over module paths, NULL: all */
	const char *label;	     /* glob over pairs of labels, NULL: all */
	int windowed;		     /* since_ns and until_ns are meant */
	uint64_t since_ns, until_ns; /* since the start, [since, until) */
	int wall, idle;		     /* the wall clock, idle time too; else CPU time */
	int inlines;
	int full_names; /* what is shown of names: everything */
};

struct vr_growth_tree;

struct vr_profile {
	struct vr_file *file;
	struct vr_sym *sym;
	struct vr_stacks *stacks;
	struct vr_select select;
	uint8_t *keep_thread;	       /* one for each row of THREADS */
	uint8_t *keep_label;	       /* one for each string id; NULL: all */
	struct vr_growth_tree *growth; /* of several records: judged one by one; else NULL */
	void (*free_growth)(struct vr_growth_tree *);
	char *unread; /* of several: which could not be read and why, "; " between; NULL: none */
};

/* Reads `path`.
 *
 *   symbols  shared with other profiles of the same select->inlines, and outlives them;
 *            NULL: one of its own
 *
 * Returns 0, or a code from vr_file_open, or -ESRCH when no
 * thread matches select->thread, or no label select->label (err names those
 * there are). */
int vr_profile_open(const char *path, const struct vr_select *select, struct vr_symcache *symbols,
		    struct vr_profile **out, struct vr_err *err);
/* The same of a record that was read, which it takes over. */
int vr_profile_of(struct vr_file *file, const struct vr_select *select, struct vr_symcache *symbols,
		  struct vr_profile **out, struct vr_err *err);
void vr_profile_close(struct vr_profile *profile); /* NULL is fine */

/* The helper thread of the library itself: never part of the program. */
int vr_profile_is_helper(const struct vr_profile *profile, uint32_t thread);

/* 1 for a row of THREADS that stands for a thread that was seen. */
int vr_profile_thread_used(const struct vr_profile *profile, uint32_t thread);

/* Names of modules whose file on disk is not the one that ran, joined by
 * commas; NULL when there is none.  Complete once stacks were resolved. */
char *vr_profile_replaced(const struct vr_profile *profile);

/* What is missing of the debug information of its modules, a line each; NULL when
 * nothing is.  free() it.  Complete once stacks were resolved. */
char *vr_profile_symbol_notes(const struct vr_profile *profile);

/* 1 when what happened under this label counts. */
int vr_profile_keeps_label(const struct vr_profile *profile, uint32_t label);

/* Time as the selection sees it: 1 when t_ns is inside the window. */
int vr_profile_in_window(const struct vr_profile *profile, uint64_t t_ns);

#endif
