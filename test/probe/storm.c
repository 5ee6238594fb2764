/* Everything that is hard on a profiler, at once, for some seconds: plugins
 * loaded and unloaded from two threads, threads that start and end, exceptions,
 * forks, blocks freed by other threads than allocated them, coroutines, signal
 * stacks, longjmp.
 * storm SECONDS DIR    DIR holds the plugins work*.so and throw*.so
 * Prints what it did to stderr (it differs from run to run) and `done`. */
#include "probe.h"
#include <dirent.h>
#include <dlfcn.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>

static volatile int stop;
static const char *dir;

/* Blocks on their way to whoever frees them. */
#define SLOTS 4096
static void *slot[SLOTS];

static void hand_over(void *block, unsigned *seed)
{
	free(__atomic_exchange_n(&slot[rand_r(seed) % SLOTS], block, __ATOMIC_ACQ_REL));
}

__attribute__((noinline)) static int deep(int n, unsigned *seed)
{
	volatile char pad[64];
	int got = 0;

	pad[0] = (char)n;
	if (n % 3 == 0)
		hand_over(opaque(malloc(1 + rand_r(seed) % 500)), seed);
	if (n > 0)
		got = deep(n - 1, seed);
	return got + pad[0];
}

struct count {
	const char *name;
	void (*once)(unsigned *seed, unsigned long n);
	unsigned long n;
};

/* Loads a plugin, any, calls it, unloads it. */
static void load(unsigned *seed, unsigned long n)
{
	const char *unwinder;
	char path[600];
	void *handle;
	int (*throwing)(int, const char **);
	void *(*working)(int);

	snprintf(path, sizeof(path), "%s/%s%u.so", dir, n % 2 ? "work" : "throw", rand_r(seed) % 3);
	handle = dlopen(path, n % 5 ? RTLD_NOW : RTLD_LAZY);
	if (!handle)
		DIE("%s", dlerror());
	throwing = (int (*)(int, const char **))dlsym(handle, "plugin_throw");
	working = (void *(*)(int))dlsym(handle, "plugin_work");
	if (working)
		hand_over(working(20), seed);
	if (throwing && throwing(n % 20, &unwinder) != (int)(n % 20) + 1)
		DIE("an exception went astray");
	dlclose(handle);
}

static int (*thrower)(int, const char **);

static void throw_often(unsigned *seed, unsigned long n)
{
	const char *unwinder;
	int depth = (int)(rand_r(seed) % 40);

	(void)n;
	if (thrower(depth, &unwinder) != depth + 1)
		DIE("an exception went astray");
}

static void *short_life(void *arg)
{
	unsigned seed = (unsigned)(uintptr_t)arg;

	deep((int)(seed % 50), &seed);
	if (seed % 7 == 0)
		pthread_exit(NULL);
	return NULL;
}

static void spawn(unsigned *seed, unsigned long n)
{
	pthread_t thread[4];
	int made = 0;

	(void)n;
	for (; made < 4; made++)
		if (pthread_create(&thread[made], NULL, short_life,
				   (void *)(uintptr_t)rand_r(seed)))
			break;
	for (int i = 0; i < made; i++)
		pthread_join(thread[i], NULL);
}

static void fork_once(unsigned *seed, unsigned long n)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		/* not exit(): another thread may have held the loader's lock */
		deep((int)(n % 40), seed);
		_exit(7);
	}
	if (pid < 0)
		DIE("fork");
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 7)
		DIE("a child ended with status %x", status);
	sleep_ms(20);
}

static __thread ucontext_t outside, inside;
static __thread unsigned coroutine_seed;

static void coroutine(void)
{
	for (int i = 0; i < 4; i++) {
		deep(20 + i, &coroutine_seed);
		swapcontext(&inside, &outside);
	}
}

static void switch_stacks(unsigned *seed, unsigned long n)
{
	size_t bytes = n % 2 ? 64 << 10 : 256 << 10;
	char *stack =
	    n % 3 ? malloc(bytes)
		  : mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	coroutine_seed = rand_r(seed);
	getcontext(&inside);
	inside.uc_stack.ss_sp = stack;
	inside.uc_stack.ss_size = bytes;
	inside.uc_link = &outside;
	makecontext(&inside, coroutine, 0);
	for (int i = 0; i < 5; i++) {
		swapcontext(&outside, &inside);
		deep(5, seed);
	}
	if (n % 3)
		free(stack);
	else
		munmap(stack, bytes);
}

static __thread unsigned *handler_seed;

/* Raised by the thread itself, so that it may allocate. */
static void handler(int sig)
{
	(void)sig;
	deep(15, handler_seed);
}

static void signal_stack(unsigned *seed, unsigned long n)
{
	stack_t on = {.ss_sp = malloc(32 << 10), .ss_size = 32 << 10}, old;

	handler_seed = seed;
	if (sigaltstack(&on, &old))
		DIE("sigaltstack");
	for (int i = 0; i < 5; i++)
		raise(n % 3 ? SIGUSR1 : SIGUSR2);
	deep(10, seed);
	sigaltstack(&old, NULL);
	free(on.ss_sp);
}

static __thread jmp_buf back;

__attribute__((noinline)) static int jump_from(int n, unsigned *seed)
{
	volatile char pad[100];

	pad[0] = 1;
	hand_over(opaque(malloc(40)), seed);
	if (n <= 0)
		longjmp(back, 1);
	if (pad[0])
		n = jump_from(n - 1, seed);
	return n + pad[0];
}

static void jump(unsigned *seed, unsigned long n)
{
	if (!setjmp(back))
		jump_from((int)(n % 60), seed);
	deep((int)(n % 9), seed);
}

static struct count work[] = {
    {"loads", load, 0},
    {"loads", load, 0},
    {"throws", throw_often, 0},
    {"threads", spawn, 0},
    {"threads", spawn, 0},
    {"forks", fork_once, 0},
    {"coroutines", switch_stacks, 0},
    {"signals", signal_stack, 0},
    {"jumps", jump, 0},
};
#define WORKERS (sizeof(work) / sizeof(work[0]))

static void *worker(void *arg)
{
	struct count *count = arg;
	unsigned seed = (unsigned)(count - work) * 7919 + 1;

	while (!stop)
		count->once(&seed, count->n++);
	return NULL;
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
	pthread_t thread[WORKERS];
	char path[600];
	void *handle;

	if (argc < 3)
		return 64;
	dir = argv[2];
	snprintf(path, sizeof(path), "%s/throw-stays.so", dir);
	handle = dlopen(path, RTLD_NOW);
	thrower = handle ? (int (*)(int, const char **))dlsym(handle, "plugin_throw") : NULL;
	if (!thrower)
		DIE("%s", dlerror());
	sigaction(SIGUSR1, &action, NULL);
	action.sa_flags = 0;
	sigaction(SIGUSR2, &action, NULL);
	for (size_t i = 0; i < WORKERS; i++)
		if (pthread_create(&thread[i], NULL, worker, &work[i]))
			DIE("pthread_create");
	sleep_ms(atol(argv[1]) * 1000);
	stop = 1;
	for (size_t i = 0; i < WORKERS; i++) {
		pthread_join(thread[i], NULL);
		fprintf(stderr, "%s %lu\n", work[i].name, work[i].n);
	}
	say("done\n");
	return 0;
}
