#include "helper/helper.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/fmt.h"
#include "base/lock.h"
#include "base/proc.h"
#include "base/state.h"
#include "base/sys.h"
#include "base/task.h"
#include "base/tracker.h"
#include "helper/books.h"
#include "helper/ending.h"
#include "helper/engine.h"
#include "helper/mailbox.h"
#include "helper/nap.h"
#include "helper/pause.h"
#include "helper/place.h"
#include "helper/reading.h"
#include "helper/rights.h"
#include "helper/stalls.h"
#include "helper/watch.h"
#include "leak/search.h"
#include "ring/file.h"
#include "ring/tables.h"
#include "thread/arrivals.h"
#include "thread/threads.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>

#define ANSWER_NS (2000ull * 1000 * 1000)
/* What is over by then has its last round only. */
#define FIRST_TICK_NS (5ull * 1000 * 1000)

enum request {
	REQUEST_NONE,
	REQUEST_DRAIN,
	REQUEST_FINISH,
	REQUEST_CUT,
	REQUEST_RESUME,
	REQUEST_END,
	REQUEST_REPEAT,
	REQUEST_CALL,
	REQUEST_STOP
};

static struct vp_task helper;
static int running;
static uint32_t ready; /* futex: one of the following */
enum {
	NOT_READY,
	READY,	  /* the helper has set itself up */
	GIVEN_UP, /* it came too late: the host goes on without it */
};
static uint32_t asked;	  /* number of requests so far */
static uint32_t answered; /* futex: number of requests done */
static enum request request;
static int answer;
static struct vp_lock request_lock;
static struct vp_lock argument_lock; /* of what a request goes with, below */
static const struct vp_exit_stack *scan_end;
static long repeat_call[6]; /* a system call: its number and five arguments */
static int (*call_fn)(void *arg);
static void *call_arg;
static int helper_tid;
static int file_fd = -1;

int vp_helper_running(void)
{
	return running;
}

void vp_helper_fork_child(void)
{
	running = 0;
	ready = NOT_READY;
	asked = answered = 0;
	request_lock.word = argument_lock.word = 0;
	file_fd = -1;
	helper_tid = 0;
	vp_task_fork_child(&helper);
	vp_ending_fork_child();
	vp_engine_fork_child();
}

/* Leaves the helper with one descriptor, the ring file; its table is its own since
 * it was started.  POSIX locks belong to the table they were taken through, so closing
 * copies here releases none of the host's. */
static void close_copies(void)
{
	vp_sys_close_all_but(file_fd);
}

static void run_tick(int last)
{
	uint64_t before = vp_clock_now();

	vp_file_look(file_fd);
	if (last)
		vp_engine_drain();
	else
		vp_engine_run(vp_clock_mono());
	vp_watch_refresh(last || vp_reading_names_due(), before);
	vp_engine_drain(); /* all samples of the time just read */
	vp_engine_tick(vp_reading_take(last));
	vp_trackers_tick(last);
	vp_clock_align();
}

static void count_task(int tid, void *arg)
{
	int *tasks = arg;

	if (tid != vp_sys_tid())
		*tasks += vp_reading_task_alive(tid);
}

/* Tasks of the process, the helper apart, that are not zombies. */
static int count_tasks(void *arg)
{
	int tasks = 0;

	(void)arg;
	return vp_proc_tasks(count_task, &tasks) == 0 ? tasks : -1;
}

/* One that is under way is not what it would be now. */
static void scan_at_end(int files_are_ours)
{
	vp_leak_search_cancel();
	if (vp_leak_search_begin(VPROF_SCAN_AT_EXIT, scan_end, files_are_ours) != 0)
		return;
	while (!vp_leak_search_poll(50u * 1000 * 1000))
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
		run_tick(1);
		break;
	case REQUEST_END:
		vp_reading_program_ends();
		vp_books_end();
		if (scan_end)
			scan_at_end(1);
		answer = 0;
		/* fall through */
	case REQUEST_CUT:
		run_tick(1);
		vp_file_cut(file_fd);
		break;
	case REQUEST_RESUME:
		answer = vp_file_extend(file_fd);
		break;
	case REQUEST_REPEAT:
		answer = (int)vp_sys6(repeat_call[0], repeat_call[1], repeat_call[2],
				      repeat_call[3], repeat_call[4], repeat_call[5], 0);
		break;
	case REQUEST_CALL:
		answer = call_fn(call_arg);
		break;
	case REQUEST_STOP:
		return 0;
	default:
		break;
	}
	return 1;
}

