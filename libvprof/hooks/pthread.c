/* L6  Thread creation. */
#include "hooks/hooks.h"
#include "track/spawn.h"

VP_HOOK int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *),
			   void *arg)
{
	return vp_spawn_pthread(thread, attr, fn, arg);
}

VP_HOOK int pthread_getattr_np(pthread_t thread, pthread_attr_t *attr)
{
	return vp_spawn_getattr(thread, attr);
}

VP_HOOK int thrd_create(thrd_t *thread, thrd_start_t fn, void *arg)
{
	return vp_spawn_thrd(thread, fn, arg);
}
