/* A program that says "ready" and waits to be ended by a signal.  What it has lost, and
 * what only the place where the signal meets it holds. */
#include "leak.h"
#include "probe.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *volatile last;
static char *volatile kept[100];

static void ready(int seconds)
{
	sleep((unsigned)seconds);
	puts("ready");
	fflush(stdout);
}

static void __attribute__((noinline)) lose(void)
{
	for (int i = 0; i < 100; i++)
		last = malloc(1000);
	last = NULL;
}

static void __attribute__((noinline)) wait_with_stack(void)
{
	char *volatile block = malloc(3000);

	ready(0);
	for (;;)
		pause();
	free(block);
}

/* A block that a register holds and nothing else, in a loop without calls. */
static void __attribute__((noinline)) spin(char *block)
{
	__asm__ volatile("1: pause\n\tjmp 1b" ::"b"(block) : "memory");
}

static void *run_thread(void *arg)
{
	(void)arg;
	wait_with_stack();
	return NULL;
}

static void on_term(int sig)
{
	(void)sig;
	exit(9);
}

static void use_altstack(void)
{
	static char stack[65536];
	stack_t alt = {.ss_sp = stack, .ss_size = sizeof(stack)};

	sigaltstack(&alt, NULL);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	pthread_t thread;

	for (int i = 0; i < 100; i++)
		kept[i] = malloc(100);
	if (strcmp(what, "lost") == 0 || strcmp(what, "slowlost") == 0)
		leak_run(lose);
	for (int i = 0; i < 3000000 && strcmp(what, "many") == 0; i++) {
		char **block = malloc(48);

		block[0] = kept[0];
		kept[0] = (char *)block;
	}
	if (strcmp(what, "handler") == 0)
		signal(SIGTERM, on_term);
	if (strcmp(what, "altstack") == 0)
		use_altstack();
	if (strcmp(what, "stack") == 0 || strcmp(what, "altstack") == 0)
		wait_with_stack();
	if (strcmp(what, "register") == 0) {
		ready(0);
		spin(malloc(2000));
	}
	if (strcmp(what, "thread") == 0) {
		pthread_create(&thread, NULL, run_thread, NULL);
		for (;;)
			pause();
	}
	ready(strncmp(what, "slow", 4) == 0 ? 3 : 0);
	for (;;)
		pause();
}
