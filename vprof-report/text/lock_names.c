#include "text/lock_names.h"

#include <inttypes.h>
#include <stdlib.h>

#include "cli/text.h"
#include "cli/units.h"
#include "cli/xalloc.h"
#include "model/responsible.h"
#include "model/run.h"
#include "symbols/sym.h"

#define ROOM_OF_PLACE 60

/* A label's function is the profile's. */
static const char *keep(struct vr_profile *profile, char *text)
{
	const char *kept = vr_sym_keep(profile->sym, text);

	free(text);
	return kept;
}

static struct vr_caption static_caption(struct vr_profile *profile,
					const struct vr_lock_where *where)
{
	const char *module = vr_text_base(where->module);

	if (where->name)
		return (struct vr_caption){.function = where->name, .place = vr_xstrdup(module)};
	return (struct vr_caption){
	    .function = keep(profile, vr_xprintf("%s+0x%" PRIx64, module, where->offset))};
}

static struct vr_caption block_caption(struct vr_profile *profile, const struct vr_lock *lock,
				       const struct vr_lock_where *where)
{
	const struct vr_place *place = vr_responsible_frame(profile->stacks, where->site);
	const struct vr_function *function;
	char *text;

	if (!place)
		return (struct vr_caption){.function = "block of the heap"};
	function = vr_place_function(profile->stacks, place);
	text = lock->addresses > 1 ? vr_xprintf("%" PRIu32 " blocks", lock->addresses)
				   : vr_xstrdup("block");
	if (where->offset)
		text = vr_xappend(text, "+0x%" PRIx64, where->offset);
	if (function->file[0])
		text = vr_xappend(text, ", %s:%d", vr_text_base(function->file), place->line);
	return (struct vr_caption){.function = function->name, .place = text};
}

static struct vr_caption address_caption(const char *what, const struct vr_lock *lock)
{
	return (struct vr_caption){.function = what,
				   .place = vr_xprintf("0x%" PRIx64, lock->address)};
}

struct vr_caption vr_lock_caption(struct vr_profile *profile, const struct vr_lock *lock)
{
	struct vr_lock_where where = vr_lock_where(profile, lock);

	if (!lock->kind)
		return (struct vr_caption){.function = "[lock table full]"};
	if (lock->kind == VPROF_LOCK_JOIN)
		return (struct vr_caption){.function = "[threads]"};
	switch (where.home) {
	case VR_LOCK_STATIC:
		return static_caption(profile, &where);
	case VR_LOCK_BLOCK:
		return block_caption(profile, lock, &where);
	case VR_LOCK_STACK:
		return address_caption(
		    keep(profile,
			 vr_xprintf("stack of %s", profile->file->thread[where.thread].name)),
		    lock);
	case VR_LOCK_INHERITED:
		return address_caption("block from before the fork", lock);
	default:
		return (struct vr_caption){
		    .function = keep(profile, vr_xprintf("0x%" PRIx64, lock->address))};
	}
}

char *vr_lock_text(struct vr_profile *profile, const struct vr_lock *lock)
{
	return vr_caption_short(profile, vr_lock_caption(profile, lock), VR_PROSE_ROOM);
}

char *vr_lock_text_at(struct vr_profile *profile, uint64_t address)
{
	const struct vr_file *file = profile->file;
	struct vr_lock lock = {.address = address, .kind = VPROF_LOCK_MUTEX, .addresses = 1};

	for (uint32_t i = 0; i < file->n_locks; i++) {
		if (file->lock[i].address != address || !file->lock[i].kind)
			continue;
		lock.kind = file->lock[i].kind;
		lock.place = file->lock[i].place;
		lock.site = file->lock[i].site;
		lock.offset = file->lock[i].offset;
		break;
	}
	return vr_lock_text(profile, &lock);
}

static char *place_text(struct vr_profile *profile, uint32_t node)
{
	return vr_caption_short(profile, vr_responsible_caption(profile->stacks, node, 1),
				ROOM_OF_PLACE);
}

