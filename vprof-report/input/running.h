/* The record of a process that runs; and what is a record at all. */
#ifndef VR_RUNNING_H
#define VR_RUNNING_H

#include "base/err.h"

/* Finds the ring file that a process has mapped.
 *   path  [out] free() it
 * Returns 0; -ESRCH: there is no such process; -ENOENT: it has none, err says who it is and
 * why it cannot be attached to; or -errno of what cannot be read, with a line in err. */
int vr_running_record(unsigned long pid, char **path, struct vr_err *err);

/* 1: the file begins as a ring file does, whatever comes after. */
int vr_is_record(const char *path);

#endif
