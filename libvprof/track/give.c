#include "track/give.h"
#include "base/clock.h"
#include "stack/capture.h"
#include "track/wait_state.h"

void vp_give_begin(struct vp_give *give, uint64_t lock, enum vprof_lock_kind kind,
		   enum vp_giving how)
{
	const struct vp_thread *thread = vp_tls.self;
	struct vp_waits *waits = thread > VP_TLS_ENDED ? thread->slot[VP_SLOT_WAITS] : NULL;
	struct vp_inside inside;

	give->charged = give->inside = give->waited = 0;
	if ((!vp_control.lock_kinds && !(waits && waits->got)) || !vp_inside_try(&inside))
		return;
	give->inside = 1;
	give->lock = lock;
	give->kind = kind;
	give->waited = waits && vp_wait_got(waits, lock, &give->got);
	give->charged = (give->waited || vp_holders_may_know(lock)) &&
			vp_holders_give(lock, how, thread > VP_TLS_ENDED ? thread->row_id : 0,
					give->waited ? &give->got : NULL, &give->share);
	give->now_ns = give->charged ? give->share.now_ns : vp_tls.waits_noted ? vp_clock_now() : 0;
	vp_inside_end(inside);
}

/* The stack where the lock was given back.  Where others hardly waited, the one that was found
 * last at this place and depth will do. */
static uint32_t node_of(struct vp_blames *blames, struct vp_thread *thread, uint64_t ns,
			const struct vp_regs *caller)
{
	struct vp_give_site *site =
	    &blames->site[(caller->pc ^ caller->sp >> 4) * 0x9e3779b97f4a7c15u >> 59];

	if (ns < VPROF_CALL_LASTED_NS && site->pc == caller->pc && site->sp == caller->sp)
		return site->node;
	*site =
	    (struct vp_give_site){caller->pc, caller->sp, vp_capture_stack(&thread->stack, caller)};
	return site->node;
}
_Static_assert(VP_GIVE_SITES == 32, "5 bits of a hash");

/* Nobody knows the thread, or there is no memory for it. */
static void charge_nobody(const struct vp_share *share)
{
	vp_blame_add(NULL,
		     &(struct vp_blame_key){.lock = share->lock,
					    .thread = VPROF_NONE,
					    .what = VPROF_BLAME_UNKNOWN,
					    .cause = VPROF_NONE},
		     1, share->ns, share->span_ns, share->now_ns);
}

void vp_give_end(struct vp_give *give, int ret, const struct vp_regs *caller)
{
	struct vp_thread *thread;
	struct vp_waits *waits;
	struct vp_inside inside;

	if (!give->inside || !vp_inside_try(&inside))
		return;
	thread = vp_thread_self();
	waits = thread && vp_control.lock_kinds ? vp_waits_of(thread) : NULL;
	if (give->charged && ret) {
		vp_holders_keep(&give->share);
	} else if (give->charged && waits) {
		uint32_t node = node_of(&waits->blames, thread, give->share.ns, caller);

		vp_blame_charge(&waits->blames, thread, &give->share, give->kind, node);
	} else if (give->charged && vp_control.lock_kinds) {
		charge_nobody(&give->share);
	}
	if (waits) {
		if (give->waited)
			vp_wait_given(waits, thread, &give->got, give->kind, give->now_ns);
		vp_waits_record(waits);
		vp_tls.waits_noted =
		    vp_hold_end(&waits->blames, thread, give->lock, give->kind, give->now_ns) != 0;
	}
	vp_inside_end(inside);
}

void vp_hold_sampled(uint64_t lock)
{
	struct vp_thread *thread = vp_tls.self;
	struct vp_waits *waits;

	if (thread <= VP_TLS_ENDED || !vp_busy_enter())
		return;
	waits = thread->slot[VP_SLOT_WAITS];
	if (waits && vp_control.lock_kinds && !vp_control.paused &&
	    vp_hold_sample(&waits->blames, lock, vp_clock_now()))
		vp_tls.waits_noted = 1;
	vp_busy_leave();
}
