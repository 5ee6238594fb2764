/* The file that is meant when none is named. */
#ifndef VR_NEWEST_H
#define VR_NEWEST_H

/* Path of the *.vprof last written to in the working directory or in one of
 * its profile_results_* directories (vprof-run's); free() it.  NULL: none. */
char *vr_newest_file(void);

#endif
