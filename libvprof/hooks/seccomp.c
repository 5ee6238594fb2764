/* L6  The two ways to a seccomp filter.  Both functions are variadic in their
 * headers; on x86-64 a callee that takes longs reads the same registers. */
#include "base/real.h"
#include "control/control.h"
#include "hooks/hooks.h"

#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>

int vp_hook_prctl(int what, unsigned long a, unsigned long b, unsigned long c,
		  unsigned long d) __asm__("prctl");
long vp_hook_syscall(long number, long a, long b, long c, long d, long e,
		     long f) __asm__("syscall");

VP_HOOK int vp_hook_prctl(int what, unsigned long a, unsigned long b, unsigned long c, unsigned long d)
{
	vp_real_resolve();
	if (what == PR_SET_SECCOMP)
		vp_restrict();
	return vp_real.prctl_fn(what, a, b, c, d);
}

VP_HOOK long vp_hook_syscall(long number, long a, long b, long c, long d, long e, long f)
{
	vp_real_resolve();
	if (number == SYS_seccomp &&
	    (a == SECCOMP_SET_MODE_STRICT || a == SECCOMP_SET_MODE_FILTER))
		vp_restrict();
	return vp_real.syscall_fn(number, a, b, c, d, e, f);
}
