/* Blocks in use by a thread that still runs when the process ends. */
#include "leak_thread.h"
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>

static uintptr_t hidden; /* complement of an address */
static __thread void *volatile per_thread;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;

/* --- held by a running thread ---------------------------------------------- */
static void *hold_stack(void *arg)
{
	void *volatile mine = block(2000);

	park();
	return mine ? arg : NULL;
}

static void stack(void)
{
	stay(hold_stack);
}

static void *hold_stack_in_read(void *arg)
{
	void *volatile mine = block(2001);
	int ends[2];
	char byte;

	if (pipe(ends))
		DIE("pipe");
	leak_scrub();
	ready = 1;
	if (read(ends[0], &byte, 1) == 1)
		return arg;
	return mine;
}

static void stack_in_read(void)
{
	stay(hold_stack_in_read);
}

static void *hold_stack_in_wait(void *arg)
{
	void *volatile mine = block(2002);

	leak_scrub();
	pthread_mutex_lock(&mutex);
	ready = 1;
	for (;;)
		pthread_cond_wait(&cond, &mutex);
	return mine ? arg : NULL;
}

static void stack_in_wait(void)
{
	stay(hold_stack_in_wait);
	pthread_mutex_lock(&mutex); /* it has let go of it: it waits */
	pthread_mutex_unlock(&mutex);
}

static void *hold_stack_deaf(void *arg)
{
	void *volatile mine = block(2003);
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	park();
	return mine ? arg : NULL;
}

static void stack_deaf(void)
{
	stay(hold_stack_deaf);
}

static void *hold_many(void *arg)
{
	void *volatile mine = block(100);

	leak_scrub();
	__atomic_fetch_add(&ready, 1, __ATOMIC_SEQ_CST);
	for (;;)
		pause();
	return mine ? arg : NULL;
}

static void many_stacks(void)
{
	for (int i = 0; i < 50; i++)
		start(hold_many, NULL);
	leak_await(&ready, 50);
}

static void own_stack_memory(void)
{
	void *memory =
	    mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	pthread_attr_setstack(&attr, memory, 1 << 20);
	if (pthread_create(&thread, &attr, hold_stack, NULL))
		DIE("pthread_create");
	leak_await(&ready, 1);
}

/* The address is in one register and nowhere else, in a system call. */
static NOINLINE void *hold_register(void *arg)
{
	hidden = ~(uintptr_t)block(2010);
	leak_scrub();
	__asm__ volatile("mov %0, %%r12\n\tnot %%r12\n\tmovl $1, (%1)\n"
			 "1:\tmov %2, %%eax\n\tsyscall\n\tjmp 1b"
			 :
			 : "r"(hidden), "r"(&ready), "i"(SYS_pause)
			 : "rax", "rcx", "r11", "r12", "memory");
	return arg;
}

static void in_register(void)
{
	stay(hold_register);
}

/* The same in a loop without calls, where any register will do. */
static NOINLINE void *hold_scratch_register(void *arg)
{
	hidden = ~(uintptr_t)block(2011);
	leak_scrub();
	__asm__ volatile("mov %0, %%r9\n\tnot %%r9\n\tmovl $1, (%1)\n1:\tpause\n\tjmp 1b"
			 :
			 : "r"(hidden), "r"(&ready)
			 : "r9", "memory");
	return arg;
}

static void in_scratch_register(void)
{
	stay(hold_scratch_register);
}

static NOINLINE void *hold_vector_register(void *arg)
{
	hidden = ~(uintptr_t)block(2012);
	leak_scrub();
	__asm__ volatile("mov %0, %%rax\n\tnot %%rax\n\tmovq %%rax, %%xmm7\n\txor %%eax, %%eax\n\t"
			 "movl $1, (%1)\n1:\tpause\n\tjmp 1b"
			 :
			 : "r"(hidden), "r"(&ready)
			 : "rax", "xmm7", "memory");
	return arg;
}

static void in_vector_register(void)
{
	stay(hold_vector_register);
}

/* No signal reaches it: nobody can ask for its registers without ptrace. */
static NOINLINE void *hold_register_deaf(void *arg)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	return hold_register(arg);
}

static void in_register_deaf(void)
{
	stay(hold_register_deaf);
}

static void *hold_tls(void *arg)
{
	per_thread = block(2020);
	park();
	return arg;
}

static void in_tls(void)
{
	stay(hold_tls);
}

static void *hold_key(void *arg)
{
	pthread_key_t key;

	pthread_key_create(&key, NULL);
	pthread_setspecific(key, block(2021));
	park();
	return arg;
}

static void in_key(void)
{
	stay(hold_key);
}

static void *hold_many_keys(void *arg)
{
	for (int i = 0; i < 100; i++) {
		pthread_key_t key;

		pthread_key_create(&key, NULL);
		pthread_setspecific(key, block(60));
	}
	park();
	return arg;
}

static void in_many_keys(void)
{
	stay(hold_many_keys);
}

/* All on one CPU, and the maker goes on at once: most have not run a single
 * instruction when the process ends, and the others hold what they were given. */
static void *hold_argument(void *arg)
{
	void *volatile mine = arg;

	for (;;)
		pause();
	return mine;
}

static void start_argument(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	sched_setaffinity(0, sizeof(one), &one);
	for (int i = 0; i < 20; i++)
		start(hold_argument, block(200));
}

/* Ended, not joined: the next pthread_join would deliver its block. */
static void result_not_fetched(void)
{
	int before = threads_now();

	start(give, NULL);
	leak_scrub();
	await_threads(before);
}

/* --- processes ended by others ----------------------------------------------- */
static void *end_process(void *arg)
{
	leak_scrub();
	exit(0);
	return arg;
}

/* main waits in pthread_join and holds the block on its stack. */
static void exit_in_thread(void)
{
	void *volatile mine = block(2040);

	leak_scrub();
	start(end_process, NULL);
	pthread_join(thread, NULL);
	exit(mine == NULL);
}

static void *outlive_main(void *arg)
{
	sleep_ms(100);
	return arg;
}

static void main_ends_first(void)
{
	start(outlive_main, block(2041));
	leak_scrub();
	pthread_exit(NULL);
}

static const struct leak_case cases[] = {
    {"stack", stack},
    {"stack_in_read", stack_in_read},
    {"stack_in_wait", stack_in_wait},
    {"stack_deaf", stack_deaf},
    {"many_stacks", many_stacks},
    {"own_stack_memory", own_stack_memory},
    {"register", in_register},
    {"scratch_register", in_scratch_register},
    {"vector_register", in_vector_register},
    {"register_deaf", in_register_deaf},
    {"tls", in_tls},
    {"key", in_key},
    {"many_keys", in_many_keys},
    {"start_argument", start_argument},
    {"result_not_fetched", result_not_fetched},
    {"exit_in_thread", exit_in_thread},
    {"main_ends_first", main_ends_first},
};

int main(int argc, char **argv)
{
	return leak_main(argc, argv, cases, LEAK_COUNT(cases));
}
