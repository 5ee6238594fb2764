#include "helper/ending.h"
#include "base/clock.h"
#include "base/sys.h"
#include "helper/reading.h"
#include "leak/search.h"
#include "ring/file.h"
#include "thread/arrivals.h"

#include <time.h>

enum { SIGNAL_NONE, SIGNAL_ASKED, SIGNAL_DONE };
static uint32_t signal_state; /* futex */
static const struct vp_exit_stack *signal_end;
static int signal_number;
static uint64_t signal_again; /* thread << 32 | signal; 0: none */

/* Whoever waits no longer than leakscan_wait lets the process die meanwhile. */
static void end_by_signal(void (*last_round)(void))
{
	struct vprof_header *header = vp_file.header;

	vp_leak_search_cancel();
	vp_reading_program_ends();
	if (vp_leak_search_begin(VPROF_SCAN_AT_TERM, signal_end, 1) == 0)
		while (!vp_leak_search_poll(50u * 1000 * 1000))
			;
	last_round();
	header->exit_kind = VPROF_EXIT_SIGNAL;
	header->exit_status = signal_number;
	header->end_ns = vp_clock_now();
	/* Pairs with a reader of the file. */
	__atomic_store_n(&header->state, VPROF_STATE_EXITED, __ATOMIC_RELEASE);
	/* Pairs with vp_ending_by_signal() in the handler. */
	__atomic_store_n(&signal_state, SIGNAL_DONE, __ATOMIC_RELEASE);
	vp_sys_futex_wake(&signal_state);
}

static void send_again(void)
{
	uint64_t what = __atomic_exchange_n(&signal_again, 0, __ATOMIC_ACQ_REL);

	vp_sys(SYS_nanosleep, (&(struct timespec){0, 1000 * 1000}), NULL, 0);
	vp_sys(SYS_tgkill, vp_sys_pid(), what >> 32, what & 0xff);
}

void vp_ending_look(void (*last_round)(void))
{
	if (__atomic_load_n(&signal_again, __ATOMIC_ACQUIRE))
		send_again();
	if (__atomic_load_n(&signal_state, __ATOMIC_ACQUIRE) == SIGNAL_ASKED)
		end_by_signal(last_round);
}

void vp_ending_signal_again(int sig)
{
	uint64_t what = (uint64_t)vp_sys_tid() << 32 | (uint64_t)sig;

	/* Pairs with send_again(), which takes it. */
	__atomic_store_n(&signal_again, what, __ATOMIC_RELEASE);
	vp_helper_wake();
}

void vp_ending_by_signal(const struct vp_exit_stack *end, int sig, uint64_t wait_ns)
{
	uint64_t until = vp_clock_mono() + wait_ns, now;

	signal_end = end;
	signal_number = sig;
	/* Pairs with vp_ending_look(). */
	__atomic_store_n(&signal_state, SIGNAL_ASKED, __ATOMIC_RELEASE);
	vp_helper_wake();
	while (__atomic_load_n(&signal_state, __ATOMIC_ACQUIRE) == SIGNAL_ASKED &&
	       (now = vp_clock_mono()) < until)
		vp_sys_futex_wait(&signal_state, SIGNAL_ASKED, until - now);
}

void vp_ending_fork_child(void)
{
	signal_state = SIGNAL_NONE;
	signal_again = 0;
}
