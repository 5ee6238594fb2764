/* Thread creation, and keys for thread-specific data, of which there are 1,024: we
 * have one as long as the host leaves one. */
#include "base/real.h"
#include "hooks/entry.h"
#include "hooks/hooks.h"
#include "thread/spawn.h"
#include "thread/threads.h"

#include <errno.h>

VP_HOOK int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *),
			   void *arg)
{
	if (!vp_started)
		vp_entry_start();
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

VP_HOOK int pthread_key_create(pthread_key_t *key, void (*destructor)(void *))
{
	int err;

	err = vp_real.pthread_key_create(key, destructor);
	if (err == EAGAIN && vp_threads_give_key())
		err = vp_real.pthread_key_create(key, destructor);
	return err;
}

VP_HOOK int tss_create(tss_t *key, tss_dtor_t destructor)
{
	int err;

	err = vp_real.tss_create(key, destructor);
	if (err != thrd_success && vp_threads_give_key())
		err = vp_real.tss_create(key, destructor);
	return err;
}
