/* What leads to a block lies in one register, one odd encoding or one stack only.
 * Without an argument: the names of the cases; with one: that case.  Status 77: this
 * machine cannot do it. */
#include "leak.h"
#include <cpuid.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>

#define CANNOT 77

static volatile int ready;
static volatile uintptr_t kept[4];

static uintptr_t hidden_block(size_t size)
{
	return ~(uintptr_t)block(size);
}

static void start(void *(*run)(void *), void *arg)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, run, arg) != 0)
		DIE("no thread");
	leak_await(&ready, 1);
	usleep(20000);
}

/* --- registers of a thread that runs --------------------------------------------- */
static const char *where;
static uintptr_t hidden;

static int has(unsigned leaf, int reg, unsigned bit)
{
	unsigned r[4] = {0, 0, 0, 0};

	return __get_cpuid_count(leaf, 0, &r[0], &r[1], &r[2], &r[3]) && r[reg] >> bit & 1;
}

static int has_avx(void)
{
	return has(7, 1, 5);
}

static int has_avx512(void)
{
	return has(7, 1, 16) && has(7, 1, 30);
}

/* Clears what a call may change and the frames below, then spins. */
#define SPIN                                                                                       \
	"xor %%eax, %%eax\n\txor %%edx, %%edx\n\txor %%esi, %%esi\n\txor %%edi, %%edi\n\t"         \
	"xor %%ebx, %%ebx\n\txor %%r8d, %%r8d\n\txor %%r9d, %%r9d\n\txor %%r10d, %%r10d\n\t"       \
	"xor %%r11d, %%r11d\n\txor %%r12d, %%r12d\n\txor %%r13d, %%r13d\n\txor %%r14d, %%r14d\n\t" \
	"mov $512, %%ecx\n3:\tmovq $0, -4104(%%rsp, %%rcx, 8)\n\tloop 3b\n\t"                      \
	"movl $1, %[ready]\n1:\tpause\n\tjmp 1b\n\t"
/* The same, but it waits in a system call that is not libc's. */
#define WAIT                                                                                       \
	"xor %%edx, %%edx\n\txor %%esi, %%esi\n\txor %%edi, %%edi\n\t"                             \
	"xor %%ebx, %%ebx\n\txor %%r8d, %%r8d\n\txor %%r9d, %%r9d\n\txor %%r10d, %%r10d\n\t"       \
	"mov $512, %%ecx\n3:\tmovq $0, -4104(%%rsp, %%rcx, 8)\n\tloop 3b\n\t"                      \
	"movl $1, %[ready]\n1:\tmov $34, %%eax\n\tsyscall\n\tjmp 1b\n\t"
#define HOLD(code)                                                                                 \
	__asm__ volatile("not %%rbx\n\t" code : [ready] "=m"(ready) : "b"(hidden) : "memory")

static NOINLINE void *hold_register(void *arg)
{
	if (!strcmp(where, "ymm"))
		HOLD("vmovq %%rbx, %%xmm3\n\tvpxor %%xmm4, %%xmm4, %%xmm4\n\t"
		     "vinserti128 $1, %%xmm3, %%ymm4, %%ymm5\n\tvpxor %%xmm3, %%xmm3, "
		     "%%xmm3\n\t" SPIN);
	else if (!strcmp(where, "zmm"))
		HOLD("vmovq %%rbx, %%xmm3\n\tvpxor %%xmm4, %%xmm4, %%xmm4\n\t"
		     "vinserti64x4 $1, %%ymm3, %%zmm4, %%zmm5\n\tvpxor %%xmm3, %%xmm3, "
		     "%%xmm3\n\t" SPIN);
	else if (!strcmp(where, "zmm20"))
		HOLD("vmovq %%rbx, %%xmm20\n\t" SPIN);
	else if (!strcmp(where, "mask"))
		HOLD("kmovq %%rbx, %%k3\n\t" SPIN);
	else if (!strcmp(where, "mmx"))
		HOLD("movq %%rbx, %%mm3\n\t" SPIN);
	else if (!strcmp(where, "gs"))
		HOLD(".byte 0xf3, 0x48, 0x0f, 0xae, 0xdb\n\t" SPIN); /* wrgsbase %rbx */
	else if (!strcmp(where, "ymm_in_call"))
		HOLD("vmovq %%rbx, %%xmm3\n\tvpxor %%xmm4, %%xmm4, %%xmm4\n\t"
		     "vinserti128 $1, %%xmm3, %%ymm4, %%ymm5\n\tvpxor %%xmm3, %%xmm3, "
		     "%%xmm3\n\t" WAIT);
	else
		HOLD(SPIN);
	return arg;
}

static void in_register(const char *name)
{
	where = name;
	hidden = hidden_block(1337);
	leak_scrub();
	start(hold_register, NULL);
	hidden = 0;
}

static void ymm(void)
{
	if (!has_avx())
		exit(CANNOT);
	in_register("ymm");
}

static void ymm_in_call(void)
{
	if (!has_avx())
		exit(CANNOT);
	in_register("ymm_in_call");
}

static void zmm(void)
{
	if (!has_avx512())
		exit(CANNOT);
	in_register("zmm");
}

static void zmm20(void)
{
	if (!has_avx512())
		exit(CANNOT);
	in_register("zmm20");
}

static void mask(void)
{
	if (!has_avx512())
		exit(CANNOT);
	in_register("mask");
}

static void mmx(void)
{
	in_register("mmx");
}

static void gs(void)
{
	if (!(getauxval(AT_HWCAP2) & 2))
		exit(CANNOT);
	in_register("gs");
}

static void no_register(void)
{
	in_register("none");
}

/* --- encodings ------------------------------------------------------------------- */
static void tags_both(void)
{
	kept[0] = (uintptr_t)block(99) | 0x1234ull << 48 | 3;
}

