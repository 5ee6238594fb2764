/* lock_all MIB: locks its memory as an ordinary user with a limit of so many MiB (as far as
 * the system lets it have that), in every way, works on and starts threads and a child.
 * Prints what the calls said. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void said(const char *what, long ret)
{
	printf("%s: %ld %s\n", what, ret, ret ? strerror(errno) : "");
}

static void *work(void *arg)
{
	for (int i = 0; i < 200; i++) {
		void *p = malloc((size_t)i * 100 + 1);

		if (p)
			memset(p, 1, (size_t)i * 100 + 1);
		free(p);
	}
	return arg;
}

static void start_threads(void)
{
	pthread_t thread[4];
	pthread_attr_t attr;
	int made = 0;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 256 << 10);
	for (int i = 0; i < 4; i++)
		made += pthread_create(&thread[made], &attr, work, NULL) == 0;
	for (int i = 0; i < made; i++)
		pthread_join(thread[i], NULL);
	printf("threads %d\n", made);
}

static void have_child(void)
{
	pid_t pid;
	int status = 0;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		said("in the child", mlockall(MCL_CURRENT));
		fflush(stdout);
		_exit(3);
	}
	waitpid(pid, &status, 0);
	printf("child %d\n", WEXITSTATUS(status));
}

int main(int argc, char **argv)
{
	struct rlimit limit;
	rlim_t wanted = argc > 1 ? (rlim_t)atol(argv[1]) << 20 : 8 << 20;
	void *p;

	getrlimit(RLIMIT_MEMLOCK, &limit);
	limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
	setrlimit(RLIMIT_MEMLOCK, &limit);
	if (geteuid() == 0 && setuid(65534) != 0)
		return 9;
	errno = 0;
	said("current", mlockall(MCL_CURRENT));
	said("on fault", mlockall(MCL_CURRENT | MCL_ONFAULT));
	said("unlock", munlockall());
	said("raw", syscall(SYS_mlockall, MCL_CURRENT | MCL_FUTURE));
	said("nonsense", mlockall(64));
	said("none", mlockall(0));
	said("future", mlockall(MCL_CURRENT | MCL_FUTURE));
	p = malloc(2 << 20);
	printf("malloc %d\n", p != NULL);
	start_threads();
	have_child();
	free(p);
	said("unlock", munlockall());
	start_threads();
	return 0;
}
