/* What a lock lies in: static data, a block of the heap, a thread's stack. */
#include "model/locks.h"
#include "symbols/sym.h"

const char *vr_lock_home_name(enum vr_lock_home home)
{
	static const char *const name[] = {
	    [VR_LOCK_STATIC] = "static",   [VR_LOCK_BLOCK] = "block",
	    [VR_LOCK_STACK] = "stack",	   [VR_LOCK_INHERITED] = "inherited",
	    [VR_LOCK_UNKNOWN] = "unknown",
	};

	return home <= VR_LOCK_UNKNOWN ? name[home] : NULL;
}

/* The module that was there when somebody waited.  One that was first seen when the wait
 * was over was there before; of several, the oldest. */
static uint32_t find_module(const struct vr_file *file, const struct vr_lock *lock)
{
	uint32_t oldest = VPROF_NONE;

	for (uint32_t i = 0; i < file->n_modules; i++) {
		const struct vprof_module *m = &file->module[i];

		if (lock->address < m->start || lock->address >= m->end ||
		    (m->unload_ns && lock->sum.first_ns > m->unload_ns))
			continue;
		if (lock->sum.last_ns >= m->load_ns)
			return i;
		if (oldest == VPROF_NONE || m->load_ns < file->module[oldest].load_ns)
			oldest = i;
	}
	return oldest;
}

static int is_on_stack(const struct vprof_thread *thread, const struct vr_lock *lock)
{
	if (lock->address < thread->stack_start || lock->address >= thread->stack_end)
		return 0;
	return thread->start_ns <= lock->sum.last_ns &&
	       (thread->state != VPROF_THREAD_ENDED || thread->end_ns >= lock->sum.first_ns);
}

struct vr_lock_where vr_lock_where(struct vr_profile *profile, const struct vr_lock *lock)
{
	const struct vr_file *file = profile->file;
	struct vr_lock_where where = {.home = VR_LOCK_UNKNOWN};
	uint32_t module;

	if (lock->place == VPROF_LOCK_IN_BLOCK) {
		where.home = VR_LOCK_BLOCK;
		where.site = lock->site == VPROF_NODE_OVERFLOW
				 ? vr_stacks_pseudo(profile->stacks, VR_PSEUDO_SITE_FULL)
				 : lock->site;
		where.offset = lock->offset;
		return where;
	}
	if (!lock->kind || lock->kind == VPROF_LOCK_JOIN || !lock->address) {
		where.home = VR_LOCK_NOWHERE;
		return where;
	}
	if (lock->place == VPROF_LOCK_INHERITED) {
		where.home = VR_LOCK_INHERITED;
		return where;
	}
	module = find_module(file, lock);
	if (module != VPROF_NONE) {
		where.home = VR_LOCK_STATIC;
		where.name = vr_sym_variable(profile->sym, module, lock->address);
		where.module = vr_file_string(file, file->module[module].path);
		where.offset = lock->address - file->module[module].bias;
		return where;
	}
	for (uint32_t i = 1; i < file->n_threads; i++) {
		if (!is_on_stack(&file->thread[i], lock))
			continue;
		where.home = VR_LOCK_STACK;
		where.thread = i;
	}
	return where;
}
