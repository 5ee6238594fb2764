/* When was recorded, and what was run, in words. */
#ifndef VR_RECORDED_H
#define VR_RECORDED_H

#include "text/context.h"

/* "3.0 s of 10.0 s, from 2.0 s to 5.0 s (duration=3 was over)"; NULL where all of the run
 * was recorded.  free() it. */
char *vr_recorded_text(const struct vr_file *file);
/* [{"from_ns", "to_ns"}], null where that is not known. */
json_t *vr_windows_json(const struct vr_file *file);

/* The command line as it may be shown: arguments that nobody has looked through for secrets
 * only where --args=all asked for them.  free() it. */
char *vr_command_text(const struct vr_file *file, enum vr_args args);

#endif
