#include "text/loops.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/text.h"
#include "cli/units.h"
#include "cli/xalloc.h"
#include "model/run.h"
#include "text/lock_names.h"
#include "text/names.h"

#define NAME_ROOM 60

char *vr_loop_text(const struct vr_profile *profile, const struct vr_loop *loop, int room)
{
	if (!*loop->function.name)
		return vr_xstrdup(loop->name);
	return vr_caption_short(profile, vr_function_caption(&loop->function, 1), room);
}

static char *thread_name(const struct vr_profile *profile, uint32_t row)
{
	const struct vprof_thread *thread = &profile->file->thread[row];

	return thread->name[0] ? vr_xstrdup(thread->name)
			       : vr_xprintf("thread %" PRIu32, thread->tid);
}

/* What the lock at this address is called. */
static char *lock_name(struct vr_profile *profile, uint64_t address)
{
	const struct vr_file *file = profile->file;
	struct vr_lock lock = {.address = address, .kind = VPROF_LOCK_MUTEX, .addresses = 1};

	for (uint32_t i = 0; i < file->n_locks; i++) {
		const struct vprof_lock *row = &file->lock[i];

		if (row->address != address || !row->kind || row->kind == VPROF_LOCK_JOIN)
			continue;
		lock.kind = row->kind;
		lock.place = row->place;
		lock.site = row->site;
		lock.offset = row->offset;
		break;
	}
	return vr_lock_text(profile, &lock);
}

static char *append_place(const struct vr_profile *profile, char *text, const char *word,
			  const struct vr_function *function)
{
	char *place;

	if (!*function->name)
		return text;
	place = vr_caption_short(profile, vr_function_caption(function, 1), NAME_ROOM);
	text = vr_xappend(text, "%s%s", word, place);
	free(place);
	return text;
}

/* "fsync of /data/j.log", "fsync", "of /data/j.log" being known or not. */
static char *call_text(const struct vr_file *file, uint32_t call, uint32_t target)
{
	const char *name = vr_file_string(file, call), *what = vr_file_string(file, target);
	char *text = vr_xstrdup(*name ? name : "a call that is not known");

	return *what ? vr_xappend(text, " of %s", what) : text;
}

/* Whoever had half of the time in which it could run is named. */
static char *outside_text(const struct vprof_stall *row)
{
	uint64_t half_ns = row->ns[VPROF_CLASS_PREEMPTED] / 2;

	if (row->class == VPROF_CLASS_FAULT)
		return vr_xstrdup("not your code: it waited for pages of memory");
	if (row->throttled_ns > half_ns)
		return vr_xstrdup("not your code: the CPU quota of its control group was used up");
	if (row->stolen_ns > half_ns)
		return vr_xstrdup("not your code: other guests had the machine's CPU");
	return vr_xstrdup("not your code: it could run, and others had the CPU");
}

char *vr_stall_what(struct vr_profile *profile, const struct vr_stall *stall)
{
	const struct vr_file *file = profile->file;
	const struct vprof_stall *row = stall->row;
	const char *kernel = vr_file_string(file, row->wchan);
	char *name, *text;

	switch (stall->class) {
	case VPROF_CLASS_RUN:
		return vr_xstrdup("running");
	case VPROF_CLASS_PREEMPTED:
	case VPROF_CLASS_FAULT:
		return outside_text(row);
	case VPROF_CLASS_LOCK:
		if (!row->object)
			return vr_xstrdup("waiting for a lock");
		name = lock_name(profile, row->object);
		text = vr_xprintf("waiting for %s", name);
		free(name);
		return text;
	default:
		if (*vr_file_string(file, row->call))
			return call_text(file, row->call, row->target);
		return *kernel ? vr_xprintf("asleep in the kernel (%s)", kernel)
			       : vr_xstrdup("asleep, nobody knows for what");
	}
}

char *vr_stall_holder(struct vr_profile *profile, const struct vr_stall *stall)
{
	const struct vr_file *file = profile->file;
	const struct vprof_stall *row = stall->row;
	char *name, *call, *text;

	if (row->holder == VPROF_NONE || stall->class != VPROF_CLASS_LOCK)
		return NULL;
	name = thread_name(profile, row->holder);
	text = vr_xprintf("held by %s", row->holder == row->thread ? "itself" : name);
	if (*vr_file_string(file, row->holder_call)) {
		call = call_text(file, row->holder_call, row->holder_target);
		text = vr_xappend(text, ": %s", call);
		free(call);
		text = append_place(profile, text, " in ", &stall->holder);
	} else {
		text = append_place(profile, text, ", then in ", &stall->holder);
	}
	free(name);
	return text;
}

char *vr_stall_text(struct vr_profile *profile, const struct vr_stall *stall)
{
	char *text = vr_stall_what(profile, stall), *holder = vr_stall_holder(profile, stall);

	if (!vr_class_is_outside(stall->class))
		text = append_place(profile, text, stall->class == VPROF_CLASS_RUN ? " " : " in ",
				    &stall->function);
	if (holder)
		text = vr_xappend(text, ", %s", holder);
	free(holder);
	return text;
}

char *vr_rhythm_text(const struct vr_rhythm *rhythm)
{
	char a[VR_UNIT_MAX], b[VR_UNIT_MAX];

	switch (rhythm->kind) {
	case VR_RHYTHM_PERIODIC:
		return vr_xprintf("every %s, give or take %s", vr_format_ns(a, rhythm->period_ns),
				  vr_format_ns(b, rhythm->spread_ns));
	case VR_RHYTHM_CLUSTERED:
		return vr_xprintf("all within %s, from %s on",
				  vr_format_ns(a, rhythm->to_ns - rhythm->from_ns),
				  vr_format_ns(b, rhythm->from_ns));
	default:
		return NULL;
	}
}