/* Returns 0 when the host has given up waiting. */
static int set_up(void)
{
	uint32_t expected = NOT_READY;

	vp_tls.self = VP_TLS_ENDED;
	vp_tls.busy = 1; /* nothing the helper does is ever recorded */
	vp_sys6(SYS_prctl, PR_SET_NAME, (long)"vprof", 0, 0, 0, 0);
	close_copies();
	vp_sys(SYS_chdir, "/", 0, 0); /* or the host could not unmount where it was */
	helper_tid = vp_sys_tid();
	vp_threads_add_helper(helper_tid);
	vp_rights_begin();
	vp_reading_open();
	vp_engine_open();
	if (!__atomic_compare_exchange_n(&ready, &expected, READY, 0, __ATOMIC_ACQ_REL,
					 __ATOMIC_RELAXED))
		return 0;
	vp_sys_futex_wake(&ready);
	vp_place_helper(vp_sys_pid());
	return 1;
}

/* Of a signal that ends the process (helper/ending.h). */
static void final_tick(void)
{
	run_tick(1);
	vp_file_cut(file_fd);
}

/* A tick comes with a look at loops that is shortly before it. */
static uint64_t soon(uint64_t tick)
{
	return vp_stalls_due() == ~0ull ? tick : tick - vp_config.tick_ms * 1000000ull / 16;
}

/* What is due; returns the time (CLOCK_MONOTONIC) when something is next, looks at loops apart.
 *   woken  by somebody: it may be for the engine, which else runs when it is due */
static uint64_t run(uint64_t *next_tick, int woken)
{
	uint64_t now = vp_clock_mono(), due;

	vp_ending_look(final_tick);
	vp_pause_look(now);
	vp_stalls_look(now);
	if (now >= soon(*next_tick)) {
		run_tick(0);
		vp_mailbox_look();
		*next_tick += vp_config.tick_ms * 1000000ull;
		if (*next_tick < now)
			*next_tick = now + vp_config.tick_ms * 1000000ull;
	} else if (woken || now >= vp_engine_due()) {
		vp_engine_run(now);
	}
	due = vp_engine_due() < vp_pause_due() ? vp_engine_due() : vp_pause_due();
	return due < *next_tick ? due : *next_tick;
}

/* A host that ends its last thread by a bare system call leaves us behind.  Nobody
 * is there to be asked about the stacks, so nothing is searched.  A process ends with
 * the status of the thread that ends last. */
static __attribute__((noreturn)) void end_alone(int status)
{
	struct vprof_header *header = vp_file.header;

	vp_leak_search_cancel();
	vp_leak_search_note("not searched: the last thread ended past exit()");
	run_tick(1);
	vp_file_cut(file_fd);
	header->exit_kind = VPROF_EXIT_UNDERSCORE;
	header->exit_status = status;
	header->end_ns = vp_clock_now();
	/* Pairs with a reader of the file. */
	__atomic_store_n(&header->state, VPROF_STATE_EXITED, __ATOMIC_RELEASE);
	for (;;)
		vp_sys(SYS_exit, status, 0, 0);
}

/* Returns 0 when the helper is to end; *due: when something is next. */
static int look(uint64_t *next_tick, uint64_t *due, int woken)
{
	uint64_t now = vp_clock_mono();
	int ticks = now >= soon(*next_tick), status;

	if ((ticks || woken || now >= vp_engine_due()) && vp_rights_are_filtered())
		return 0;
	*due = run(next_tick, woken);
	if (!ticks)
		return 1;
	if (vp_reading_is_alone(&status))
		end_alone(status);
	return !vp_rights_are_others();
}

static void work(void)
{
	uint64_t next_tick = vp_clock_mono() + FIRST_TICK_NS, due;
	uint32_t done = __atomic_load_n(&answered, __ATOMIC_ACQUIRE), wakeups, before = ~0u;
	int go_on = 1;

	while (go_on) {
		/* Read before we look: who wakes us later ends the sleep. */
		wakeups = __atomic_load_n(&vp_helper_wakeups, __ATOMIC_ACQUIRE);
		if (__atomic_load_n(&asked, __ATOMIC_ACQUIRE) == done) {
			if (!look(&next_tick, &due, wakeups != before))
				break;
			before = wakeups;
			if (__atomic_load_n(&asked, __ATOMIC_ACQUIRE) == done)
				vp_nap(&(struct vp_nap){due, soon(next_tick), wakeups});
			continue;
		}
		go_on = serve();
		/* Pairs with ask_within(). */
		__atomic_store_n(&answered, ++done, __ATOMIC_RELEASE);
		vp_sys_futex_wake(&answered);
	}
}

static void helper_main(void)
{
	vp_sys_let_bus(1);
	if (set_up())
		work();
	/* Pairs with ask_within(). */
	__atomic_store_n(&running, 0, __ATOMIC_RELEASE);
	vp_engine_close();
	vp_reading_close();
	vp_stalls_close();
	vp_rights_close();
}

