/* A name without blanks and colons for a library whose path has some: LD_PRELOAD is a list,
 * and parted at both. */
#ifndef VRUN_NICKNAME_H
#define VRUN_NICKNAME_H

#include <stdbool.h>

/* Makes a link to the library in a directory of our own, once; whoever the programs become
 * can follow it.  Returns its path, which stays ours, or NULL after one line on stderr. */
const char *vrun_nickname_of(const char *library);

/* Takes the link away.
 *
 *   used  a process may still execute something: then it stays, and a line says so; a loader
 *         that finds it gone would complain on the program's stderr */
void vrun_nickname_end(bool used);

#endif
