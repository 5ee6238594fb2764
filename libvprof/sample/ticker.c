/* L4 */
#include "sample/ticker.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/fmt.h"
#include "base/heap.h"
#include "base/lock.h"
#include "base/own.h"
#include "base/real.h"
#include "base/sys.h"
#include "base/thread.h"
#include "ring/file.h"
#include "ring/tables.h"
#include "sample/engine.h"
#include "sample/mailbox.h"
#include "sample/pause.h"
#include "sample/procfs.h"
#include "sample/reading.h"
#include "stack/unwind.h"
#include "track/arrivals.h"
#include "track/leakscan.h"
#include "track/series.h"
#include "track/threads.h"
#include "track/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>

#define HELPER_STACK (256u << 10)
#define ANSWER_NS    (2000ull * 1000 * 1000)

enum request {
	REQUEST_NONE,
	REQUEST_DRAIN,
	REQUEST_FINISH,
	REQUEST_CUT,
	REQUEST_RESUME,
	REQUEST_COUNT,
	REQUEST_SCAN,
	REQUEST_END,
	REQUEST_PAUSE,
	REQUEST_UNPAUSE,
	REQUEST_REPEAT,
	REQUEST_STOP
};

static pthread_t helper;
static int running;
static void *helper_main(void *arg);
static uint32_t ready;	  /* futex: 1 when the helper has set itself up */
static uint32_t asked;	  /* number of requests so far */
static uint32_t answered; /* futex: number of requests done */
static enum request request;
static int answer;
static struct vp_lock request_lock;
static enum vprof_scan_trigger scan_trigger;
static const struct vp_leakscan_end *scan_end;
static const long *repeat_call; /* a system call: its number and five arguments */
static int helper_tid;
static int file_fd = -1;
static int own_files; /* the helper has a descriptor table of its own */

int vp_ticker_running(void)
{
	return running;
}

/* The helper's stack, with the descriptor on top, is not the host's. */
static void note_stack(int add)
{
	static uint64_t top;

	if (add) {
		top = ((uint64_t)(uintptr_t)__builtin_thread_pointer() | 4095) + 1;
		vp_own_add((void *)(uintptr_t)(top - HELPER_STACK), HELPER_STACK);
	} else if (top) {
		vp_own_drop((void *)(uintptr_t)(top - HELPER_STACK), HELPER_STACK);
		top = 0;
	}
}

void vp_ticker_fork_child(void)
{
	running = 0;
	ready = asked = answered = 0;
	request_lock.word = 0;
	file_fd = -1;
	helper_tid = 0;
	note_stack(0);
}

/* Leaves the helper with one descriptor, the ring file, in a table of its own.
 * POSIX locks belong to the table they were taken through, so closing copies
 * here releases none of the host's. */
static int take_private_files(void)
{
	if (vp_sys(SYS_unshare, CLONE_FILES, 0, 0) < 0) {
		file_fd = -1;
		return 0;
	}
	if (file_fd > 0)
		vp_sys(SYS_close_range, 0, file_fd - 1, 0);
	vp_sys(SYS_close_range, file_fd + 1, ~0u, 0);
	return 1;
}

static void one_round(int last)
{
	uint64_t before = vp_clock_now();

	if (vp_leakscan_running())
		vp_leakscan_poll(0);
	if (last)
		vp_engine_drain();
	else
		vp_engine_run(vp_clock_mono());
	vp_watch_refresh(last || vp_reading_names_due(), before);
	vp_engine_tick(vp_reading_take(last));
	vp_series_tick(last);
	vp_clock_align();
}

static void count_task(int tid, void *arg)
{
	int *tasks = arg;

	if (tid != vp_sys_tid())
		*tasks += vp_reading_task_alive(tid);
}

/* Tasks of the process, the helper apart, that are not zombies. */
static int count_tasks(void)
{
	int tasks = 0;

	return vp_procfs_tasks(count_task, &tasks) == 0 ? tasks : -1;
}

/* One that is under way is not what it would be now. */
static void scan_at_end(int files_are_ours)
{
	vp_leakscan_cancel();
	if (vp_leakscan_begin(VPROF_SCAN_AT_EXIT, scan_end, files_are_ours) != 0)
		return;
	while (!vp_leakscan_poll(50u * 1000 * 1000))
		;
}

/* Returns 0 when the helper is to end. */
static int serve(void)
{
	switch (request) {
	case REQUEST_DRAIN:
		vp_engine_drain();
		break;
	case REQUEST_FINISH:
		one_round(1);
		break;
	case REQUEST_END:
		if (scan_end)
			scan_at_end(own_files);
		answer = 0;
		/* fall through */
	case REQUEST_CUT:
		one_round(1);
		vp_file_cut(file_fd);
		break;
	case REQUEST_RESUME:
		answer = vp_file_extend(file_fd);
		break;
	case REQUEST_COUNT:
		answer = count_tasks();
		break;
	case REQUEST_SCAN:
		answer = vp_leakscan_begin(scan_trigger, NULL, own_files);
		break;
	case REQUEST_PAUSE:
	case REQUEST_UNPAUSE:
		vp_pause_set(request == REQUEST_PAUSE);
		break;
	case REQUEST_REPEAT:
		vp_sys6(repeat_call[0], repeat_call[1], repeat_call[2], repeat_call[3],
			repeat_call[4], repeat_call[5], 0);
		break;
	case REQUEST_STOP:
		return 0;
	default:
		break;
	}
	return 1;
}

