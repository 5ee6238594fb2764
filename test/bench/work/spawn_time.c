/* Wall time of a short program, from before it is started until it has ended.
 *
 *   spawn_time COUNT [NAME=VALUE...] PROGRAM [ARGUMENT...]
 *
 * Only the program gets the variables.  Prints microseconds: p50, p99 and p99.9. */
#include "bench.h"

#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

extern char **environ;

static double once(char **argv, char **env)
{
	posix_spawn_file_actions_t actions;
	double from = bench_now();
	int status = 0;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	if (posix_spawnp(&pid, argv[0], &actions, NULL, argv, env) ||
	    waitpid(pid, &status, 0) != pid || status)
		exit(1);
	posix_spawn_file_actions_destroy(&actions);
	return (bench_now() - from) / 1e3;
}

int main(int argc, char **argv)
{
	long count = bench_arg(argc, argv, 1, 0);
	double *us = count > 0 ? calloc((size_t)count, sizeof(*us)) : NULL;
	size_t have = 0;
	char **env;
	int at = 2;

	while (environ[have])
		have++;
	env = calloc(have + (size_t)argc + 1, sizeof(*env));
	if (!us || !env)
		return 1;
	memcpy(env, environ, have * sizeof(*env));
	while (at < argc && strchr(argv[at], '='))
		env[have++] = argv[at++];
	if (at >= argc)
		return 1;
	once(argv + at, env);
	for (long i = 0; i < count; i++)
		us[i] = once(argv + at, env);
	bench_print_tail(us, (size_t)count);
	return 0;
}
