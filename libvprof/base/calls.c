#include "base/calls.h"

#define CLASS(class) VP_CALL_CLASS(class)
#define LOOPS	     VP_CALL_LOOPS
#define OWNS	     VP_CALL_OWNS
#define EVENTS	     VP_CALL_EVENTS

const struct vp_call_info vp_call_info[VP_CALL_KINDS] = {
#define REAL(name, result, parameters, arguments, lacking)
#define HOOK_CALL(name, result, parameters, arguments, lacking, traits, target, object, outcome)   \
	[VP_CALL_##name] = {#name, traits, VPROF_TARGET_##target},
#define CALL_KIND(name, traits, target) [VP_CALL_##name] = {#name, traits, VPROF_TARGET_##target},
#include "base/real.def"
    [VP_CALL_MUTEX] = {"pthread_mutex_lock", CLASS(LOCK), VPROF_TARGET_ADDRESS},
    [VP_CALL_RDLOCK] = {"pthread_rwlock_rdlock", CLASS(LOCK), VPROF_TARGET_ADDRESS},
    [VP_CALL_WRLOCK] = {"pthread_rwlock_wrlock", CLASS(LOCK), VPROF_TARGET_ADDRESS},
    [VP_CALL_COND] = {"pthread_cond_wait", CLASS(BLOCKED) | LOOPS, VPROF_TARGET_ADDRESS},
    [VP_CALL_JOIN] = {"pthread_join", CLASS(IDLE), VPROF_TARGET_ADDRESS},
};