static void tags_of_four_bits(void)
{
	kept[0] = (uintptr_t)block(99) | 0x8001ull << 48 | 13;
}

static void tag_of_four_bits(void)
{
	kept[0] = (uintptr_t)block(1) | 15;
}

static void one_based_chars(void)
{
	kept[0] = (uintptr_t)block(99) - 1;
}

static void one_based_ints(void)
{
	kept[0] = (uintptr_t)block(100) - 4;
}

static void one_based_longs(void)
{
	kept[0] = (uintptr_t)block(96) - 8;
}

static void one_based_structs(void)
{
	kept[0] = (uintptr_t)block(240) - 24;
}

/* A matrix as in Numerical Recipes: rows and columns from one; a row's predecessor
 * ends where it itself is pointed to. */
static void one_based_matrix(void)
{
	double **rows = (double **)block(8 * sizeof(*rows)) - 1;

	for (int i = 1; i <= 8; i++)
		rows[i] = (double *)block(5 * sizeof(double)) - 1;
	kept[0] = (uintptr_t)rows;
}

/* The end of an array in use is no pointer to what lies behind it. */
static void behind_the_end(void)
{
	char *first = block(1000), *second = block(1000);

	if (second - first != 1008)
		exit(CANNOT);
	kept[0] = (uintptr_t)first;
	kept[1] = (uintptr_t)(first + 1000);
}

/* --- stacks ---------------------------------------------------------------------- */
static void wait_in_handler(int number)
{
	void *volatile mine = block(1400);

	(void)number;
	leak_scrub();
	ready = 1;
	for (;;)
		pause();
	kept[0] = (uintptr_t)mine;
}

/* The handler's stack is known to the kernel only, and the thread runs on it. */
static void *run_on_alternate(void *arg)
{
	stack_t stack = {.ss_size = 1 << 19, .ss_sp = block(1 << 19)};
	struct sigaction action = {.sa_handler = wait_in_handler, .sa_flags = SA_ONSTACK};

	sigaltstack(&stack, NULL);
	memset(&stack, 0, sizeof(stack));
	sigaction(SIGUSR1, &action, NULL);
	leak_scrub();
	raise(SIGUSR1);
	return arg;
}

static void on_alternate_stack(void)
{
	start(run_on_alternate, NULL);
}

static NOINLINE void give_alternate(size_t size)
{
	stack_t stack = {.ss_size = size, .ss_sp = block(size)};

	sigaltstack(&stack, NULL);
	memset(&stack, 0, sizeof(stack));
}

static void *wait_with_alternate(void *arg)
{
	give_alternate(40000);
	leak_scrub();
	ready = 1;
	for (;;)
		pause();
	return arg;
}

/* Nobody runs on it yet. */
static void alternate_of_thread(void)
{
	start(wait_with_alternate, NULL);
}

static void alternate_of_main(void)
{
	give_alternate(40008);
}

/* A thread that has changed to a stack of its own making, by hand. */
static NOINLINE void on_new_stack(void)
{
	void *volatile mine = block(1401);

	leak_scrub();
	ready = 1;
	for (;;)
		pause();
	kept[0] = (uintptr_t)mine;
}

static void *change_stack(void *arg)
{
	uintptr_t top = (uintptr_t)block(1 << 19) + (1 << 19);

	leak_scrub();
	__asm__ volatile("mov %0, %%rsp\n\txor %%ebp, %%ebp\n\txor %%ebx, %%ebx\n\t"
			 "xor %%r12d, %%r12d\n\txor %%r13d, %%r13d\n\txor %%r14d, %%r14d\n\t"
			 "xor %%r15d, %%r15d\n\txor %%eax, %%eax\n\tcall *%1"
			 :
			 : "a"(top & ~15ull), "c"(on_new_stack)
			 : "memory");
	return arg;
}

static void on_stack_by_hand(void)
{
	start(change_stack, NULL);
}

static void *ucontext_of;

static NOINLINE void suspended(void)
{
	void *volatile mine = block(1402);

	leak_scrub();
	swapcontext((ucontext_t *)ucontext_of + 1, ucontext_of);
	kept[0] = (uintptr_t)mine;
}

/* A fiber that waits: its registers in one block, its stack in another. */
static void waiting_fiber(void)
{
	ucontext_t *context = block(2 * sizeof(*context));
	void *stack = block(1 << 19);

	ucontext_of = context;
	getcontext(context + 1);
	context[1].uc_stack.ss_sp = stack;
	context[1].uc_stack.ss_size = 1 << 19;
	makecontext(context + 1, suspended, 0);
	swapcontext(context, context + 1);
}

static const struct leak_case cases[] = {
    {"ymm", ymm},
    {"ymm_in_call", ymm_in_call},
    {"zmm", zmm},
    {"zmm20", zmm20},
    {"mask", mask},
    {"mmx", mmx},
    {"gs", gs},
    {"no_register", no_register},
    {"tags_both", tags_both},
    {"tags_of_four_bits", tags_of_four_bits},
    {"tag_of_four_bits", tag_of_four_bits},
    {"one_based_chars", one_based_chars},
    {"one_based_ints", one_based_ints},
    {"one_based_longs", one_based_longs},
    {"one_based_structs", one_based_structs},
    {"one_based_matrix", one_based_matrix},
    {"behind_the_end", behind_the_end},
    {"on_alternate_stack", on_alternate_stack},
    {"alternate_of_thread", alternate_of_thread},
    {"alternate_of_main", alternate_of_main},
    {"on_stack_by_hand", on_stack_by_hand},
    {"waiting_fiber", waiting_fiber},
};

int main(int argc, char **argv)
{
	return leak_main(argc, argv, cases, LEAK_COUNT(cases));
}
