/* What the leak probes with threads share. */
#ifndef LEAK_THREAD_H
#define LEAK_THREAD_H

#include "leak.h"
#include <dirent.h>
#include <pthread.h>

static pthread_t thread;
static volatile int ready;

static void start(void *(*body)(void *), void *arg)
{
	if (pthread_create(&thread, NULL, body, arg))
		DIE("pthread_create");
}

/* A thread that says it is there and stays. */
static NOINLINE void park(void)
{
	leak_scrub();
	ready = 1;
	for (;;)
		pause();
}

static void stay(void *(*body)(void *))
{
	start(body, NULL);
	leak_await(&ready, 1);
}

static int threads_now(void)
{
	DIR *dir = opendir("/proc/self/task");
	int count = -2;

	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

/* Until only `left` threads of the process are there. */
static void await_threads(int left)
{
	while (threads_now() != left)
		sched_yield();
}

/* A thread's result is a block. */
static void *give(void *arg)
{
	(void)arg;
	return block(2030);
}

#endif
