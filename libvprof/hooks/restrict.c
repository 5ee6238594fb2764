/* L6  How a thread restricts itself: seccomp filters, capabilities.
 * prctl and syscall are variadic in their headers; on x86-64 a callee that takes
 * longs reads the same registers. */
#include "base/real.h"
#include "control/control.h"
#include "hooks/hooks.h"

#include <linux/capability.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>

int capset(void *header, const void *data);
int vp_hook_prctl(int what, unsigned long a, unsigned long b, unsigned long c,
		  unsigned long d) __asm__("prctl");
long vp_hook_syscall(long number, long a, long b, long c, long d, long e,
		     long f) __asm__("syscall");

/* prctls that decide what a later setuid() or setgroups() may do. */
static int changes_credentials(int what)
{
	return what == PR_SET_KEEPCAPS || what == PR_SET_SECUREBITS || what == PR_CAPBSET_DROP ||
	       what == PR_CAP_AMBIENT || what == PR_SET_NO_NEW_PRIVS;
}

/* Another thread's capabilities cannot be set, so `header` names this one. */
static void repeat_capset(const void *header, const void *data)
{
	struct __user_cap_header_struct own = {((const cap_user_header_t)header)->version, 0};
	const long call[6] = {SYS_capset, (long)&own, (long)data, 0, 0, 0};

	vp_credentials_changed(call);
}

VP_HOOK int capset(void *header, const void *data)
{
	int ret;

	vp_real_resolve();
	ret = vp_real.capset_fn(header, data);
	if (ret == 0)
		repeat_capset(header, data);
	return ret;
}

VP_HOOK int vp_hook_prctl(int what, unsigned long a, unsigned long b, unsigned long c,
			  unsigned long d)
{
	const long call[6] = {SYS_prctl, what, (long)a, (long)b, (long)c, (long)d};
	int ret;

	vp_real_resolve();
	if (what == PR_SET_SECCOMP)
		vp_restrict();
	ret = vp_real.prctl_fn(what, a, b, c, d);
	if (ret >= 0 && changes_credentials(what))
		vp_credentials_changed(call);
	return ret;
}

VP_HOOK long vp_hook_syscall(long number, long a, long b, long c, long d, long e, long f)
{
	long ret;

	vp_real_resolve();
	if (number == SYS_seccomp && (a == SECCOMP_SET_MODE_STRICT || a == SECCOMP_SET_MODE_FILTER))
		vp_restrict();
	ret = vp_real.syscall_fn(number, a, b, c, d, e, f);
	if (number == SYS_capset && ret == 0)
		repeat_capset((const void *)a, (const void *)b);
	return ret;
}
