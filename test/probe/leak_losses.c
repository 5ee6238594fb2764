/* Blocks that nothing points to when the process ends: every way to lose one. */
#include "leak.h"
#include <dlfcn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>

static void *volatile global;

struct node {
	struct node *next, *other;
	char rest[24];
};

static struct node *node(void)
{
	struct node *n = block(sizeof(*n));

	n->next = n->other = NULL;
	return n;
}

/* --- by the program's own doing --------------------------------------------- */
static void overwritten(void)
{
	global = block(1000);
	global = block(1001);
}

static void cleared(void)
{
	global = block(1002);
	global = NULL;
}

static void local(void)
{
	void *volatile mine = block(1003);

	mine = opaque(mine);
}

static void never_kept(void)
{
	for (int i = 0; i < 1000; i++)
		block(24);
}

static void hundred_thousand(void)
{
	for (int i = 0; i < 100000; i++)
		block(16);
}

static void mixed(void)
{
	void *volatile keep[10];

	for (int i = 0; i < 10; i++)
		keep[i] = block(10);
	for (int i = 0; i < 100; i++)
		if (i % 10)
			block(100);
	for (int i = 0; i < 10; i++)
		free(keep[i]);
}

/* Not across a multiple of 4 GiB: an old pointer's upper half beside a zero, on the
 * stack, would point into it (docs/leaks.md). */
static void huge(void)
{
	uintptr_t start = (uintptr_t)block(33 << 20);

	if (start >> 32 != (start + (33 << 20)) >> 32) {
		block(33 << 20);
		free((void *)start);
	}
}

static void empty(void)
{
	opaque(malloc(0));
}

/* --- structures --------------------------------------------------------------- */
static void list(void)
{
	struct node *head = NULL;

	for (int i = 0; i < 10; i++) {
		struct node *n = node();

		n->next = head;
		head = n;
	}
}

static void cycle(void)
{
	struct node *a = node(), *b = node(), *c = node();

	a->next = b;
	b->next = c;
	c->next = a;
}

static void self(void)
{
	struct node *a = node();

	a->next = a;
}

static void hundred_pairs(void)
{
	for (int i = 0; i < 100; i++) {
		struct node *a = node(), *b = node();

		a->next = b;
		b->next = a;
	}
}

static void tree_below(struct node *n, int depth)
{
	if (depth == 0)
		return;
	tree_below(n->next = node(), depth - 1);
	tree_below(n->other = node(), depth - 1);
}

static void tree(void)
{
	tree_below(node(), 5);
}

static void shared_child(void)
{
	struct node *a = node(), *b = node();

	a->next = b->next = node();
}

/* A block that leads into a cycle is the one to blame; the cycle is older. */
static void into_cycle(void)
{
	struct node *a = node(), *b = node(), *head;

	a->next = b;
	b->next = a;
	head = node();
	head->next = a;
}

/* A cycle that leads into another one, which is older: not at its first block. */
static void cycle_to_cycle(void)
{
	struct node *a = node(), *b = node(), *c = node(), *d = node();

	a->next = b;
	b->next = a;
	c->next = d;
	d->next = c;
	c->other = b;
}

static void out_of_cycle(void)
{
	struct node *a = node(), *b = node();

	a->next = b;
	b->next = a;
	a->other = node();
	a->other->next = node();
}

/* Lost blocks point to one that is in use: it stays in use. */
static void towards_used(void)
{
	global = node();
	for (int i = 0; i < 5; i++)
		node()->next = global;
}

/* What a lost block keeps by an interior pointer alone is as lost as it. */
static void interior_of_lost(void)
{
	struct node *a = node();

	a->next = (struct node *)((char *)node() + 16);
}

static void deep_list(void)
{
	struct node *head = NULL;

	for (int i = 0; i < 50000; i++) {
		struct node *n = node();

		n->next = head;
		head = n;
	}
}

/* --- the holder goes away ------------------------------------------------------ */
static void holder_freed(void)
{
	void **holder = block(4000);

	holder[200] = block(1010);
	free(holder);
}

static void holder_shrunk(void)
{
	void **holder = block(4000);

	holder[300] = block(1011);
	global = realloc(holder, 64);
}

static void holder_unmapped(void)
{
	void **holder =
	    mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	holder[200] = block(1012);
	munmap(holder, 8192);
}

static void holder_discarded(void)
{
	void **holder =
	    mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	holder[200] = block(1013);
	madvise(holder, 8192, MADV_DONTNEED);
}

static NOINLINE void leave_behind(void)
{
	void *volatile mine[64];

	for (size_t i = 0; i < LEAK_COUNT(mine); i++)
		mine[i] = NULL;
	mine[7] = block(1015);
}

/* Left in a dead frame, far below exit()'s caller. */
static void stale_frame(void)
{
	leak_deep(leave_behind);
	exit(0);
}

/* Code on a coroutine loses it; the stack stays in use. */
static ucontext_t outside, inside;
static void *co_stack;

