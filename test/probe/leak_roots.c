/* Blocks that are still in use when the process ends, each held from one
 * place alone: a tool that calls one of them lost does not look there. */
#include "leak.h"
#include <dlfcn.h>
#include <pthread.h>
#include <search.h>
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

static void *volatile global;
static char some;
static void *volatile filled[8] = {&some}; /* in .data */
static uintptr_t hidden;		   /* complement of an address */
static __thread void *volatile per_thread;

struct node {
	struct node *next;
	char rest[24];
};

static void in_bss(void)
{
	global = block(1000);
}

static void in_data(void)
{
	filled[5] = block(1001);
}

static void in_static_local(void)
{
	static void *volatile mine;

	mine = block(1002);
	opaque(mine);
}

/* --- objects brought by dlopen ------------------------------------------- */
/* The shared object stands beside this program. */
static void *plugin(const char *function)
{
	char path[4096];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 32);
	void *object, *found;

	while (len > 0 && path[len - 1] != '/')
		len--;
	strcpy(path + (len > 0 ? len : 0), "plugin_leak.so");
	object = dlopen(path, RTLD_NOW);
	found = object ? dlsym(object, function) : NULL;
	if (!found)
		DIE("%s: %s", path, dlerror());
	return found;
}

static void in_plugin_static(void)
{
	((void (*)(size_t))plugin("plugin_hold_static"))(1010);
}

static void in_plugin_tls(void)
{
	((void (*)(size_t))plugin("plugin_hold_tls"))(1011);
}

/* --- thread storage ------------------------------------------------------- */
static void in_tls(void)
{
	per_thread = block(1020);
}

static void in_key(void)
{
	pthread_key_t key;

	pthread_key_create(&key, NULL);
	pthread_setspecific(key, block(1021));
}

/* Keys beyond the first 32 live in a second level that libc allocates. */
static void in_many_keys(void)
{
	for (int i = 0; i < 100; i++) {
		pthread_key_t key;

		pthread_key_create(&key, NULL);
		pthread_setspecific(key, block(50));
	}
}

/* --- stacks and registers ------------------------------------------------- */
static void on_stack(void)
{
	void *volatile mine = block(1030);

	leak_scrub();
	exit(mine == NULL);
}

static void (*volatile end)(int) = exit;

static NOINLINE int descend(int depth)
{
	void *volatile mine = block(31);

	if (depth > 1)
		return descend(depth - 1) + (mine == NULL);
	leak_scrub();
	end(mine == NULL);
	return 1;
}

static void on_deep_stack(void)
{
	descend(200);
}

static NOINLINE void hide(size_t size)
{
	hidden = ~(uintptr_t)block(size);
}

/* exit() is called with the address in a register that calls preserve. */
static void in_register(void)
{
	hide(1032);
	leak_scrub();
	__asm__ volatile("mov %0, %%rbx\n\tnot %%rbx\n\txor %%edi, %%edi\n\t"
			 "and $-16, %%rsp\n\tcall *%1"
			 :
			 : "c"(hidden), "a"(exit)
			 : "rbx", "rdi", "memory");
}

/* --- contexts -------------------------------------------------------------- */
#define CO_STACK (512u << 10) /* leak_scrub() needs half of it */
static ucontext_t outside, inside;
static void *co_stack;

static NOINLINE void co_hold(void)
{
	void *volatile mine = block(1040);

	leak_scrub();
	swapcontext(&inside, &outside);
	exit(mine == NULL ? 1 : 2);
}

static void co_begin(void *stack, size_t size, void (*body)(void))
{
	getcontext(&inside);
	inside.uc_stack.ss_sp = co_stack = stack;
	inside.uc_stack.ss_size = size;
	inside.uc_link = &outside;
	makecontext(&inside, body, 0);
	swapcontext(&outside, &inside);
}

static void on_heap_coroutine(void)
{
	co_begin(block(CO_STACK), CO_STACK, co_hold);
}

static void on_mapped_coroutine(void)
{
	co_begin(mmap(NULL, CO_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
		 CO_STACK, co_hold);
}

static void co_exit(void)
{
	leak_scrub();
	exit(0);
}

/* The process ends on a coroutine; main's stack waits, unlike its top. */
static void exit_on_coroutine(void)
{
	static char stack[CO_STACK] __attribute__((aligned(16)));
	void *volatile mine = block(1042);

	co_begin(stack, sizeof(stack), co_exit);
	exit(mine == NULL);
}

static void on_signal(int number)
{
	(void)number;
	exit(0);
}

static void exit_on_alternate_stack(void)
{
	static char stack[1 << 18] __attribute__((aligned(16)));
	stack_t alternate = {.ss_sp = stack, .ss_size = sizeof(stack)};
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};
	void *volatile mine = block(1043);

	sigaltstack(&alternate, NULL);
	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
	exit(mine == NULL);
}

