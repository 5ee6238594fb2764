/* Allocates 1000 blocks of 40 bytes, frees 990 and ends in the way asked. */
#include "probe.h"
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>

static pthread_t other;

static void allocate(void)
{
	void *block[1000];

	for (int i = 0; i < 1000; i++)
		block[i] = opaque(malloc(40));
	for (int i = 0; i < 990; i++)
		free(block[i]);
}

static void *finish_later(void *arg)
{
	sleep_ms(200);
	say("the other thread ends\n");
	return arg;
}

static void *exit_here(void *arg)
{
	(void)arg;
	exit(7);
}

static void *churn(void *arg)
{
	for (;;)
		free(opaque(malloc(64)));
	return arg;
}

static void quick_handler(void)
{
	say("at_quick_exit ran\n");
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "return";

	allocate();
	if (!strcmp(how, "return"))
		return 3;
	if (!strcmp(how, "exit"))
		exit(4);
	if (!strcmp(how, "_exit"))
		_exit(5);
	if (!strcmp(how, "_Exit"))
		_Exit(6);
	if (!strcmp(how, "quick_exit")) {
		at_quick_exit(quick_handler);
		quick_exit(8);
	}
	if (!strcmp(how, "syscall"))
		syscall(SYS_exit_group, 9);
	if (!strcmp(how, "exit_in_thread")) {
		pthread_create(&other, NULL, exit_here, NULL);
		pthread_join(other, NULL);
	}
	if (!strcmp(how, "pthread_exit")) {
		pthread_create(&other, NULL, finish_later, NULL);
		pthread_exit(NULL); /* the process ends, with 0, when `other` does */
	}
	if (!strcmp(how, "pthread_exit_alone"))
		pthread_exit(NULL);
	if (!strcmp(how, "exit_busy")) { /* others allocate while it ends */
		for (int i = 0; i < 4; i++)
			pthread_create(&other, NULL, churn, NULL);
		sleep_ms(50);
		exit(10);
	}
	if (!strcmp(how, "abort"))
		abort();
	if (!strcmp(how, "kill"))
		kill(getpid(), SIGKILL);
	if (!strcmp(how, "term"))
		raise(SIGTERM);
	if (!strcmp(how, "segv"))
		*(volatile int *)8 = 1;
	if (!strcmp(how, "exec_fails")) {
		execl("/nonexistent/program", "program", NULL);
		free(opaque(malloc(40))); /* still counted */
		exit(11);
	}
	return 90;
}