static void co_lose(void)
{
	leak_deep(leave_behind);
	leak_scrub();
	swapcontext(&inside, &outside);
}

static void co_hold(void)
{
	void *volatile mine = block(1016);

	swapcontext(&inside, &outside);
	exit(mine == NULL);
}

static void coroutine(void (*body)(void))
{
	const size_t size = 512 << 10;

	co_stack = block(size);
	getcontext(&inside);
	inside.uc_stack.ss_sp = co_stack;
	inside.uc_stack.ss_size = size;
	inside.uc_link = &outside;
	makecontext(&inside, body, 0);
	swapcontext(&outside, &inside);
}

static void on_coroutine(void)
{
	coroutine(co_lose);
}

/* A coroutine that will never go on is destroyed with what it held. */
static void coroutine_destroyed(void)
{
	coroutine(co_hold);
	memset(&inside, 0, sizeof(inside));
	free(co_stack);
	co_stack = NULL;
}

/* --- code that goes away -------------------------------------------------------- */
static void *open_plugin(void)
{
	char path[4096];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 32);
	void *object;

	while (len > 0 && path[len - 1] != '/')
		len--;
	strcpy(path + (len > 0 ? len : 0), "plugin_leak.so");
	object = dlopen(path, RTLD_NOW);
	if (!object)
		DIE("%s: %s", path, dlerror());
	return object;
}

static void call_and_close(const char *function, size_t size)
{
	void *object = open_plugin();
	void (*call)(size_t) = (void (*)(size_t))dlsym(object, function);

	if (!call)
		DIE("%s", function);
	call(size);
	dlclose(object);
}

static void by_closed_code(void)
{
	call_and_close("plugin_lose", 1020);
}

static void static_of_closed(void)
{
	call_and_close("plugin_hold_static", 1021);
}

/* --- late ------------------------------------------------------------------------ */
static void lose_late(void)
{
	block(1030);
	leak_scrub();
}

static void in_exit_handler(void)
{
	atexit(lose_late);
}

static int destructor_loses;
__attribute__((destructor)) static void destructor(void)
{
	if (!destructor_loses)
		return;
	block(1031);
	leak_scrub();
}

static void in_destructor(void)
{
	destructor_loses = 1;
}

static void before_underscore_exit(void)
{
	leak_run(cleared);
	_exit(0);
}

static void before_Exit(void)
{
	leak_run(cleared);
	_Exit(0);
}

static void before_quick_exit(void)
{
	leak_run(cleared);
	quick_exit(0);
}

static void child_loses(void)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		leak_run(cleared);
		exit(0);
	}
	waitpid(child, &status, 0);
}

static void child_loses_before_underscore_exit(void)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		leak_run(cleared);
		_exit(0);
	}
	waitpid(child, &status, 0);
}

/* What both have lost, each reports. */
static void both_lose(void)
{
	int status;
	pid_t child;

	leak_run(cleared);
	child = fork();
	if (child == 0)
		exit(0);
	waitpid(child, &status, 0);
}

static const struct leak_case cases[] = {
    {"overwritten", overwritten},
    {"cleared", cleared},
    {"local", local},
    {"never_kept", never_kept},
    {"hundred_thousand", hundred_thousand},
    {"mixed", mixed},
    {"huge", huge},
    {"empty", empty},
    {"list", list},
    {"cycle", cycle},
    {"self", self},
    {"hundred_pairs", hundred_pairs},
    {"tree", tree},
    {"shared_child", shared_child},
    {"into_cycle", into_cycle},
    {"cycle_to_cycle", cycle_to_cycle},
    {"out_of_cycle", out_of_cycle},
    {"towards_used", towards_used},
    {"interior_of_lost", interior_of_lost},
    {"deep_list", deep_list},
    {"holder_freed", holder_freed},
    {"holder_shrunk", holder_shrunk},
    {"holder_unmapped", holder_unmapped},
    {"holder_discarded", holder_discarded},
    {"stale_frame", stale_frame},
    {"on_coroutine", on_coroutine},
    {"coroutine_destroyed", coroutine_destroyed},
    {"by_closed_code", by_closed_code},
    {"static_of_closed", static_of_closed},
    {"in_exit_handler", in_exit_handler},
    {"in_destructor", in_destructor},
    {"before__exit", before_underscore_exit},
    {"before__Exit", before_Exit},
    {"before_quick_exit", before_quick_exit},
    {"child", child_loses},
    {"child__exit", child_loses_before_underscore_exit},
    {"both", both_lose},
};

/* main_local: a variable of main is gone once main has returned. */
int main(int argc, char **argv)
{
	void *volatile mine = NULL;

	if (argc > 1 && !strcmp(argv[1], "main_local")) {
		mine = block(1017);
		leak_scrub();
		return mine == NULL;
	}
	return leak_main(argc, argv, cases, LEAK_COUNT(cases));
}