/* --- other memory ---------------------------------------------------------- */
static void **map(int protection, int flags, int fd)
{
	void **at = mmap(NULL, 4096, protection, flags, fd, 0);

	if (at == MAP_FAILED)
		DIE("mmap");
	return at;
}

static void in_mapping(void)
{
	map(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1)[100] = block(1050);
}

static void in_shared_mapping(void)
{
	map(PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1)[100] = block(1051);
}

static void in_file_mapping(void)
{
	int fd = memfd_create("leak", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, 4096))
		DIE("memfd_create");
	map(PROT_READ | PROT_WRITE, MAP_SHARED, fd)[100] = block(1052);
	close(fd);
}

/* Written once, then sealed against stray writes: still in use. */
static void in_sealed_mapping(void)
{
	void **at = map(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	at[100] = block(1053);
	mprotect(at, 4096, PROT_READ);
}

static void in_list(void)
{
	for (int i = 0; i < 100; i++) {
		struct node *node = block(sizeof(*node));

		node->next = global;
		global = node;
	}
}

static void in_environment(void)
{
	char *text = block(100);

	strcpy(text, "LEAK_PROBE=kept by putenv");
	putenv(text);
}

static int compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* libc's tree: its nodes point to the keys. */
static void in_tree(void)
{
	static void *root;

	for (int i = 1; i <= 3; i++) {
		int *key = block(60);

		*key = i;
		tsearch(key, &root, compare);
	}
}

static ssize_t cookie_read(void *cookie, char *buffer, size_t size)
{
	(void)cookie, (void)buffer, (void)size;
	return 0;
}

/* Known to a stream alone, and the stream to libc's list alone. */
static void in_stream(void)
{
	cookie_io_functions_t io = {.read = cookie_read};

	if (!fopencookie(block(1054), "r", io))
		DIE("fopencookie");
}

static void as_stream_buffer(void)
{
	setvbuf(stdout, block(5000), _IOFBF, 5000);
	printf("text in the buffer\n");
}

/* --- pointers that are not the beginning ----------------------------------- */
static void interior(void)
{
	global = (char *)block(1060) + 500;
}

static void one_past_end(void)
{
	global = (char *)block(1064) + 1064;
}

static void tagged(void)
{
	global = (char *)block(1062) + 1;
}

static void tagged_list(void)
{
	for (int i = 0; i < 10; i++) {
		struct node *node = block(sizeof(*node));

		node->next = global;
		global = (char *)node + 3;
	}
}

/* What a doubtful block points to is as doubtful. */
static void behind_interior(void)
{
	struct node *a = block(sizeof(*a)), *b = block(sizeof(*b));

	a->next = b;
	b->next = NULL;
	global = a->rest;
}

/* Both an interior pointer and a proper one: in use. */
static void interior_and_start(void)
{
	filled[1] = block(1065);
	filled[2] = (char *)filled[1] + 100;
}

static void empty_block(void)
{
	global = malloc(0);
}

static void huge(void)
{
	global = malloc(33 << 20);
}

/* Large blocks of which every other page was never touched, known to a mapping
 * of which the same is true. */
static void large_blocks(void)
{
	const size_t size = 2 << 20;
	char *at = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (int i = 0; i < 100; i++) {
		char *large = opaque(malloc(size));

		for (size_t k = 4096; k < size; k += 8192)
			large[k] = 1;
		*(void **)(at + (size_t)i * 8192 + 512) = large;
	}
}

static void unaligned(void)
{
	static char packed[32] __attribute__((aligned(8)));
	void *p = block(1066);

	memcpy(packed + 3, &p, sizeof(p));
}

static const struct leak_case cases[] = {
    {"bss", in_bss},
    {"data", in_data},
    {"static_local", in_static_local},
    {"plugin_static", in_plugin_static},
    {"plugin_tls", in_plugin_tls},
    {"tls", in_tls},
    {"key", in_key},
    {"many_keys", in_many_keys},
    {"stack", on_stack},
    {"deep_stack", on_deep_stack},
    {"register", in_register},
    {"heap_coroutine", on_heap_coroutine},
    {"mapped_coroutine", on_mapped_coroutine},
    {"exit_on_coroutine", exit_on_coroutine},
    {"exit_on_alternate_stack", exit_on_alternate_stack},
    {"mapping", in_mapping},
    {"shared_mapping", in_shared_mapping},
    {"file_mapping", in_file_mapping},
    {"sealed_mapping", in_sealed_mapping},
    {"list", in_list},
    {"environment", in_environment},
    {"tree", in_tree},
    {"stream", in_stream},
    {"stream_buffer", as_stream_buffer},
    {"interior", interior},
    {"one_past_end", one_past_end},
    {"tagged", tagged},
    {"tagged_list", tagged_list},
    {"behind_interior", behind_interior},
    {"interior_and_start", interior_and_start},
    {"empty_block", empty_block},
    {"huge", huge},
    {"large_blocks", large_blocks},
    {"unaligned", unaligned},
};

int main(int argc, char **argv)
{
	return leak_main(argc, argv, cases, LEAK_COUNT(cases));
}
