#include "base/tracker.h"

static const struct vp_tracker *trackers;
static uint32_t tracker_count;

void vp_trackers_use(const struct vp_tracker *table, uint32_t count)
{
	trackers = table;
	tracker_count = count;
}

const struct vp_tracker *vp_trackers(uint32_t *count)
{
	*count = tracker_count;
	return trackers;
}

/* Calls a member of all trackers that have it, in the order of the table. */
#define CALL_ALL(member, ...)                                                                      \
	for (uint32_t i_ = 0; i_ < tracker_count; i_++) {                                          \
		if (trackers[i_].member)                                                           \
			trackers[i_].member(__VA_ARGS__);                                          \
	}

int vp_trackers_init(void)
{
	int err = 0;

	for (uint32_t i = 0; i < tracker_count && !err; i++) {
		if (trackers[i].init)
			err = trackers[i].init();
	}
	return err;
}

void vp_trackers_fork_child(void)
{
	CALL_ALL(fork_child);
}

void vp_trackers_thread_start(struct vp_thread *thread)
{
	CALL_ALL(thread_start, thread);
}

void vp_trackers_thread_end(struct vp_thread *thread)
{
	CALL_ALL(thread_end, thread);
}

void vp_trackers_tick(int last)
{
	CALL_ALL(tick, last);
}

void vp_trackers_finish(int ending)
{
	CALL_ALL(finish, ending);
}
