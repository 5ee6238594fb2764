/* The file that ran, wherever it is now: identity first, because symbols of another build
 * would name the wrong functions with full confidence.  Part of sym_object. */
#ifndef VR_SYM_SEARCH_H
#define VR_SYM_SEARCH_H

#include <elfutils/libdwfl.h>

struct vr_object;

/* Where files are looked for. */
struct vr_search {
	Dwfl_Callbacks callbacks;
	char *debug_path; /* in the form of elfutils, NULL: its default */
	char *directory;  /* where the user keeps objects and debug files, NULL: nowhere */
};

void vr_search_init(struct vr_search *search);
/* Adds a directory of the user's.  Returns 0, or -errno where it is none. */
int vr_search_directory(struct vr_search *search, const char *directory);
void vr_search_free(struct vr_search *search);

/* Opens the object's file in a session of its own, object->dwfl.  In this order: its recorded
 * path (a vdso: this kernel, those installed), below the user's directory, in the process's
 * own mount namespace, its debug file by build-id, a server.  Sets object->opened; where the answer
 * is NULL, object->state to VR_SYM_MISSING or VR_SYM_REPLACED. */
Dwfl_Module *vr_search_open(struct vr_search *search, struct vr_object *object);

#endif
