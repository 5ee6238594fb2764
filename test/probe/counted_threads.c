/* Calls from many threads at once, from handlers of signals and in a forked child.  Every thread
 * makes a number of calls of its own. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 6

long leaf(long n);
long middle(long n);
void *run(void *arg);
void handle(int sig);
void in_child(void);
void let_go(void *arg);
void *waits(void *arg);

static int handled;

long leaf(long n)
{
	return n * 3 % 7;
}

long middle(long n)
{
	long sum = 0;

	for (long i = 0; i < n; i++)
		sum += leaf(i);
	return sum;
}

void handle(int sig)
{
	(void)sig;
	__atomic_fetch_add(&handled, leaf(1) >= 0, __ATOMIC_RELAXED);
}

void *run(void *arg)
{
	long number = (long)arg, sum = 0;

	for (long i = 0; i < 2000 * number; i++) {
		sum += middle(i % 10);
		if (i % 50 == 0)
			raise(SIGUSR1);
	}
	return (void *)sum;
}

void in_child(void)
{
	_exit((int)(middle(100) & 1));
}

void let_go(void *arg)
{
	*(int *)arg = 1;
}

/* Cancelled in its wait. */
void *waits(void *arg)
{
	pthread_cleanup_push(let_go, arg);
	for (;;)
		pause();
	pthread_cleanup_pop(0);
	return NULL;
}

int main(void)
{
	pthread_t thread[THREADS], waiter;
	int gone = 0, status;
	void *result;
	long sum = 0;

	signal(SIGUSR1, handle);
	pthread_create(&waiter, NULL, waits, &gone);
	for (long i = 0; i < THREADS; i++)
		pthread_create(&thread[i], NULL, run, (void *)(i + 1));
	for (int i = 0; i < THREADS; i++) {
		pthread_join(thread[i], &result);
		sum += (long)result;
	}
	pthread_cancel(waiter);
	pthread_join(waiter, NULL);
	if (fork() == 0)
		in_child();
	wait(&status);
	printf("%ld %d %d %d\n", sum, gone, WEXITSTATUS(status), handled);
	return 0;
}
