#include "base/calls.h"

#define CLASS(class) VP_CALL_CLASS(class)
#define LOOPS	     VP_CALL_LOOPS
#define OWNS	     VP_CALL_OWNS
#define EVENTS	     VP_CALL_EVENTS

#define INFO(name, traits, target)                                                                 \
	{                                                                                          \
		name, traits, VPROF_TARGET_##target, VP_CALL_RANK(traits)                          \
	}

const struct vp_call_info vp_call_info[VP_CALL_KINDS] = {
#define REAL(name, result, parameters, arguments, lacking)
#define HOOK_CALL(name, result, parameters, arguments, lacking, traits, target, object, outcome)   \
	[VP_CALL_##name] = INFO(#name, traits, target),
#define CALL_KIND(name, traits, target) [VP_CALL_##name] = INFO(#name, traits, target),
#include "base/real.def"
    [VP_CALL_MUTEX] = INFO("pthread_mutex_lock", CLASS(LOCK), ADDRESS),
    [VP_CALL_RDLOCK] = INFO("pthread_rwlock_rdlock", CLASS(LOCK), ADDRESS),
    [VP_CALL_WRLOCK] = INFO("pthread_rwlock_wrlock", CLASS(LOCK), ADDRESS),
    [VP_CALL_COND] = INFO("pthread_cond_wait", CLASS(IDLE) | LOOPS, ADDRESS),
    [VP_CALL_JOIN] = INFO("pthread_join", CLASS(IDLE), ADDRESS),
};