int vp_helper_start(int fd)
{
	uint64_t until = vp_clock_mono() + ANSWER_NS;
	uint32_t expected = NOT_READY;
	int err;

	file_fd = fd;
	ready = NOT_READY;
	answered = asked; /* what an earlier one left undone */
	running = 1;
	err = vp_task_start(&helper, helper_main);
	if (err) {
		running = 0;
		return err;
	}
	while (__atomic_load_n(&ready, __ATOMIC_ACQUIRE) == NOT_READY) {
		vp_sys_futex_wait(&ready, NOT_READY, ANSWER_NS / 20);
		/* No CPU for it for seconds: the host is not to wait for ever. */
		if (vp_clock_mono() > until &&
		    __atomic_compare_exchange_n(&ready, &expected, GIVEN_UP, 0, __ATOMIC_ACQ_REL,
						__ATOMIC_RELAXED)) {
			running = 0;
			return -ETIME;
		}
		expected = NOT_READY;
	}
	return 0;
}

/* Asks and waits, but never for ever: a host that froze the helper (SIGSTOP to
 * a thread, a debugger) must still be able to exit. */
static int ask_within(enum request what, uint64_t wait_ns)
{
	uint64_t deadline;
	uint32_t number;
	int result = -ETIME;

	if (!running)
		return -ESRCH;
	if (!vp_lock_take_within(&request_lock, ANSWER_NS))
		return -ETIME;
	deadline = vp_clock_mono() + wait_ns;
	request = what;
	answer = 0;
	number = __atomic_add_fetch(&asked, 1, __ATOMIC_ACQ_REL);
	vp_helper_wake();
	for (;;) {
		uint32_t seen = __atomic_load_n(&answered, __ATOMIC_ACQUIRE);

		if (seen == number) {
			result = answer;
			break;
		}
		if (!__atomic_load_n(&running, __ATOMIC_ACQUIRE)) {
			result = -ESRCH; /* it ended by itself */
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

void vp_helper_finish(int cut)
{
	if (ask(cut ? REQUEST_CUT : REQUEST_FINISH) == -ESRCH && cut)
		vp_file_cut(-1);
}

void vp_helper_resume(void)
{
	if (ask(REQUEST_RESUME) != 0)
		vp_tables_freeze(); /* stays cut: totals go on, rows do not */
}

void vp_helper_drain(void)
{
	if (vp_engine_is_perf())
		ask(REQUEST_DRAIN);
}

void vp_helper_end(const struct vp_exit_stack *end)
{
	int err;

	scan_end = end; /* the search needs rows: before the file is cut */
	err = ask_within(REQUEST_END, (end ? vp_leak_search_exit_ns() : 0) + ANSWER_NS);
	if (err == -ESRCH && end)
		scan_at_end(0);
	if (err < 0)
		vp_file_cut(-1);
}

/* One caller at a time: the requests of two would meet in repeat_call. */
int vp_helper_repeat(const long call[6])
{
	int err;

	if (!vp_lock_take_within(&argument_lock, ANSWER_NS))
		return -ETIME;
	memcpy(repeat_call, call, sizeof(repeat_call));
	err = ask(REQUEST_REPEAT);
	if (err == -ETIME)
		request = REQUEST_STOP; /* what the call points to may be gone by then */
	vp_lock_drop(&argument_lock);
	return err;
}

int vp_helper_call(int (*fn)(void *arg), void *arg)
{
	int err;

	if (!vp_lock_take_within(&argument_lock, ANSWER_NS))
		return -ETIME;
	call_fn = fn;
	call_arg = arg;
	err = ask(REQUEST_CALL);
	vp_lock_drop(&argument_lock);
	return err;
}

static int begin_scan(void *arg)
{
	(void)arg;
	return vp_leak_search_begin(VPROF_SCAN_BY_API, NULL, 1);
}

int vp_helper_scan(void)
{
	return vp_helper_call(begin_scan, NULL);
}

int vp_helper_count_tasks(void)
{
	return vp_helper_call(count_tasks, NULL);
}

int vp_helper_stop(void)
{
	int err = ask(REQUEST_STOP);

	if (err < 0 && err != -ESRCH)
		return err;
	running = 0;
	if (!vp_task_wait(&helper, ANSWER_NS))
		return -ETIME;
	helper_tid = 0;
	return 0;
}

/* Through /proc, because the name may lead elsewhere by now, or nowhere. */
int vp_helper_file(void)
{
	char path[64];
	struct vp_text text;

	if (!running || file_fd < 0)
		return -ESRCH;
	vp_text_init(&text, path, sizeof(path));
	vp_text_str(&text, "/proc/self/task/");
	vp_text_u64(&text, (uint64_t)helper_tid);
	vp_text_str(&text, "/fd/");
	vp_text_u64(&text, (uint64_t)file_fd);
	return vp_sys_open(path, O_RDWR, 0);
}
