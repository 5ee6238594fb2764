/* How a thread restricts itself, seccomp filters and capabilities; and the bare
 * system calls behind which the other hooks' calls may be.
 *
 * prctl and syscall are variadic in their headers; on x86-64 a callee that takes
 * longs reads the same registers. */
#include "base/real.h"
#include "control/control.h"
#include "control/guard.h"
#include "control/term.h"
#include "hooks/bare.h"
#include "hooks/hooks.h"
#include "leak/search.h"
#include "track/descriptor.h"
#include "track/maps.h"

#include <linux/capability.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/syscall.h>

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

	vp_credentials_changed(call, VP_OF_CALLER);
}

VP_HOOK int capset(void *header, const void *data)
{
	int ret;

	ret = vp_real.capset(header, data);
	if (ret == 0)
		repeat_capset(header, data);
	return ret;
}

VP_HOOK int vp_hook_prctl(int what, unsigned long a, unsigned long b, unsigned long c,
			  unsigned long d)
{
	const long call[6] = {SYS_prctl, what, (long)a, (long)b, (long)c, (long)d};
	int ret;

	if (what == PR_SET_SECCOMP)
		vp_restrict();
	ret = vp_real.prctl(what, a, b, c, d);
	if (ret >= 0 && changes_credentials(what))
		vp_credentials_changed(call, VP_OF_CALLER);
	return ret;
}

static int is_identity(long number)
{
	switch (number) {
	case SYS_setuid:
	case SYS_setgid:
	case SYS_setreuid:
	case SYS_setregid:
	case SYS_setresuid:
	case SYS_setresgid:
	case SYS_setgroups:
	case SYS_setfsuid:
	case SYS_setfsgid:
		return 1;
	default:
		return 0;
	}
}

/* Before a bare call; returns what after() is to be given. */
static int before(long number, long a, long b)
{
	switch (number) {
	case SYS_seccomp:
		if (a == SECCOMP_SET_MODE_STRICT || a == SECCOMP_SET_MODE_FILTER)
			vp_restrict();
		break;
	case SYS_prctl:
		if (a == PR_SET_SECCOMP)
			vp_restrict();
		break;
	case SYS_dup2:
	case SYS_dup3:
		vp_descriptor_closes((int)b);
		break;
	case SYS_close_range:
		vp_descriptors_close();
		break;
	case SYS_unshare:
		return vp_wants_to_be_alone(a) ? vp_make_alone() : VP_NOT_ALONE;
	case SYS_setns:
		return vp_joins_alone(b) ? vp_make_alone() : VP_NOT_ALONE;
	default:
		break;
	}
	return VP_NOT_ALONE;
}

static void after(long ret, const long call[6], int alone)
{
	vp_alone_no_more(alone);
	if (ret < 0)
		return;
	if (call[0] == SYS_rt_sigaction && vp_term_covers((int)call[1]))
		vp_term_settle((int)call[1], (void *)call[3]);
	if (call[0] == SYS_capset)
		repeat_capset((const void *)call[1], (const void *)call[2]);
	else if (is_identity(call[0]) ||
		 (call[0] == SYS_prctl && changes_credentials((int)call[1])))
		vp_credentials_changed(call, VP_OF_CALLER);
}

/* The same as by the hooks of these calls. */
static long map(const long call[6], long f, struct vp_regs caller)
{
	struct vp_map_op op;
	long ret;

	vp_maps_before(&op, call);
	ret = vp_real.syscall(call[0], call[1], call[2], call[3], call[4], call[5], f);
	vp_maps_after(&op, call, ret, &caller);
	return ret;
}

VP_HOOK long vp_hook_syscall(long number, long a, long b, long c, long d, long e, long f)
{
	const long call[7] = {number, a, b, c, d, e, f};
	struct vp_exit_stack here = {0};
	long ret;
	int alone, lifted;

	if (vp_bare_blocks(call))
		return vp_bare_call(call, VP_CALLER_REGS());
	if (vp_maps_covers(number))
		return map(call, f, VP_CALLER_REGS());
	if (number == SYS_exit_group || number == SYS_exit) {
		VP_EXIT_STACK_HERE(&here);
		if (number == SYS_exit)
			vp_thread_exits((int)a, &here);
		else
			vp_finish_process(VPROF_EXIT_UNDERSCORE, (int)a, &here);
	}
	if (number == SYS_mlockall)
		return vp_hook_mlockall((int)a);
	alone = before(number, a, b);
	lifted = number == SYS_rt_sigaction && vp_guard_lift((int)a);
	ret = vp_real.syscall(number, a, b, c, d, e, f);
	vp_guard_lower(lifted);
	after(ret, call, alone);
	return ret;
}
