/* One thread more, and who may notice: each mode prints what a program can see.
 *
 * unseen_helper single         what libc thinks of a program without threads
 * unseen_helper fork_signal N  children signalled right after fork, whose handler allocates
 * unseen_helper setters how    rights of all tasks after each call of the setuid() family:
 *                              how = libc, raw or threads (libc, with a thread running)
 * unseen_helper caps           the same after capset() and prctl()
 * unseen_helper past_libc      the same, by a system call that no hook sees, a second later
 * unseen_helper unshare how N  a user namespace, libc or raw, N processes; then memory and fork
 * unseen_helper setns          into the namespaces of a child
 * unseen_helper end how        the only thread ends: pthread_exit, raw (syscall()), bare
 * unseen_helper umount DIR     mounted, worked in, left and unmounted
 * unseen_helper wait           there are no children
 * unseen_helper mutex          a private mutex and malloc between two threads, from the start
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pthread.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/single_threaded.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void rest(long ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000};

	while (nanosleep(&t, &t) != 0 && errno == EINTR)
		;
}

/* --- rights of all tasks --------------------------------------------------------- */
static void rights_of(const char *task, char *out, size_t size)
{
	static const char *const names[] = {
	    "Uid:", "Gid:", "Groups:", "CapPrm:", "CapEff:", "CapBnd:", "NoNewPrivs:"};
	char path[300], line[4096];
	FILE *f;

	*out = '\0';
	snprintf(path, sizeof(path), "/proc/self/task/%s/status", task);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f)) {
		for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
			if (strncmp(line, names[i], strlen(names[i])) == 0)
				strncat(out, line, size - strlen(out) - 1);
		}
	}
	if (f)
		fclose(f);
}

/* All tasks as the main one? */
static int differ(void)
{
	char first[8192], other[8192], main_task[32];
	DIR *dir = opendir("/proc/self/task");
	struct dirent *entry;
	int count = 0;

	snprintf(main_task, sizeof(main_task), "%d", (int)getpid());
	rights_of(main_task, first, sizeof(first));
	while (dir && (entry = readdir(dir))) {
		if (*entry->d_name == '.')
			continue;
		rights_of(entry->d_name, other, sizeof(other));
		count += *other && strcmp(first, other) != 0;
	}
	if (dir)
		closedir(dir);
	return count;
}

static int raw;

#define SET(name, ...)                                                                             \
	do {                                                                                       \
		long ret_ = raw ? syscall(SYS_##name, __VA_ARGS__) : name(__VA_ARGS__);            \
		printf("%s(%s): %ld, tasks with other rights: %d\n", #name, #__VA_ARGS__, ret_,    \
		       differ());                                                                  \
	} while (0)

static void *stay(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return NULL;
}

static int setters(const char *how)
{
	gid_t groups[] = {5, 7, 9};
	pthread_t thread;

	raw = strcmp(how, "raw") == 0;
	if (strcmp(how, "threads") == 0)
		pthread_create(&thread, NULL, stay, NULL);
	SET(setgroups, (size_t)3, groups);
	if (!raw)
		printf("initgroups %d: %d\n", initgroups("daemon", 4), differ());
	SET(setregid, 11, 12);
	SET(setresgid, 13, 14, 15);
	SET(setgid, 16);
	setfsgid(17);
	setfsuid(18);
	printf("setfsuid, setfsgid: %d\n", differ());
	setfsuid(0);
	if (!raw)
		printf("setegid, seteuid %d %d: %d\n", setegid(19), seteuid(20), differ());
	SET(setreuid, -1, 0);
	SET(setresuid, 0, 21, 0);
	SET(setresuid, -1, 0, -1);
	SET(setreuid, 22, 23);
	SET(setuid, 23);
	SET(setuid, 0); /* refused */
	return 0;
}

static int caps(void)
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2] = {{0, 0, 0}, {0, 0, 0}};

	printf("no_new_privs %d: %d\n", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), differ());
	printf("bounding set %d: %d\n", prctl(PR_CAPBSET_DROP, CAP_SYS_CHROOT, 0, 0, 0), differ());
	printf("raw prctl %ld: %d\n", syscall(SYS_prctl, PR_CAPBSET_DROP, CAP_NET_RAW, 0, 0, 0),
	       differ());
	printf("keep %d", prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0));
	printf(" setuid %d: %d\n", setuid(65534), differ());
	printf("capset %ld: %d\n", syscall(SYS_capset, &head, data), differ());
	return 0;
}

static long unseen_call(long number, long a, long b, long c)
{
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(number), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return ret;
}

static int past_libc(void)
{
	int left = 1;

	printf("setresuid %ld\n", unseen_call(SYS_setresuid, 65534, 65534, 65534));
	for (int i = 0; i < 100 && left; i++) {
		rest(50);
		left = differ();
	}
	printf("tasks with other rights: %d\n", left);
	return 0;
}

/* --- namespaces ------------------------------------------------------------------ */
static void go_on_living(const char *what, int ret, int err)
{
	void *p = malloc(1000);
	pid_t child;
	int status = 0;

	free(p);
	child = fork();
	if (child == 0)
		_exit(5);
	waitpid(child, &status, 0);
	printf("%s: %d %s, child %d, threads unknown to libc: %d\n", what, ret,
	       ret ? strerror(err) : "", WEXITSTATUS(status), !__libc_single_threaded);
	fflush(stdout);
}

