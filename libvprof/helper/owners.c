#include "helper/owners.h"
#include "base/glibc.h"
#include "base/held.h"
#include "base/proc_thread.h"
#include "base/sys.h"

#include <linux/futex.h>
#include <stddef.h>

/* What is read there may be anything by now. */
static int if_ours(int tid)
{
	return tid > 0 && vp_proc_thread_is_ours(tid, 0) ? tid : 0;
}

static int number_at(uint64_t address)
{
	int number = 0;

	return vp_sys_peek(&number, address, sizeof(number)) == sizeof(number) ? if_ours(number)
									       : 0;
}

static int of_mutex(uint64_t address)
{
	return number_at(address + offsetof(pthread_mutex_t, __data.__owner));
}

static int of_rwlock(uint64_t address)
{
	return number_at(address + offsetof(pthread_rwlock_t, __data.__cur_writer));
}

int vp_owner_of(enum vp_call_kind kind, uint64_t object)
{
	switch (kind) {
	case VP_CALL_MUTEX:
		return vp_glibc_knows(VP_GLIBC_LOCKS) ? of_mutex(object) : 0;
	case VP_CALL_RDLOCK:
	case VP_CALL_WRLOCK:
		return vp_glibc_knows(VP_GLIBC_LOCKS) ? of_rwlock(object) : 0;
	case VP_CALL_JOIN:
		return vp_glibc_knows(VP_GLIBC_THREADS) ? number_at(object + vp_glibc.tid_at) : 0;
	default:
		return 0;
	}
}

/* Of readers only their number is known, of a spin lock nothing. */
int vp_owner_has(int tid, uint64_t entry)
{
	uint64_t lock = vp_held_address(entry);

	if (!vp_glibc_knows(VP_GLIBC_LOCKS))
		return 1;
	switch (vp_held_mode(entry)) {
	case VPROF_MODE_MUTEX:
		return of_mutex(lock) == tid;
	case VPROF_MODE_WRITE:
		return of_rwlock(lock) == tid;
	default:
		return 1;
	}
}

/* A mutex of libc's is asleep on its first word, which is 2 then; the word of a lock with
 * priorities holds its owner. */
int vp_owner_of_futex(const struct vp_doing *doing)
{
	int op = (int)doing->arg[1] & FUTEX_CMD_MASK, word = 0;

	if (doing->number != SYS_futex)
		return 0;
	if (op == FUTEX_LOCK_PI || op == FUTEX_LOCK_PI2) {
		vp_sys_peek(&word, doing->arg[0], sizeof(word));
		return if_ours(word & FUTEX_TID_MASK);
	}
	if ((op == FUTEX_WAIT || op == FUTEX_WAIT_BITSET) && doing->arg[2] == 2 &&
	    vp_glibc_knows(VP_GLIBC_LOCKS))
		return of_mutex(doing->arg[0]);
	return 0;
}