static void set_up(void)
{
	vp_tls.self = VP_TLS_ENDED;
	vp_tls.busy = 1; /* nothing the helper does is ever recorded */
	vp_sys6(SYS_prctl, 15 /* PR_SET_NAME */, (long)"vprof", 0, 0, 0, 0);
	own_files = take_private_files();
	helper_tid = vp_sys_tid();
	vp_leakscan_learn((const void *)(uintptr_t)helper_main);
	note_stack(1);
	vp_threads_add_helper(vp_sys_tid());
	vp_reading_open(own_files);
	vp_engine_open(own_files);
	__atomic_store_n(&ready, 1, __ATOMIC_RELEASE);
	vp_sys_futex_wake(&ready);
}

/* What is due; returns the time (CLOCK_MONOTONIC) when something is next. */
static uint64_t run(uint64_t *next_tick)
{
	uint64_t now = vp_clock_mono(), due;

	if (now >= *next_tick) {
		one_round(0);
		vp_mailbox_look();
		vp_unwind_look_for_gone();
		*next_tick += vp_config.tick_ms * 1000000ull;
		if (*next_tick < now)
			*next_tick = now + vp_config.tick_ms * 1000000ull;
	} else {
		vp_engine_run(now);
	}
	due = vp_engine_due();
	return due < *next_tick ? due : *next_tick;
}

static void *helper_main(void *arg)
{
	uint64_t next_tick = vp_clock_mono(), due, now;
	uint32_t done = 0, bell;
	int go_on = 1;

	(void)arg;
	set_up();
	while (go_on) {
		/* Read before we look: who rings later ends the sleep. */
		bell = __atomic_load_n(&vp_helper_bell, __ATOMIC_ACQUIRE);
		due = run(&next_tick);
		now = vp_clock_mono();
		if (__atomic_load_n(&asked, __ATOMIC_ACQUIRE) == done) {
			if (due > now)
				vp_sys_futex_wait(&vp_helper_bell, bell, due - now);
			continue;
		}
		go_on = serve();
		__atomic_store_n(&answered, ++done, __ATOMIC_RELEASE);
		vp_sys_futex_wake(&answered);
	}
	vp_engine_close();
	vp_reading_close();
	return NULL;
}

int vp_ticker_start(int fd)
{
	pthread_attr_t attr;
	sigset_t all, old;
	int err;

	file_fd = fd;
	/* sigfillset leaves out glibc's own signals, which setuid() needs. */
	sigfillset(&all);
	vp_real.pthread_sigmask_fn(SIG_SETMASK, &all, &old);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, HELPER_STACK);
	err = vp_real.pthread_create_fn(&helper, &attr, helper_main, NULL);
	pthread_attr_destroy(&attr);
	vp_real.pthread_sigmask_fn(SIG_SETMASK, &old, NULL);
	if (err)
		return -err;
	running = 1;
	while (!__atomic_load_n(&ready, __ATOMIC_ACQUIRE))
		vp_sys_futex_wait(&ready, 0, ANSWER_NS);
	return 0;
}

/* Asks and waits, but never for ever: a host that froze the helper (SIGSTOP to
 * a thread, a debugger) must still be able to exit. */
static int ask_within(enum request what, uint64_t wait_ns)
{
	uint64_t deadline = vp_clock_mono() + wait_ns;
	uint32_t number;
	int result = -ETIME;

	if (!running)
		return -ESRCH;
	vp_lock_take(&request_lock);
	request = what;
	number = __atomic_add_fetch(&asked, 1, __ATOMIC_ACQ_REL);
	vp_helper_ring();
	for (;;) {
		uint32_t seen = __atomic_load_n(&answered, __ATOMIC_ACQUIRE);

		if (seen == number) {
			result = answer;
			break;
		}
		if (vp_clock_mono() > deadline) {
			running = 0;
			break;
		}
		vp_sys_futex_wait(&answered, seen, 50u * 1000 * 1000);
	}
	vp_lock_drop(&request_lock);
	return result;
}

static int ask(enum request what)
{
	return ask_within(what, ANSWER_NS);
}

void vp_ticker_finish(int cut)
{
	if (ask(cut ? REQUEST_CUT : REQUEST_FINISH) == -ESRCH && cut)
		vp_file_cut(-1);
}

void vp_ticker_resume(void)
{
	if (ask(REQUEST_RESUME) != 0)
		vp_tables_freeze(); /* stays cut: totals go on, rows do not */
}

void vp_ticker_drain(void)
{
	if (vp_engine_is_perf())
		ask(REQUEST_DRAIN);
}

int vp_leakscan_now(enum vprof_scan_trigger trigger)
{
	if (vp_sys_tid() == helper_tid)
		return vp_leakscan_begin(trigger, NULL, own_files);
	scan_trigger = trigger;
	return ask(REQUEST_SCAN);
}

void vp_ticker_end(const struct vp_leakscan_end *end)
{
	int err;

	scan_end = end; /* the search needs rows: before the file is cut */
	err = ask_within(REQUEST_END, (end ? vp_leakscan_exit_ns() : 0) + ANSWER_NS);
	if (err == -ESRCH && end)
		scan_at_end(0);
	if (err < 0)
		vp_file_cut(-1);
}

int vp_ticker_count_tasks(void)
{
	return ask(REQUEST_COUNT);
}

void vp_ticker_pause(int on)
{
	if (ask(on ? REQUEST_PAUSE : REQUEST_UNPAUSE) < 0)
		vp_control.paused = (uint32_t)on; /* no helper, no samples of its */
}

void vp_ticker_repeat(const long call[6])
{
	repeat_call = call;
	ask(REQUEST_REPEAT);
}

void vp_ticker_stop(void)
{
	if (!running || ask(REQUEST_STOP) < 0)
		return;
	running = 0;
	pthread_join(helper, NULL);
	helper_tid = 0;
	note_stack(0);
}
