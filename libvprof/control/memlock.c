/* mlockall(): memory that we map counts against a limit that is the host's.
 *
 * The kernel compares all of the address space with RLIMIT_MEMLOCK, before it locks
 * anything.  So a refusal is looked at again with the host's part only, mapping by
 * mapping, and what is ours is never left locked. */
#include "base/fmt.h"
#include "base/lines.h"
#include "base/lock.h"
#include "base/own.h"
#include "base/real.h"
#include "base/state.h"
#include "base/sys.h"
#include "control/control.h"
#include "helper/helper.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

enum task { COUNT_HOST, LOCK_HOST, UNLOCK_OURS };

struct walk {
	enum task task;
	int flags;	   /* of mlockall() */
	uint64_t bytes;	   /* of the host */
	uint64_t from, to; /* our own image */
	char text[8192];   /* of /proc/self/maps */
};

#define WAIT_NS (2000ull * 1000 * 1000) /* for another thread's call */

static struct vp_lock lock; /* of these: */
/* Static, and one of its own: the helper may be at it when we have given up waiting; it
 * is then never asked again. */
static struct walk by_helper, by_us;

static void piece(struct walk *w, uint64_t lo, uint64_t hi, int ours)
{
	if (w->task == COUNT_HOST && !ours)
		w->bytes += hi - lo;
	else if (w->task == LOCK_HOST && !ours) /* what cannot be locked mlockall skips, too */
		vp_sys6(SYS_mlock2, (long)lo, (long)(hi - lo),
			w->flags & MCL_ONFAULT ? MLOCK_ONFAULT : 0, 0, 0, 0);
	else if (w->task == UNLOCK_OURS && ours)
		vp_sys(SYS_munlock, lo, hi - lo, 0);
}

static void line(struct walk *w, const char *s)
{
	uint64_t lo = vp_parse_hex(&s), hi, end;
	int ours, ring;

	if (*s != '-')
		return;
	s++;
	hi = vp_parse_hex(&s);
	ring = strstr(s, "[perf_event]") != NULL;
	/* The kernel's own page lies beyond what counts. */
	for (; lo < hi && !(hi >> 63); lo = end) {
		end = vp_own_piece(lo, hi, &ours);
		if (lo < w->from && end > w->from)
			end = w->from;
		else if (lo < w->to && end > w->to)
			end = w->to;
		piece(w, lo, end, ours || ring || (lo >= w->from && lo < w->to));
	}
}

static int walk_maps(void *arg)
{
	struct walk *w = arg;
	struct vp_lines lines;
	const char *text;
	int err = vp_lines_open(&lines, "/proc/self/maps", w->text, sizeof(w->text));

	if (err)
		return err;
	w->bytes = 0;
	while ((text = vp_lines_next(&lines)))
		line(w, text);
	return vp_lines_close(&lines);
}

static int walk(struct walk *w, enum task task, int flags)
{
	struct dl_find_object own;

	w->task = task;
	w->flags = flags;
	if (_dl_find_object((void *)(uintptr_t)&vp_lock_memory, &own) == 0) {
		w->from = (uint64_t)(uintptr_t)own.dlfo_map_start;
		w->to = (uint64_t)(uintptr_t)own.dlfo_map_end;
	}
	return w == &by_helper ? vp_helper_call(walk_maps, w) : walk_maps(w);
}

/* Returns 0 or -errno; `bytes`: of the host, unless NULL. */
static int go(enum task task, int flags, uint64_t *bytes)
{
	struct walk *w = &by_helper;
	int err = walk(w, task, flags);

	if (err == -ESRCH) {
		w = &by_us;
		err = walk(w, task, flags);
	}
	if (bytes)
		*bytes = w->bytes;
	return err;
}

/* What the kernel would have said without us; what the host maps later is locked by it
 * in any case. */
static int lock_host(int flags)
{
	struct rlimit64 limit;
	uint64_t bytes;
	int err;

	if (vp_sys6(SYS_prlimit64, 0, RLIMIT_MEMLOCK, 0, (long)&limit, 0, 0) != 0)
		return -ENOMEM;
	if (go(COUNT_HOST, flags, &bytes) != 0 || bytes > limit.rlim_cur)
		return -ENOMEM;
	if (flags & MCL_FUTURE) {
		err = (int)vp_sys(SYS_mlockall, flags & ~MCL_CURRENT, 0, 0);
		if (err)
			return err;
	}
	return go(LOCK_HOST, flags, NULL);
}

int vp_lock_memory(int flags)
{
	int err = vp_real.mlockall(flags) == 0 ? 0 : -errno;
	int refused = err == -ENOMEM && flags & MCL_CURRENT;

	/* Our memory is also in a child that is not recorded; in one of vfork it is not its. */
	if ((err && !refused) || (vp_control.alive && !vp_owns_process()) || !vp_busy_enter())
		return err;
	if (vp_lock_take_within(&lock, WAIT_NS)) {
		if (refused)
			err = lock_host(flags);
		else if (flags & MCL_CURRENT)
			go(UNLOCK_OURS, flags, NULL);
		if (!err)
			vp_own_locked = (flags & MCL_FUTURE) != 0;
		vp_lock_drop(&lock);
	}
	vp_busy_leave();
	return err;
}

void vp_unlock_memory(void)
{
	vp_own_locked = 0;
}

void vp_lock_memory_fork_child(void)
{
	lock.word = 0;
	vp_own_locked = 0; /* locks of memory are not inherited */
}
