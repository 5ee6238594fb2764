/* Errors of vprof-report, and what it ends with.
 *
 * Modules fill a struct vr_err or return -errno; only main.c turns them into
 * an exit status. */
#ifndef VR_ERR_H
#define VR_ERR_H

#include <stdint.h>

enum vr_exit {
	VR_EXIT_OK = 0,
	VR_EXIT_USAGE = 1, /* or an internal failure */
	VR_EXIT_INPUT = 2, /* unreadable or damaged input, or too little in it to judge */
	/* of gates */
	VR_EXIT_LEAK = 23,
	VR_EXIT_BUDGET = 24,
	VR_EXIT_REGRESSION = 25,
	VR_EXIT_DOCTOR = 26 /* something is not as it should be */
};

#define VR_ERR_TEXT 320

struct vr_err {
	int code;	 /* -errno, or enum vr_exit from verbs */
	uint64_t offset; /* in the file, 0 where it has no meaning */
	char text[VR_ERR_TEXT];
};

/* Fills err and returns code. */
__attribute__((format(printf, 3, 4))) int vr_err_set(struct vr_err *err, int code,
						     const char *format, ...);

#endif
