/* A parent and its children, each with books of its own.
 * fork_children MODE: fork fork_threads double vfork exec spawn raw _Fork many
 * The parent allocates 100 blocks before and 100 after, of 50 bytes, all freed;
 * a forked child allocates 30 of 70 bytes and frees 20 of them. The parent's
 * line says "parent PID", the child's "child PID". */
#include "probe.h"
#include <pthread.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>

extern char **environ;

static void parent_work(void)
{
	void *block[100];

	for (int i = 0; i < 100; i++)
		block[i] = opaque(malloc(50));
	for (int i = 0; i < 100; i++)
		free(block[i]);
}

static void child_work(void)
{
	void *block[30];

	for (int i = 0; i < 30; i++)
		block[i] = opaque(malloc(70));
	for (int i = 0; i < 20; i++)
		free(block[i]);
}

static void *churn(void *arg)
{
	volatile int *stop = arg;

	while (!*stop)
		free(opaque(malloc(64)));
	return NULL;
}

static void reap(pid_t pid)
{
	int status = -1;

	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		DIE("waitpid");
	fprintf(stderr, "child ended with %d\n", status);
}

static void child(void)
{
	child_work();
	say("child %d\n", getpid());
}

static void forks(int leave_by_exit)
{
	pid_t pid = fork();

	if (pid == 0) {
		child();
		if (leave_by_exit)
			exit(3);
		_exit(3);
	}
	reap(pid);
}

static void forks_among_threads(void)
{
	volatile int stop = 0;
	pthread_t thread[3];

	for (int i = 0; i < 3; i++)
		pthread_create(&thread[i], NULL, churn, (void *)&stop);
	for (int i = 0; i < 50; i++)
		forks(i % 2);
	stop = 1;
	for (int i = 0; i < 3; i++)
		pthread_join(thread[i], NULL);
}

static void vfork_and_exec(const char *path, const char *argument, int status)
{
	pid_t pid = vfork();

	if (pid == 0) {
		execl(path, path, argument, NULL);
		_exit(status);
	}
	reap(pid);
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "fork";
	pid_t pid;

	parent_work();
	if (!strcmp(mode, "fork")) {
		forks(1);
	} else if (!strcmp(mode, "many")) {
		for (int i = 0; i < 20; i++)
			forks(i % 2);
	} else if (!strcmp(mode, "fork_threads")) {
		forks_among_threads();
	} else if (!strcmp(mode, "double")) {
		pid = fork();
		if (pid == 0) {
			forks(1);
			_exit(4);
		}
		reap(pid);
	} else if (!strcmp(mode, "vfork")) {
		static int round;

		while (round++ < 3) {
			pid = vfork();
			if (pid == 0)
				_exit(5);
			reap(pid);
		}
	} else if (!strcmp(mode, "vfork_exec")) {
		vfork_and_exec("/bin/echo", "executed", 99);
	} else if (!strcmp(mode, "vfork_exec_fails")) {
		vfork_and_exec("/nonexistent/program", NULL, 6);
	} else if (!strcmp(mode, "exec")) {
		pid = fork();
		if (pid == 0) {
			execl("/bin/echo", "echo", "executed", NULL);
			_exit(99);
		}
		reap(pid);
	} else if (!strcmp(mode, "spawn")) {
		char *args[] = {"echo", "spawned", NULL};

		if (posix_spawn(&pid, "/bin/echo", NULL, NULL, args, environ))
			DIE("posix_spawn");
		reap(pid);
	} else if (!strcmp(mode, "raw") || !strcmp(mode, "_Fork")) {
		/* no atfork handler runs: the child must stay out of our file */
		pid = mode[0] == 'r' ? (pid_t)syscall(SYS_fork) : _Fork();
		if (pid == 0) {
			for (int i = 0; i < 500; i++)
				child_work();
			_exit(8);
		}
		reap(pid);
	}
	parent_work();
	say("parent %d\n", getpid());
	return 0;
}
