#include "helper/mailbox.h"
#include "base/sys.h"
#include "helper/helper.h"
#include "helper/pause.h"
#include "leak/search.h"
#include "ring/file.h"
#include "thread/threads.h"
#include "track/mark.h"

#include <errno.h>

static int mark(const struct vprof_header *header)
{
	char name[sizeof(header->ctl_text)];
	size_t len = 0;

	/* Whoever writes there may still be writing. */
	for (; len < sizeof(name) - 1 && header->ctl_text[len]; len++)
		name[len] = header->ctl_text[len];
	name[len] = '\0';
	if (!len)
		return -EINVAL;
	vp_mark_add(name, vp_threads_row_of_tid(vp_sys_tid(), 0));
	return 0;
}

static int serve(const struct vprof_header *header)
{
	switch (header->ctl_verb) {
	case VPROF_CTL_PAUSE:
		vp_pause_set(1);
		return 0;
	case VPROF_CTL_RESUME:
		vp_pause_set(0);
		return 0;
	case VPROF_CTL_MARK:
		return mark(header);
	case VPROF_CTL_LEAKSCAN:
		return vp_helper_scan(VPROF_SCAN_BY_CTL);
	default:
		return -EOPNOTSUPP;
	}
}

void vp_mailbox_look(void)
{
	struct vprof_header *header = vp_file.header;
	uint32_t asked = __atomic_load_n(&header->ctl_asked, __ATOMIC_ACQUIRE);

	if (asked == header->ctl_answered)
		return;
	header->ctl_result = serve(header);
	/* Pairs with vprof-report ctl. */
	__atomic_store_n(&header->ctl_answered, asked, __ATOMIC_RELEASE);
}
