/* Can a library be preloaded into this program? */
#ifndef VRUN_TARGET_H
#define VRUN_TARGET_H

/* Looks a program up as execvp would and at what it is (cli/target.h), before anything runs.
 *
 *   name    as typed: a path, or a name to be found in PATH
 *
 * Returns 0, or after one line on stderr the status to end with: 127 there is
 * no such program, 126 it cannot be executed, 125 it runs but cannot be
 * profiled (linked statically or with another C library, for another kind of machine, or
 * with rights of its own, for which the loader ignores LD_PRELOAD). */
int vrun_target_check(const char *name);

#endif
