#include "helper/mailbox.h"
#include "base/fmt.h"
#include "base/sys.h"
#include "helper/dump.h"
#include "helper/pause.h"
#include "helper/settings.h"
#include "leak/search.h"
#include "ring/file.h"
#include "thread/threads.h"
#include "track/mark.h"

#include <errno.h>

static int mark(const char *name)
{
	if (!*name)
		return -EINVAL;
	vp_mark_add(name, vp_threads_row_of_tid(vp_sys_tid(), 0));
	return 0;
}

/* What was set stands among the marks, with the time. */
static int set(const char *text, struct vp_text *why)
{
	int err = vp_settings_change(text, why);
	struct vp_text name;
	char buf[72];

	if (err)
		return err;
	vp_text_init(&name, buf, sizeof(buf));
	vp_text_str(&name, "set ");
	vp_text_str(&name, text);
	vp_mark_note(buf, vp_threads_row_of_tid(vp_sys_tid(), 0));
	return 0;
}

static int resume(struct vp_text *why)
{
	int err = vp_pause_ask(0);

	if (err == -EALREADY)
		vp_text_str(why, "duration= is over; `set duration=SECONDS`, or end, gives it "
				 "more, then resume");
	return err;
}

static int serve(const struct vprof_header *header, struct vp_text *why)
{
	char text[sizeof(header->ctl_text)];
	size_t len = 0;

	/* Whoever writes there may still be writing. */
	for (; len < sizeof(text) - 1 && header->ctl_text[len]; len++)
		text[len] = header->ctl_text[len];
	text[len] = '\0';
	switch (header->ctl_verb) {
	case VPROF_CTL_PAUSE:
		return vp_pause_ask(1);
	case VPROF_CTL_RESUME:
		return resume(why);
	case VPROF_CTL_MARK:
		return mark(text);
	case VPROF_CTL_LEAKSCAN:
		return vp_leak_search_begin(VPROF_SCAN_BY_CTL, NULL, 1);
	case VPROF_CTL_SET:
		return set(text, why);
	case VPROF_CTL_STACKS:
		return vp_dump_take(VPROF_DUMP_ASKED);
	default:
		return -EOPNOTSUPP;
	}
}

void vp_mailbox_look(void)
{
	struct vprof_header *header = vp_file.header;
	uint32_t asked = __atomic_load_n(&header->ctl_asked, __ATOMIC_ACQUIRE);
	struct vp_text why;

	if (asked == header->ctl_answered)
		return;
	vp_text_init(&why, header->ctl_said, sizeof(header->ctl_said));
	header->ctl_result = serve(header, &why);
	/* Pairs with vprof-report ctl. */
	__atomic_store_n(&header->ctl_answered, asked, __ATOMIC_RELEASE);
}
