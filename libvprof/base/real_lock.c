#include "base/real_lock.h"
#include "base/real.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#define FIRST(name, params, args)                                                                  \
	static int first_##name params                                                             \
	{                                                                                          \
		vp_real_resolve();                                                                 \
		return vp_real_lock.name args;                                                     \
	}
#define FIRST_COND(name, params, args)                                                             \
	static int first_##name params                                                             \
	{                                                                                          \
		vp_real_resolve();                                                                 \
		return vp_real_lock.cond.name args;                                                \
	}
#define FIRST_COND_OLD(name, params, args)                                                         \
	static int first_old_##name params                                                         \
	{                                                                                          \
		vp_real_resolve();                                                                 \
		return vp_real_lock.cond_old.name args;                                            \
	}
VP_REAL_LOCKS(FIRST)
VP_REAL_CONDS(FIRST_COND)
VP_REAL_CONDS(FIRST_COND_OLD)

#define FILL(name, params, args)     .name = first_##name,
#define FILL_OLD(name, params, args) .name = first_old_##name,

struct vp_real_lock vp_real_lock = {
    VP_REAL_LOCKS(FILL).cond = {VP_REAL_CONDS(FILL)},
    .cond_old = {VP_REAL_CONDS(FILL_OLD)},
};

/* An older libc lacks it, so nobody can have been linked to it. */
static int missing(void)
{
	return ENOSYS;
}

static void put(void *slot, const void *found)
{
	int (*none)(void) = missing;

	if (found)
		memcpy(slot, &found, sizeof(found));
	else
		memcpy(slot, &none, sizeof(none));
}

/* What a plain lookup gives may be another preloaded library, which has to
 * stay in the chain; but some versions of libc give the old code. */
static void put_cond(void *slot, void *slot_old, const char *name,
		     void *(*next)(const char *, const char *))
{
	void *plain = next(name, NULL);
	void *fresh = next(name, "GLIBC_2.3.2"), *old = next(name, "GLIBC_2.2.5");

	put(slot, plain && plain != old ? plain : fresh ? fresh : plain);
	put(slot_old, old ? old : plain);
}

void vp_real_lock_resolve(void *(*next)(const char *name, const char *version))
{
#define TAKE(name, params, args) put(&vp_real_lock.name, next(#name, NULL));
#define TAKE_COND(name, params, args)                                                              \
	put_cond(&vp_real_lock.cond.name, &vp_real_lock.cond_old.name, #name, next);
	VP_REAL_LOCKS(TAKE)
	VP_REAL_CONDS(TAKE_COND)
}
