/* Wall and CPU time of a command with all it leaves behind.
 *
 *   measure FILE [NAME=VALUE...] PROGRAM [ARGUMENT...]
 *
 * Only the program gets the variables.  FILE gets one line, seconds of wall time and of
 * CPU time: of every thread, of every child that was waited for, and of every process
 * that lost its parent on the way, for those come to us (and are waited for, but are not part
 * of the wall time).  Ends as the program ended; FILE is written only when that is well. */
#include "bench.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static double seconds(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static int become(char **argv)
{
	while (argv[0] && strchr(argv[0], '='))
		putenv(*argv++);
	if (argv[0])
		execvp(argv[0], argv);
	return 127;
}

/* Waits for all there is; returns how `pid` ended, and when. */
static int wait_all(pid_t pid, double *end)
{
	int status = 0, of_pid = -1;
	pid_t one;

	while ((one = wait(&status)) > 0 || errno == EINTR) {
		if (one == pid) {
			of_pid = status;
			*end = bench_now();
		}
	}
	return of_pid;
}

int main(int argc, char **argv)
{
	double from = bench_now(), end = from;
	struct rusage usage;
	int status;
	FILE *file;
	pid_t pid;

	if (argc < 3 || prctl(PR_SET_CHILD_SUBREAPER, 1))
		return 126;
	pid = fork();
	if (pid == 0)
		_exit(become(argv + 2));
	status = wait_all(pid, &end);
	if (!WIFEXITED(status))
		return 125;
	if (WEXITSTATUS(status))
		return WEXITSTATUS(status);
	getrusage(RUSAGE_CHILDREN, &usage);
	file = fopen(argv[1], "w");
	if (!file)
		return 126;
	fprintf(file, "%.6f %.6f\n", (end - from) / 1e9,
		seconds(usage.ru_utime) + seconds(usage.ru_stime));
	return fclose(file) ? 126 : 0;
}
