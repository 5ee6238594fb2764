/* Where the files lie that come with this program. */
#ifndef VRUN_OWN_H
#define VRUN_OWN_H

/* Path of a program or library of ours: beside this one, or in `other`
 * relative to it (NULL: nowhere else).  free() it; NULL: not there. */
char *vrun_own_file(const char *name, const char *other);

#endif