char *vr_holder_text(struct vr_profile *profile, const struct vr_holder *holder)
{
	const struct vprof_thread *thread = &profile->file->thread[holder->thread];
	char *place = place_text(profile, holder->node), *cause, *text;
	char ns[VR_UNIT_MAX];

	if (!holder->part.ns) {
		text = vr_xprintf("held by %s (%" PRIu32 "), which let it go in %s", thread->name,
				  thread->tid, place);
		free(place);
		return text;
	}
	cause = place_text(profile, holder->part.node);
	text = vr_xprintf("held by %s (%" PRIu32 "): of it %s in %s", thread->name, thread->tid,
			  vr_format_ns(ns, holder->part.ns),
			  vr_file_string(profile->file, holder->part.cause));
	if (holder->part.target != VPROF_NONE)
		text =
		    vr_xappend(text, " for %s", vr_file_string(profile->file, holder->part.target));
	text = vr_xappend(text, ", called from %s", cause);
	free(cause);
	free(place);
	return text;
}

const char *vr_wake_name(uint32_t how)
{
	static const char *const name[] = {
	    [VPROF_WAKE_UNSEEN] = "not seen",
	    [VPROF_WAKE_SEVERAL] = "one of several",
	    [VPROF_WAKE_SIGNAL] = "signal",
	    [VPROF_WAKE_BROADCAST] = "broadcast",
	    [VPROF_WAKE_POST] = "post",
	    [VPROF_WAKE_LAST] = "last arrival",
	    [VPROF_WAKE_END] = "end of the thread",
	};

	return how < sizeof(name) / sizeof(name[0]) ? name[how] : "unknown";
}

static char *unknown_waker(const struct vr_waker *waker)
{
	char times[VR_UNIT_MAX];

	vr_format_count(times, waker->times);
	if (waker->how == VPROF_WAKE_SEVERAL)
		return vr_xprintf("%s time%s by one of several threads or places", times,
				  vr_plural(waker->times));
	return vr_xprintf("%s time%s not seen by whom: another process, a futex, or by itself",
			  times, vr_plural(waker->times));
}

/* "feed (17)", "40 threads called worker" */
static char *who_text(const struct vr_profile *profile, const struct vr_waker *waker)
{
	const struct vprof_thread *thread = &profile->file->thread[waker->thread];
	char threads[VR_UNIT_MAX];

	if (waker->threads > 1)
		return vr_xprintf("%s threads called %s", vr_format_count(threads, waker->threads),
				  thread->name);
	return vr_xprintf("%s (%" PRIu32 ")", thread->name, thread->tid);
}

char *vr_waker_text(struct vr_profile *profile, const struct vr_waker *waker)
{
	char times[VR_UNIT_MAX], late[VR_UNIT_MAX];
	char *text, *place, *who;

	if (waker->thread == VPROF_NONE)
		return unknown_waker(waker);
	who = who_text(profile, waker);
	vr_format_count(times, waker->times);
	if (waker->how == VPROF_WAKE_END)
		text =
		    vr_xprintf("%s time%s by the end of %s", times, vr_plural(waker->times), who);
	else
		text = vr_xprintf("%s time%s by %s, %s %s", times, vr_plural(waker->times), who,
				  waker->threads > 1 ? "their" : "its", vr_wake_name(waker->how));
	free(who);
	if (waker->node != VPROF_NODE_ROOT) {
		place = place_text(profile, waker->node);
		text = vr_xappend(text, " in %s", place);
		free(place);
	}
	if (waker->late_ns && waker->times)
		text = vr_xappend(text, "; went on %s later",
				  vr_format_ns(late, waker->late_ns / waker->times));
	return text;
}

char *vr_waker_short(const struct vr_profile *profile, const struct vr_woken *woken)
{
	const struct vr_waker *most = woken->waker;
	uint64_t ns = 0;

	if (most->thread == VPROF_NONE)
		return vr_xprintf("%s %.0f%%", vr_wake_name(most->how),
				  vr_percent(most->ns, woken->ns));
	for (size_t i = 0; i < woken->n_wakers; i++)
		if (woken->waker[i].thread == most->thread)
			ns += woken->waker[i].ns;
	return vr_xprintf("%s %.0f%%", profile->file->thread[most->thread].name,
			  vr_percent(ns, woken->ns));
}
