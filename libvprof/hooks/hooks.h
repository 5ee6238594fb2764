/* What every hook is declared as: base/real.def says it, so that a hook has the type of the
 * function behind it.  libc's own headers lack some, and decorate others in ways that a
 * definition must not repeat.  Only the files of this folder define names of libc. */
#ifndef VP_HOOKS_HOOKS_H
#define VP_HOOKS_HOOKS_H

#include "base/real.h"

#define VP_HOOK __attribute__((visibility("default")))
/* A second name of a hook.  Nothing of ours calls a hook: another library's may stand in
 * front of it, which libc's own calls of the kind never meet. */
#define VP_HOOK_ALSO(name, hook)                                                                   \
	VP_HOOK extern __typeof__(hook) name __attribute__((copy(hook), alias(#hook)))

#define REAL(name, result, parameters, arguments, lacking)
#define HOOK(name, result, parameters, arguments, lacking) result name parameters;
#define HOOK_VARIADIC(name, result, parameters, arguments, lacking)                                \
	result vp_hook_##name parameters __asm__(#name);
#define HOOK_CALL(name, result, parameters, arguments, lacking, traits, target, object, outcome)   \
	result vp_hook_##name parameters __asm__(#name);
#define HOOK_CALL_AS(name, kind, result, parameters, arguments, lacking, object, outcome, when)    \
	result vp_hook_##name parameters __asm__(#name);
#define HOOK_IN_TWO(name, result, parameters, arguments, lacking)                                  \
	result vp_##name parameters;                                                               \
	result vp_##name##_old parameters;
#define ALSO(name, result, parameters) result name parameters;
#include "base/real.def"

int vp_hook_mlockall(int flags);

/* unshare() with these flags, setns() of this type, are for processes with one thread. */
int vp_wants_to_be_alone(long flags);
int vp_joins_alone(long type);

#endif
