#include "base/log.h"
#include "base/sys.h"

#include <string.h>

void vp_log_begin(struct vp_log *log)
{
	vp_text_init(&log->text, log->buf, sizeof(log->buf) - 1);
	vp_text_str(&log->text, "libvprof: ");
}

void vp_log_end(struct vp_log *log)
{
	log->buf[log->text.len++] = '\n';
	vp_sys_write(2, log->buf, log->text.len);
}

void vp_log_line(const char *message)
{
	struct vp_log log;

	vp_log_begin(&log);
	vp_text_str(&log.text, message);
	vp_log_end(&log);
}

void vp_log_error(const char *message, const char *subject, int err)
{
	/* strerrordesc_np is a table look-up: no locale, no allocation. */
	const char *why = strerrordesc_np(err < 0 ? -err : err);
	struct vp_log log;

	vp_log_begin(&log);
	vp_text_str(&log.text, message);
	if (subject) {
		vp_text_str(&log.text, ": ");
		vp_text_str(&log.text, subject);
	}
	vp_text_str(&log.text, ": ");
	vp_text_str(&log.text, why ? why : "unknown error");
	vp_log_end(&log);
}
