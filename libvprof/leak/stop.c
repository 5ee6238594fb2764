/* Stopping the other threads for a moment, with their registers.
 *
 * By a signal that the host cannot have in use: the one libc keeps for setuid()
 * in all threads.  No program can block, wait for or handle it through libc, and
 * debuggers pass it without a word.  libc's handler stays in charge of what is
 * not ours. */
#include "base/clock.h"
#include "base/glibc.h"
#include "base/proc.h"
#include "base/state.h"
#include "base/sys.h"
#include "leak/internal.h"
#include "thread/threads.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <ucontext.h>

#define THREADS_MOST 65536u
#define ANSWER_NS    (300ull * 1000 * 1000)
#define HOLD_NS	     (2000ull * 1000 * 1000) /* nobody is kept longer, whatever happens */

struct vp_leak_thread *vp_leak_thread;
uint32_t vp_leak_threads;

static void (*libc_handler)(int sig, siginfo_t *info, void *context);
static uint32_t round_;	 /* of stops; odd while threads are to stay */
static uint32_t answers; /* futex of the one that stops */
static uint32_t asked;

/* The instructions before the one to be executed next; returns whether the last
 * of them is a system call.  At the start of a page the one before need not be
 * there. */
static int code_before(const greg_t *regs, uint8_t code[7])
{
	const uint8_t *pc = (const uint8_t *)(uintptr_t)regs[REG_RIP];

	if (((uintptr_t)pc & 4095) < 7)
		return 0;
	memcpy(code, pc - 7, 7);
	return code[5] == 0x0f && code[6] == 0x05;
}

/* A call that the signal interrupted and that the kernel does not start again
 * by itself (poll, nanosleep): the host must not see EINTR, so it is made once
 * more.  Its number is in the instruction before it nearly everywhere in libc.
 * Its arguments are still in their registers. */
static void call_again(ucontext_t *uc)
{
	greg_t *regs = uc->uc_mcontext.gregs;
	uint8_t code[7];
	uint32_t number;

	if (regs[REG_RAX] != -EINTR || !code_before(regs, code) || code[0] != 0xb8)
		return;
	memcpy(&number, code + 1, 4); /* mov $number, %eax; syscall */
	if (number > 1000)
		return;
	regs[REG_RAX] = number;
	regs[REG_RIP] -= 2;
}

/* As the kernel saved them, and they stay where it did: what of it counts is for
 * the snapshot to find out (leak/registers.c). */
static void publish(struct vp_leak_thread *thread, const ucontext_t *uc)
{
	/* The last three are lost in a system call: */
	static const int general[] = {REG_RBX, REG_RBP, REG_R12, REG_R13, REG_R14,
				      REG_R15, REG_RDI, REG_RSI, REG_RDX, REG_R10,
				      REG_R8,  REG_R9,	REG_RAX, REG_RCX, REG_R11};
	const greg_t *regs = uc->uc_mcontext.gregs;

	thread->sp = (uint64_t)regs[REG_RSP];
	thread->pc = (uint64_t)regs[REG_RIP];
	thread->descriptor = (uint64_t)(uintptr_t)__builtin_thread_pointer();
	thread->word[0] =
	    uc->uc_stack.ss_flags & SS_DISABLE ? 0 : (uint64_t)(uintptr_t)uc->uc_stack.ss_sp;
	thread->word[1] = vp_exit_stack_gs_base();
	for (uint32_t i = 0; i < 15; i++)
		thread->word[2 + i] = (uint64_t)regs[general[i]];
	thread->words = 2 + 15;
	thread->vectors = (uint64_t)(uintptr_t)uc->uc_mcontext.fpregs;
}

static void stop_here(struct vp_leak_thread *thread, const ucontext_t *uc, uint32_t round)
{
	uint64_t until = vp_clock_mono() + HOLD_NS;

	publish(thread, uc);
	/* Pairs with the wait for answers in vp_leak_stop(). */
	__atomic_store_n(&thread->seen, VP_SEEN_STOPPED, __ATOMIC_RELEASE);
	__atomic_add_fetch(&answers, 1, __ATOMIC_ACQ_REL);
	vp_sys_futex_wake(&answers);
	while (__atomic_load_n(&round_, __ATOMIC_ACQUIRE) == round && vp_clock_mono() < until)
		vp_sys_futex_wait(&round_, round, 100u * 1000 * 1000);
}

static void handler(int sig, siginfo_t *info, void *context)
{
	uint64_t value = (uint64_t)(uintptr_t)info->si_value.sival_ptr;
	uint32_t round = (uint32_t)(value >> 32), index = (uint32_t)value;

	if (info->si_code != SI_QUEUE || info->si_pid != vp_sys_pid() || !(round & 1)) {
		if (libc_handler)
			libc_handler(sig, info, context);
		return;
	}
	if (round == __atomic_load_n(&round_, __ATOMIC_ACQUIRE) && index < vp_leak_threads &&
	    vp_leak_thread[index].tid == vp_sys_tid())
		stop_here(&vp_leak_thread[index], context, round);
	call_again(context);
}

static struct vp_leak_thread at_signal;

void vp_exit_stack_at_signal(struct vp_exit_stack *end, const void *context)
{
	publish(&at_signal, context);
	end->thread_pointer = (uint64_t)(uintptr_t)__builtin_thread_pointer();
	end->by_signal = 1;
}

static void take_signalled(struct vp_leak_thread *thread)
{
	struct vp_leak_thread known = *thread;

	*thread = at_signal;
	thread->tid = known.tid;
	thread->stack_lo = known.stack_lo;
	thread->stack_hi = known.stack_hi;
	thread->seen = VP_SEEN_STOPPED;
}

