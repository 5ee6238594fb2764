/* Sets errno, calls a function that succeeds, prints errno: a hook must not
 * leave its own value behind. Compared with the run without the library. */
#include "probe.h"
#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#define TRY(call)                                                                                  \
	do {                                                                                       \
		errno = 77;                                                                        \
		call;                                                                              \
		say("%s: errno %d\n", #call, errno);                                               \
	} while (0)

static void *idle(void *arg)
{
	return arg;
}

int main(void)
{
	volatile size_t huge = (size_t)1 << 62;
	void *p = NULL, *q = NULL, *r = NULL, *s = NULL;
	struct sigaction action;
	pthread_t thread;
	sigset_t set;
	pid_t pid;
	int status;

	sigemptyset(&set);
	TRY(p = opaque(malloc(100)));
	TRY(p = opaque(realloc(p, 300000)));
	TRY(p = opaque(realloc(p, 10)));
	TRY(free(p));
	TRY(free(NULL));
	TRY(p = opaque(calloc(10, 1000)));
	TRY(p = opaque(reallocarray(p, 20, 1000)));
	TRY(free(p));
	TRY(status = posix_memalign(&q, 64, 10));
	TRY(status = posix_memalign(&r, 3, 10));
	TRY(s = opaque(aligned_alloc(64, 64)));
	TRY((void)malloc_usable_size(s));
	free(q);
	free(s);
	TRY(p = opaque(memalign(64, 1)));
	TRY(free(p));
	TRY(p = opaque(valloc(1)));
	TRY(free(p));
	TRY(p = opaque(malloc(huge)));
	TRY(p = opaque(calloc(huge, 8)));
	TRY(p = opaque(realloc(NULL, huge)));
	TRY(status = pthread_create(&thread, NULL, idle, NULL));
	TRY(status = pthread_join(thread, NULL));
	TRY(p = dlopen("libm.so.6", RTLD_NOW));
	TRY(q = dlsym(p, "cos"));
	TRY(status = dlclose(p));
	TRY(status = sigaction(SIGUSR1, NULL, &action));
	TRY(status = pthread_sigmask(SIG_BLOCK, &set, NULL));
	TRY(pid = fork());
	if (pid == 0)
		_exit(errno == 77 ? 0 : 1);
	waitpid(pid, &status, 0);
	say("fork in the child: %d\n", status);
	TRY(pid = vfork());
	if (pid == 0)
		_exit(0);
	waitpid(pid, &status, 0);
	return 0;
}
