/* Taking the snapshot, and what its child does. */
#include "base/service.h"
#include "base/sys.h"
#include "base/trial.h"
#include "leak/internal.h"
#include "ring/file.h"

#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>

#define SERVICE_NS (300ull * 1000 * 1000)
#define PLAIN_MOST (64ull << 20) /* resident: beyond, the list of pages takes longer than flags */

static struct vp_leak_result *result; /* in the child: shared with the process */

static const char *search(void)
{
	const char *failure;

	if (vp_leak_blocks_init() != 0 || vp_leak_classes_init() != 0)
		return "no memory for the search";
	failure = vp_leak_roots_init();
	if (failure)
		return failure;
	if (vp_leak_mark() != 0 || vp_leak_verdicts(result) != 0)
		return "no memory for the search";
	return NULL;
}

static __attribute__((noreturn)) void tell_and_end(void)
{
	/* Pairs with vp_leak_search_poll() in the parent. */
	__atomic_store_n(&result->done, 1, __ATOMIC_RELEASE);
	vp_sys6(SYS_futex, (long)&result->done, FUTEX_WAKE, 1, 0, 0, 0);
	vp_sys_end(0);
}

/* In the child: its own copy of the memory, and nothing else of the host's. */
static __attribute__((noreturn)) void run_child(int own_files, int ends)
{
	uint64_t before;

	vp_sys6(SYS_prctl, PR_SET_NAME, (long)"vprof-scan", 0, 0, 0, 0);
	/* A second signal ends the process at once: nobody is left to search for. */
	vp_sys6(SYS_prctl, 1 /* PR_SET_PDEATHSIG */, SIGKILL, 0, 0, 0, 0);
	/* A pipe that the host closes must have no other end here. */
	if (!own_files)
		vp_sys_close_all_but(-1);
	if (!ends)
		vp_sys(SYS_setpriority, 0, 0, 10);
	before = vp_leak_resident();
	vp_leak_fault_install();
	result->odd = !vp_leak_plain_check();
	if (result->odd)
		tell_and_end();
	vp_leak_unforked_restore(own_files);
	result->failure = search();
	result->root_bytes = vp_leak_root_bytes;
	result->skipped_bytes = vp_leak_skipped_bytes;
	memcpy(result->unsearched, vp_leak_unsearched, sizeof(result->unsearched));
	result->unsearched[VPROF_UNSEARCHED_UNREADABLE] += vp_leak_skipped_bytes;
	result->memory_bytes = vp_leak_resident() - before;
	tell_and_end();
}

/* No exit signal: the host hears nothing, and its wait() does not see it.
 * Not traced: a debugger of the host does not either. */
static int fork_snapshot(int own_files, int ends)
{
	uint64_t all = VP_SYS_SIGNALS, old = 0;
	long pid;

	vp_sys6(SYS_rt_sigprocmask, SIG_BLOCK, (long)&all, (long)&old, sizeof(all), 0, 0);
	vp_file_inherit(1);
	pid = vp_trial_fork();
	if (pid == 0)
		run_child(own_files, ends);
	vp_file_inherit(0);
	vp_sys6(SYS_rt_sigprocmask, SIG_SETMASK, (long)&old, 0, sizeof(old), 0, 0);
	return (int)pid;
}

/* The service is held: nothing of ours is half done in the snapshot. */
static int copy_process(enum vp_leak_way way, const struct vp_exit_stack *end, int own_files)
{
	int pid;

	if (way == VP_WAY_PLAIN && !vp_leak_plain_look()) {
		vp_leak_unforked_read();
		way = VP_WAY_BY_FLAGS;
	}
	vp_leak_unforked_copy(way == VP_WAY_PLAIN);
	pid = fork_snapshot(own_files, end != NULL);
	vp_leak_unforked_drop();
	vp_leak_plain_drop();
	return pid;
}

enum vp_leak_way vp_leak_way_of(const struct vp_exit_stack *end, int own_files)
{
	if (!vp_live_any())
		return VP_WAY_NO_BLOCK;
	if (end && (!own_files || vp_leak_resident() < PLAIN_MOST))
		return VP_WAY_PLAIN;
	if (!own_files) /* only when nobody runs who could see our descriptors */
		return VP_WAY_BY_FLAGS;
	vp_leak_unforked_read();
	return VP_WAY_FLAGS_READ;
}

int vp_leak_snapshot(struct vp_leak_result *shared, enum vp_leak_way way,
		     const struct vp_exit_stack *end, int own_files)
{
	int pid = vp_leak_stop(end, own_files);

	result = shared;
	if (way == VP_WAY_NO_BLOCK && vp_live_any()) /* meanwhile there is one */
		way = end ? VP_WAY_PLAIN : VP_WAY_BY_FLAGS;
	if (way == VP_WAY_BY_FLAGS)
		vp_leak_unforked_read();
	if (pid == 0 && way != VP_WAY_NO_BLOCK) {
		pid = -EBUSY;
		if (vp_service_hold(SERVICE_NS)) {
			pid = copy_process(way, end, own_files);
			vp_service_drop();
		}
	}
	vp_leak_release();
	return pid;
}
