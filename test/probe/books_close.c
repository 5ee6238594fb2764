/* Programs whose threads measure for themselves what they do with their time: around each
 * thing that waits, the time that passed less the CPU time, by the class that it is.
 * books_close PROGRAM
 * prints a line a thread:
 *	NAME wall_ns run_ns idle paced blocked lock preempted fault unhooked other stolen, and
 *	of idle to unhooked, what is unsure
 * `other` is time off the CPU around none of these, where only another thread can have had it;
 * `stolen`, of a CPU that it had, by a hypervisor.  What is unsure may have been preempted. */
#include "books_close_io.h"

#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "vprof.h"

/* ---- programs ---------------------------------------------------------------- */

static void sleeps(void)
{
	for (int i = 0; i < 12; i++) {
		nap(30);
		spin(5);
		DO(PACED, usleep(20000));
		DO(PACED,
		   clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){0, 10000000}, NULL));
	}
}

static int pipes[2][2];

static void *pong(void *arg)
{
	char byte;

	(void)arg;
	begin("pong");
	for (int i = 0; i < 300; i++) {
		DO(IDLE, (void)!read(pipes[0][0], &byte, 1));
		spin(0.3);
		DO(PREEMPTED, (void)!write(pipes[1][1], "x", 1)); /* by whom it wakes */
	}
	end();
	return NULL;
}

static void ping_pong(void)
{
	pthread_t other;
	char byte;

	if (pipe(pipes[0]) || pipe(pipes[1]))
		_exit(97);
	other = start(pong, NULL);
	for (int i = 0; i < 300; i++) {
		DO(PREEMPTED, (void)!write(pipes[0][1], "x", 1));
		DO(IDLE, (void)!read(pipes[1][0], &byte, 1));
		spin(1);
	}
	join(other);
}

static void *writes_late(void *arg)
{
	begin("writer");
	for (int i = 0; i < 8; i++) {
		nap(50);
		DO(BLOCKED, (void)!write(*(int *)arg, "x", 1));
	}
	end();
	return NULL;
}

/* Fewer than make a loop: they are calls that block. */
static void reads(void)
{
	pthread_t other;
	char byte;

	if (pipe(pipes[0]))
		_exit(97);
	other = start(writes_late, &pipes[0][1]);
	for (int i = 0; i < 8; i++)
		DO(BLOCKED, (void)!read(pipes[0][0], &byte, 1));
	join(other);
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static sem_t semaphore;
static int jobs, closed;

static void *holds(void *arg)
{
	(void)arg;
	begin("holder");
	for (int i = 0; i < 20; i++) {
		DO(LOCK, pthread_mutex_lock(&mutex));
		nap(15);
		pthread_mutex_unlock(&mutex);
		nap(5);
	}
	end();
	return NULL;
}

static void locks(void)
{
	pthread_t other = start(holds, NULL);

	nap(5);
	for (int i = 0; i < 15; i++) {
		DO(LOCK, pthread_mutex_lock(&mutex));
		pthread_mutex_unlock(&mutex);
		nap(6);
	}
	join(other);
}

static void *reads_locked(void *arg)
{
	(void)arg;
	begin("reader");
	for (int i = 0; i < 10; i++) {
		DO(LOCK, pthread_rwlock_rdlock(&rwlock));
		nap(20);
		pthread_rwlock_unlock(&rwlock);
		nap(5);
	}
	end();
	return NULL;
}

static void rwlocks(void)
{
	pthread_t other = start(reads_locked, NULL);

	nap(5);
	for (int i = 0; i < 10; i++) {
		DO(LOCK, pthread_rwlock_wrlock(&rwlock));
		pthread_rwlock_unlock(&rwlock);
		nap(8);
	}
	join(other);
}

static void *works(void *arg)
{
	(void)arg;
	begin("worker");
	for (int over = 0; !over;) {
		DO(LOCK, pthread_mutex_lock(&mutex));
		while (!jobs && !closed)
			DO(IDLE, pthread_cond_wait(&cond, &mutex));
		over = !jobs;
		jobs -= !over;
		pthread_mutex_unlock(&mutex);
		if (!over)
			spin(2);
	}
	end();
	return NULL;
}

static void pool(void)
{
	pthread_t other = start(works, NULL);

	for (int i = 0; i < 60; i++) {
		nap(8);
		pthread_mutex_lock(&mutex);
		jobs++;
		pthread_cond_signal(&cond);
		pthread_mutex_unlock(&mutex);
	}
	pthread_mutex_lock(&mutex);
	closed = 1;
	pthread_cond_signal(&cond);
	pthread_mutex_unlock(&mutex);
	join(other);
}

static void *takes(void *arg)
{
	(void)arg;
	begin("taker");
	for (int i = 0; i < 50; i++) {
		DO(IDLE, sem_wait(&semaphore));
		spin(1);
	}
	end();
	return NULL;
}

static void semaphores(void)
{
	pthread_t other = start(takes, NULL);

	for (int i = 0; i < 50; i++) {
		nap(8);
		sem_post(&semaphore);
	}
	join(other);
}

static void pin(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	sched_setaffinity(0, sizeof(one), &one);
}

static void *rival(void *arg)
{
	begin("rival");
	pin();
	setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), *(int *)arg);
	spin(400);
	end();
	return NULL;
}

