/* What a program can find out about itself and then must not differ.
 * identity environment   every variable, in order
 * identity change_id     setgid, setuid with a thread running (as root)
 * identity threads_id    the user ids of all threads after setuid (as root)
 * identity at_secure     AT_SECURE of the auxiliary vector
 * identity chdir DIR     works on in another directory
 * identity chroot DIR    works on in another root (as root), forks there
 * identity output N      N lines through stdio, status 17 */
#include "probe.h"
#include <dirent.h>
#include <grp.h>
#include <pthread.h>
#include <sys/auxv.h>
#include <sys/wait.h>

extern char **environ;

static void work(void)
{
	burn_ms(50);
	for (int i = 0; i < 1000; i++)
		free(opaque(malloc(33)));
}

static void *sleeper(void *arg)
{
	sleep_ms(300);
	return arg;
}

static int change_id(int list)
{
	pthread_t thread;
	int a, b, c;

	pthread_create(&thread, NULL, sleeper, NULL);
	work();
	a = setgroups(0, NULL);
	b = setgid(65534);
	c = setuid(65534);
	say("setgroups %d setgid %d setuid %d: now %d %d\n", a, b, c, getuid(), getgid());
	if (list) {
		DIR *dir = opendir("/proc/self/task");
		struct dirent *entry;
		int root = 0;

		while ((entry = readdir(dir))) {
			char path[300], line[256];
			FILE *f;

			snprintf(path, sizeof(path), "/proc/self/task/%s/status", entry->d_name);
			f = fopen(path, "r");
			while (f && fgets(line, sizeof(line), f))
				root += !strncmp(line, "Uid:\t0", 6);
			if (f)
				fclose(f);
		}
		closedir(dir);
		say("threads still root: %d\n", root);
	}
	work();
	pthread_join(thread, NULL);
	return 0;
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "environment";

	if (!strcmp(mode, "environment")) {
		for (char **e = environ; *e; e++)
			say("%s\n", *e);
		say("getenv: %s\n", getenv("LD_PRELOAD") ? getenv("LD_PRELOAD") : "none");
		return 0;
	}
	if (!strcmp(mode, "change_id"))
		return change_id(0);
	if (!strcmp(mode, "threads_id"))
		return change_id(1);
	if (!strcmp(mode, "at_secure")) {
		say("secure %lu\n", getauxval(AT_SECURE));
		work();
		return 0;
	}
	if (!strcmp(mode, "chdir")) {
		work();
		if (chdir(argv[2]))
			DIE("chdir");
		work();
		return 0;
	}
	if (!strcmp(mode, "chroot")) {
		int status = -1;

		work();
		if (chroot(argv[2]) || chdir("/"))
			DIE("chroot");
		work();
		pid_t pid = fork();
		if (pid == 0) {
			work();
			exit(21);
		}
		waitpid(pid, &status, 0);
		say("child ended with %d\n", WEXITSTATUS(status));
		return 0;
	}
	if (!strcmp(mode, "output")) {
		for (int i = 0; i < atoi(argv[2]); i++)
			printf("line %d of the output\n", i);
		fprintf(stderr, "and a word on stderr\n");
		return 17;
	}
	return 64;
}