static int try_unshare(const char *how, int times)
{
	for (int i = 0; i < times; i++) {
		pid_t child = fork();

		if (child == 0) {
			int ret = strcmp(how, "raw") == 0 ? (int)syscall(SYS_unshare, CLONE_NEWUSER)
							  : unshare(CLONE_NEWUSER);
			int err = errno;

			if (i == 0 || ret)
				go_on_living("unshare", ret, err);
			_exit(ret != 0);
		}
		waitpid(child, &(int){0}, 0);
	}
	return 0;
}

static int try_setns(void)
{
	int ready[2], ret, fd;
	char path[64], c;
	pid_t child;

	if (pipe(ready) != 0)
		return 1;
	child = fork();
	if (child == 0) {
		c = unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWUTS) == 0 ? 'y' : 'n';
		if (write(ready[1], &c, 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	if (read(ready[0], &c, 1) != 1)
		return 1;
	printf("child %c\n", c);
	snprintf(path, sizeof(path), "/proc/%d/ns/uts", (int)child);
	fd = open(path, O_RDONLY);
	ret = setns(fd, CLONE_NEWUTS);
	printf("uts %d %s\n", ret, ret ? strerror(errno) : "");
	snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)child);
	fd = open(path, O_RDONLY);
	ret = setns(fd, 0);
	go_on_living("setns", ret, errno);
	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)child);
	fd = open(path, O_RDONLY);
	ret = fd < 0 ? -1 : (int)syscall(SYS_setns, fd, CLONE_NEWNS);
	go_on_living("raw setns", ret, errno);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	return 0;
}

static int try_umount(const char *dir)
{
	if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("none", dir, "tmpfs", 0, NULL) != 0) {
		printf("no mounts here\n");
		return 0;
	}
	if (chdir(dir) != 0)
		return 1;
	rest(50);
	go_on_living("in it", 0, 0);
	if (chdir("/") != 0)
		return 1;
	printf("umount %d\n", umount(dir));
	return 0;
}

/* --- fork, wait, ends ------------------------------------------------------------ */
static void on_term(int sig)
{
	void *volatile p = malloc(100);

	(void)sig;
	free(p);
	_exit(7);
}

static int fork_signal(int times)
{
	int hung = 0, other = 0;

	signal(SIGTERM, on_term);
	for (int i = 0; i < times; i++) {
		pid_t child = fork();
		int status = 0, done = 0;

		if (child == 0)
			for (;;)
				pause();
		for (volatile int k = 0; k < i * 211 % 60000; k++)
			;
		kill(child, SIGTERM);
		for (int k = 0; k < 2000 && !done; k++) {
			done = waitpid(child, &status, WNOHANG) == child;
			if (!done)
				rest(k < 20 ? 1 : 10);
		}
		if (!done) {
			hung++;
			kill(child, SIGKILL);
			waitpid(child, NULL, 0);
		} else {
			other += !WIFEXITED(status) || WEXITSTATUS(status) != 7;
		}
	}
	printf("%d children hang, %d ended otherwise\n", hung, other);
	return 0;
}

static int try_wait(void)
{
	printf("wait %d", waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
	printf(", all kinds %d", waitpid(-1, NULL, WNOHANG | __WALL) == -1 && errno == ECHILD);
	printf(", clones %d\n", waitpid(-1, NULL, WNOHANG | __WCLONE) == -1 && errno == ECHILD);
	return 0;
}

static int end(const char *how)
{
	printf("ends by %s\n", how);
	fflush(stdout);
	if (strcmp(how, "raw") == 0)
		syscall(SYS_exit, 3);
	else if (strcmp(how, "bare") == 0)
		unseen_call(SYS_exit, 4, 0, 0);
	pthread_exit(NULL);
}

static int single(void)
{
	printf("__libc_single_threaded %d\n", __libc_single_threaded);
	return 0;
}

/* --- locks of libc that are plain stores before the first thread ------------------ */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static long sum;

static void *hammer(void *arg)
{
	(void)arg;
	for (int i = 0; i < 200000; i++) {
		void *volatile p = malloc((size_t)(i % 500) + 1);

		pthread_mutex_lock(&mutex);
		sum++;
		pthread_mutex_unlock(&mutex);
		free(p);
	}
	return NULL;
}

static int try_mutex(void)
{
	pthread_t thread;

	hammer(NULL);
	pthread_create(&thread, NULL, hammer, NULL);
	hammer(NULL);
	pthread_join(thread, NULL);
	printf("sum %ld\n", sum);
	return 0;
}

/* A large thread-local block of the program's own lies between libc's and the thread
 * pointer. */
static __thread char large[300000];
static __thread int initialised = 4711;

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "", *arg = argc > 2 ? argv[2] : "";

	large[5] = 1;
	if (initialised != 4711)
		return 9;
	if (strcmp(mode, "single") == 0)
		return single();
	if (strcmp(mode, "fork_signal") == 0)
		return fork_signal(atoi(arg));
	if (strcmp(mode, "setters") == 0)
		return setters(arg);
	if (strcmp(mode, "caps") == 0)
		return caps();
	if (strcmp(mode, "past_libc") == 0)
		return past_libc();
	if (strcmp(mode, "unshare") == 0)
		return try_unshare(arg, argc > 3 ? atoi(argv[3]) : 1);
	if (strcmp(mode, "setns") == 0)
		return try_setns();
	if (strcmp(mode, "end") == 0)
		return end(arg);
	if (strcmp(mode, "umount") == 0)
		return try_umount(arg);
	if (strcmp(mode, "wait") == 0)
		return try_wait();
	if (strcmp(mode, "mutex") == 0)
		return try_mutex();
	return 2;
}
