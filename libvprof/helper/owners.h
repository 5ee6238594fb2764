/* Who keeps a lock from those who wait for it.  libc keeps the number of the thread that has
 * a mutex, or has a rwlock to write; of readers and of conditions nobody knows.
 * Context: helper thread.  The memory may be gone: it is copied by the kernel. */
#ifndef VP_HELPER_OWNERS_H
#define VP_HELPER_OWNERS_H

#include "base/calls.h"
#include "base/doing.h"

/* Of a call under way: the thread that it waits for, 0: none that is known. */
int vp_owner_of(enum vp_call_kind kind, uint64_t object);

/* Has the thread this lock, of which it says so itself (base/held.h)?  It may have let it go
 * since. */
int vp_owner_has(int tid, uint64_t entry);

/* As vp_owner_of(), of a system call that nobody else saw: futex. */
int vp_owner_of_futex(const struct vp_doing *doing);

#endif