static int install(void)
{
	struct vp_sys_action now;

	if (!vp_glibc_knows(VP_GLIBC_SIGNAL) || vp_sys_action(VP_SIGSETXID, &now) != 0)
		return -EINVAL;
	if (now.handler == handler)
		return 0;
	libc_handler = (uintptr_t)now.handler > 1 ? now.handler : NULL;
	return (int)vp_sys_handle(VP_SIGSETXID, handler, SA_RESTART | SA_ONSTACK);
}

static struct vp_leak_thread *add(int tid)
{
	struct vp_leak_thread *thread = &vp_leak_thread[vp_leak_threads];

	if (vp_leak_threads >= THREADS_MOST)
		return NULL;
	memset(thread, 0, sizeof(*thread));
	thread->tid = tid;
	vp_leak_threads++;
	return thread;
}

static void add_task(int tid, void *arg)
{
	(void)arg;
	add(tid);
}

static void add_known(const struct vp_thread *thread)
{
	struct vp_leak_thread *one = NULL;

	for (uint32_t i = 0; i < vp_leak_threads && !one; i++)
		one = vp_leak_thread[i].tid == thread->tid ? &vp_leak_thread[i] : NULL;
	if (!one)
		one = add(thread->tid);
	if (!one)
		return;
	one->stack_lo = thread->stack.lo;
	one->stack_hi = thread->stack.hi;
	one->own_tls = (uint64_t)(uintptr_t)thread->busy - offsetof(struct vp_tls, busy);
}

/* Is the signal blocked there?  Not by us: hooks at work block all, shortly. */
static int blocks_signal(int tid)
{
	return vp_proc_blocked(tid) >> (VP_SIGSETXID - 1) & 1 && !vp_threads_is_busy(tid);
}

static void ask(uint32_t index, uint32_t round)
{
	struct vp_leak_thread *thread = &vp_leak_thread[index];
	siginfo_t info;

	memset(&info, 0, sizeof(info));
	info.si_signo = VP_SIGSETXID;
	info.si_code = SI_QUEUE;
	info.si_pid = vp_sys_pid();
	info.si_value.sival_ptr = (void *)(uintptr_t)((uint64_t)round << 32 | index);
	if (vp_sys6(SYS_rt_tgsigqueueinfo, vp_sys_pid(), thread->tid, VP_SIGSETXID, (long)&info, 0,
		    0) == 0)
		asked++;
}

/* The thread that ends is known to nobody any more where it was the last. */
static void add_ending(int tid)
{
	for (uint32_t i = 0; i < vp_leak_threads; i++) {
		if (vp_leak_thread[i].tid == tid)
			return;
	}
	add(tid);
}

static void list_threads(const struct vp_exit_stack *end, int look_in_proc)
{
	vp_leak_threads = 0;
	if (look_in_proc)
		vp_proc_tasks(add_task, NULL);
	vp_threads_each(add_known);
	if (end)
		add_ending(end->tid);
	for (uint32_t i = 0; i < vp_leak_threads; i++) {
		struct vp_leak_thread *thread = &vp_leak_thread[i];

		if (end && end->tid == thread->tid) {
			thread->seen = VP_SEEN_ENDING;
			thread->sp = end->sp;
			thread->words = end->words;
			memcpy(thread->word, end->word, end->words * sizeof(end->word[0]));
			if (end->by_signal)
				take_signalled(thread);
			thread->descriptor = end->thread_pointer;
			thread->own_tls =
			    end->thread_pointer + ((uint64_t)(uintptr_t)&vp_tls -
						   (uint64_t)(uintptr_t)__builtin_thread_pointer());
		} else if (thread->tid == vp_sys_tid() || vp_threads_is_helper(thread->tid)) {
			thread->seen = VP_SEEN_OURS;
		}
	}
}

static void ask_all(int look_in_proc)
{
	uint32_t round = __atomic_add_fetch(&round_, 1, __ATOMIC_ACQ_REL);

	asked = 0;
	/* Pairs with the handlers, which count up. */
	__atomic_store_n(&answers, 0, __ATOMIC_RELEASE);
	for (uint32_t i = 0; i < vp_leak_threads; i++) {
		if (vp_leak_thread[i].seen != VP_SEEN_NOT)
			continue;
		if (look_in_proc && blocks_signal(vp_leak_thread[i].tid))
			vp_leak_thread[i].seen = VP_SEEN_BLOCKED;
		else
			ask(i, round);
	}
}

int vp_leak_stop(const struct vp_exit_stack *end, int look_in_proc)
{
	uint64_t until = vp_clock_mono() + ANSWER_NS;
	uint32_t others = 0, seen;

	if (!vp_leak_thread)
		vp_leak_thread = vp_sys_map(THREADS_MOST * sizeof(*vp_leak_thread));
	if (!vp_leak_thread)
		return -ENOMEM;
	list_threads(end, look_in_proc);
	for (uint32_t i = 0; i < vp_leak_threads; i++)
		others += vp_leak_thread[i].seen == VP_SEEN_NOT;
	if (!others)
		return 0;
	if (install() != 0)
		return 0; /* none answers: their stacks are searched whole */
	ask_all(look_in_proc);
	while ((seen = __atomic_load_n(&answers, __ATOMIC_ACQUIRE)) < asked) {
		uint64_t now = vp_clock_mono();

		if (now >= until)
			break;
		vp_sys_futex_wait(&answers, seen, until - now);
	}
	return 0;
}

void vp_leak_release(void)
{
	if (!(__atomic_load_n(&round_, __ATOMIC_ACQUIRE) & 1))
		return;
	__atomic_add_fetch(&round_, 1, __ATOMIC_ACQ_REL);
	vp_sys_futex_wake(&round_);
}
