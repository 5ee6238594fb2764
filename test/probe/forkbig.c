/* argv[1] MiB touched in 4 KiB pages, then 3 forks: each fork copies the page tables and takes
 * longer than a timer period. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}
int main(int argc, char **argv)
{
	size_t n = (size_t)atol(argc > 1 ? argv[1] : "64") << 20;
	char *p = mmap(0, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	madvise(p, n, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < n; i += 4096)
		p[i] = 1;
	for (int i = 0; i < 3; i++) {
		double a = now();
		pid_t c = fork();
		if (!c)
			_exit(7);
		double b = now();
		int st;
		waitpid(c, &st, 0);
		printf("child %d\n", WEXITSTATUS(st));
		fprintf(stderr, "fork %.0f ms ", (b - a) * 1e3);
	}
	return 0;
}
