/* Asking a running process for something, through the record it writes (docs/format.md). */
#ifndef VR_ASK_H
#define VR_ASK_H

#include <stdint.h>

#include "input/file.h"

/* Asks for enum vprof_ctl_verb and waits until that is done.
 *   text    what goes with it, at most 55 bytes
 *   header  [out] of the record, as of the answer
 * Returns 0, or enum vr_exit after a line on stderr: the process refused, or did not answer. */
int vr_ask(const char *path, uint32_t verb, const char *text, struct vprof_header *header);

/* Only a process that lives can answer.  Returns 0, or enum vr_exit after a line on stderr. */
int vr_ask_alive(const char *path);

/* The record that a name stands for: a number that is no file is a process.  free() it; NULL
 * after a line on stderr. */
char *vr_ask_record(const char *name);

#endif
