/* Runs a verb on the files it is given. */
#ifndef VR_DRIVE_H
#define VR_DRIVE_H

#include "verbs/verb.h"

/* Checks options and operands against the verb, opens what it is about, and runs it.
 *
 *   place  of the verb's name among the operands, from which it was taken: its own
 *          operands stand there
 *
 * Returns enum vr_exit. */
int vr_drive(const struct vr_verb *verb, size_t place, struct vr_opts *opts);

/* The options it takes. */
vr_option_set vr_verb_options(const struct vr_verb *verb);

#endif
