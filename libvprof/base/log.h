/* One-line messages to stderr: "libvprof: TEXT".  Written with a single
 * raw write, so that lines of several processes do not mix. */
#ifndef VP_BASE_LOG_H
#define VP_BASE_LOG_H

#include "base/fmt.h"

#define VP_LOG_MAX 1024

struct vp_log {
	struct vp_text text;
	char buf[VP_LOG_MAX];
};

void vp_log_begin(struct vp_log *log);
void vp_log_end(struct vp_log *log); /* writes the line */
void vp_log_line(const char *message);
/* "MESSAGE: SUBJECT: error text" */
void vp_log_error(const char *message, const char *subject, int err);

#endif
