/* The ends of locks: what will lie where one was is another lock. */
#include "base/real.h"
#include "hooks/hooks.h"
#include "track/order.h"

#define ENDS(name, type)                                                                           \
	VP_HOOK int name(type *lock)                                                               \
	{                                                                                          \
		vp_order_destroyed((uint64_t)(uintptr_t)lock);                                     \
		return vp_real.name(lock);                                                         \
	}
ENDS(pthread_mutex_destroy, pthread_mutex_t)
ENDS(pthread_rwlock_destroy, pthread_rwlock_t)
ENDS(pthread_spin_destroy, pthread_spinlock_t)

VP_HOOK void mtx_destroy(mtx_t *lock)
{
	vp_order_destroyed((uint64_t)(uintptr_t)lock);
	vp_real.mtx_destroy(lock);
}

/* libc's second names */
VP_HOOK_ALSO(__pthread_mutex_destroy, pthread_mutex_destroy);
VP_HOOK_ALSO(__pthread_rwlock_destroy, pthread_rwlock_destroy);