static void rivals(void)
{
	int nice = 0;
	pthread_t other;

	pin();
	other = start(rival, &nice);
	spin(400);
	join(other);
}

static void nice19(void)
{
	int nice = 19;
	pthread_t other;

	pin();
	other = start(rival, &nice);
	spin(600);
	join(other);
}

static void raw_sleep(long ms)
{
	struct timespec t = {0, ms * 1000000};

	kernel(SYS_nanosleep, (long)&t, 0, 0, 0, 0);
}

static void *sleeps_raw(void *arg)
{
	(void)arg;
	begin("raw");
	nap(20);
	for (int i = 0; i < 20; i++) {
		DO(UNHOOKED, raw_sleep(25));
		spin(3);
	}
	end();
	return NULL;
}

static void raw(void)
{
	join(start(sleeps_raw, NULL));
}

static void *naps(void *arg)
{
	char name[16];

	snprintf(name, sizeof(name), "nap%ld", (long)(intptr_t)arg);
	begin(name);
	for (int i = 0; i < 10; i++) {
		nap(20 + (long)(intptr_t)arg);
		spin(0.3);
	}
	end();
	return NULL;
}

static void many(void)
{
	pthread_t other[50];

	for (intptr_t i = 0; i < 50; i++)
		other[i] = start(naps, (void *)i);
	for (int i = 0; i < 50; i++)
		join(other[i]);
}

static void forked(void)
{
	pid_t child;

	nap(30);
	child = fork();
	if (!child) {
		begin("child");
		nap(200);
		spin(20);
		join(start(naps, NULL));
		end();
		exit(0);
	}
	DO(BLOCKED, waitpid(child, NULL, 0));
}

static void *briefly(void *arg)
{
	char name[16];

	snprintf(name, sizeof(name), "brief%ld", (long)(intptr_t)arg);
	begin(name);
	nap(40);
	spin(10);
	end();
	return NULL;
}

static void brief(void)
{
	for (intptr_t i = 0; i < 10; i++)
		join(start(briefly, (void *)i));
}

static void signals(void)
{
	struct itimerval once = {{0, 0}, {0, 30000}};
	sigset_t set;
	int number;

	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (int i = 0; i < 10; i++) {
		setitimer(ITIMER_REAL, &once, NULL);
		DO(IDLE, sigwait(&set, &number));
	}
}

/* A pause in the middle: nothing of it is in the books. */
static void *pauses(void *arg)
{
	uint64_t cpu, on, wall;

	(void)arg;
	begin("pauser");
	nap(200);
	on = on_cpu_ns();
	cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	wall = clock_ns(CLOCK_MONOTONIC);
	vprof_stop();
	sleep_ms(300);
	while (clock_ns(CLOCK_THREAD_CPUTIME_ID) < cpu + 50000000u)
		;
	vprof_start();
	mine.cpu_ns += clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
	mine.on_ns += on_cpu_ns() - on;
	mine.wall_ns += clock_ns(CLOCK_MONOTONIC) - wall;
	nap(200);
	spin(30);
	end();
	return NULL;
}

static void paused(void)
{
	pthread_join(start(pauses, NULL), NULL);
	mine.wall_ns = 0; /* what of this was in the pause, only the other thread knows */
}

/* Too many switches for a record of each. */
static void *fast_pong(void *arg)
{
	char byte;

	(void)arg;
	begin("pong");
	while (read(pipes[0][0], &byte, 1) == 1 && byte == 'x' && write(pipes[1][1], "x", 1) == 1)
		;
	end();
	return NULL;
}

static void often(void)
{
	uint64_t until = clock_ns(CLOCK_MONOTONIC) + 1500000000u;
	pthread_t other;
	char byte;

	if (pipe(pipes[0]) || pipe(pipes[1]))
		_exit(97);
	other = start(fast_pong, NULL);
	while (clock_ns(CLOCK_MONOTONIC) < until)
		if (write(pipes[0][1], "x", 1) != 1 || read(pipes[1][0], &byte, 1) != 1)
			_exit(97);
	(void)!write(pipes[0][1], "q", 1);
	join(other);
}

static const struct {
	const char *name;
	void (*run)(void);
} program[] = {{"sleeps", sleeps},
	       {"ping_pong", ping_pong},
	       {"reads", reads},
	       {"locks", locks},
	       {"rwlocks", rwlocks},
	       {"pool", pool},
	       {"semaphores", semaphores},
	       {"rivals", rivals},
	       {"nice19", nice19},
	       {"faults", faults},
	       {"raw", raw},
	       {"uring", uring},
	       {"epolls", epolls},
	       {"polls", polls},
	       {"many", many},
	       {"forked", forked},
	       {"brief", brief},
	       {"files", files},
	       {"sockets", sockets},
	       {"signals", signals},
	       {"paused", paused},
	       {"often", often}};

int main(int argc, char **argv)
{
	sem_init(&semaphore, 0, 0);
	for (size_t i = 0; argc == 2 && i < sizeof(program) / sizeof(program[0]); i++) {
		if (strcmp(argv[1], program[i].name) != 0)
			continue;
		begin("main");
		program[i].run();
		if (mine.wall_ns)
			end();
		return 0;
	}
	return 2;
}
