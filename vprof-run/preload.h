/* The environment in which a target is profiled. */
#ifndef VRUN_PRELOAD_H
#define VRUN_PRELOAD_H

#include "options.h"

/* Finds libvprof.so and sets LD_PRELOAD, keeping what was there, in this
 * process's environment copy `*env`.
 *
 *   out      what `out=` gets: an absolute path, with %e and %p
 *   options  which parts are switched off
 *   env      [out] NULL-terminated; vrun_preload_free() it
 *
 * Returns 0, or -EINVAL after one line on stderr when a path cannot be
 * expressed in these variables. */
int vrun_preload_environment(const char *out, const struct vrun_options *options, char ***env);
void vrun_preload_free(char **env);

#endif
