/* The one table of trackers (base/tracker.h says what a tracker is). */
#ifndef VP_CONTROL_TRACKERS_H
#define VP_CONTROL_TRACKERS_H

/* Makes the table known to the folders below.  Context: before the first file. */
void vp_trackers_register(void);

#endif
