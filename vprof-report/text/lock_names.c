#include "text/lock_names.h"

#include <inttypes.h>
#include <stdlib.h>

#include "cli/text.h"
#include "cli/units.h"
#include "cli/xalloc.h"
#include "model/responsible.h"
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
