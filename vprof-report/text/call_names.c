#include "text/call_names.h"

#include <inttypes.h>

#include "cli/xalloc.h"
#include "text/lock_names.h"

/* Semaphores and futexes lie where locks do. */
static char *address_text(struct vr_profile *profile, uint64_t address, uint64_t at_ns)
{
	const struct vr_lock lock = {.address = address,
				     .kind = VPROF_LOCK_MUTEX,
				     .place = VPROF_LOCK_ELSEWHERE,
				     .addresses = 1,
				     .sum = {.first_ns = at_ns, .last_ns = at_ns}};

	return vr_caption_full(vr_lock_caption(profile, &lock));
}

char *vr_target_text(struct vr_profile *profile, uint32_t kind, uint32_t target, uint64_t object,
		     uint64_t at_ns)
{
	const char *text = vr_file_string(profile->file, target);

	if (*text)
		return vr_xstrdup(text);
	switch (kind) {
	case VPROF_TARGET_FD:
		return (int64_t)object < 0 ? vr_xstrdup("") : vr_xprintf("fd %" PRIu64, object);
	case VPROF_TARGET_ADDRESS:
		return object ? address_text(profile, object, at_ns) : vr_xstrdup("");
	case VPROF_TARGET_PROCESS:
		if ((int64_t)object <= 0) /* waitpid(-1) and of groups */
			return vr_xstrdup("any child");
		return vr_xprintf("pid %" PRIu64, object);
	default:
		return vr_xstrdup("");
	}
}
