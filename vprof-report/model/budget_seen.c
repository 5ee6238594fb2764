/* Names that a budget may be about though nothing of them was counted: what the program's objects
 * define, and what the library sees of libc. */
#include <stdlib.h>
#include <string.h>

#include "cli/short.h"
#include "model/budget_rows.h"
#include "model/nearest.h"
#include "symbols/sym.h"

/* As base/calls.def and base/real.def of the library have them (test/lint/budgets.sh). */
static const char *const calls[] = {
    "__io_uring_get_cqe",
    "__sigpause",
    "__xpg_sigpause",
    "accept",
    "accept4",
    "aio_suspend",
    "clock_nanosleep",
    "close",
    "connect",
    "copy_file_range",
    "creat",
    "dprintf",
    "epoll_pwait",
    "epoll_pwait2",
    "epoll_wait",
    "fallocate",
    "fclose",
    "fcntl",
    "fdatasync",
    "fflush",
    "fgetc",
    "fgets",
    "flock",
    "fopen",
    "fprintf",
    "fputc",
    "fputs",
    "fread",
    "freopen",
    "fsync",
    "ftruncate",
    "futex",
    "fwrite",
    "gai_suspend",
    "getaddrinfo",
    "getdelim",
    "getentropy",
    "gethostbyaddr",
    "gethostbyaddr_r",
    "gethostbyname",
    "gethostbyname2",
    "gethostbyname2_r",
    "gethostbyname_r",
    "getnameinfo",
    "getrandom",
    "io_getevents",
    "io_uring_enter",
    "io_uring_submit_and_wait",
    "io_uring_submit_and_wait_timeout",
    "io_uring_wait_cqe_timeout",
    "io_uring_wait_cqes",
    "ioctl",
    "lockf",
    "mq_receive",
    "mq_send",
    "mq_timedreceive",
    "mq_timedsend",
    "msgrcv",
    "msgsnd",
    "msync",
    "nanosleep",
    "open",
    "openat",
    "openat2",
    "pause",
    "pclose",
    "poll",
    "posix_fallocate",
    "ppoll",
    "pread",
    "preadv",
    "preadv2",
    "printf",
    "pselect",
    "pthread_barrier_wait",
    "pthread_spin_lock",
    "puts",
    "pwrite",
    "pwritev",
    "pwritev2",
    "read",
    "readv",
    "recv",
    "recvfrom",
    "recvmmsg",
    "recvmsg",
    "remove",
    "rename",
    "renameat",
    "renameat2",
    "res_nquery",
    "res_nsearch",
    "res_query",
    "res_search",
    "select",
    "sem_clockwait",
    "sem_timedwait",
    "sem_wait",
    "semop",
    "semtimedop",
    "send",
    "sendfile",
    "sendmmsg",
    "sendmsg",
    "sendto",
    "sigpause",
    "sigsuspend",
    "sigtimedwait",
    "sigwait",
    "sigwaitinfo",
    "sleep",
    "splice",
    "sync",
    "sync_file_range",
    "syncfs",
    "syslog",
    "system",
    "tcdrain",
    "tee",
    "thrd_sleep",
    "truncate",
    "unlink",
    "unlinkat",
    "usleep",
    "vdprintf",
    "vfprintf",
    "vmsplice",
    "vprintf",
    "vsyslog",
    "wait",
    "wait3",
    "wait4",
    "waitid",
    "waitpid",
    "write",
    "writev",
};

int vr_seen_call(const char *name, struct vr_nearest *near)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (strcmp(calls[i], name) == 0)
			return 1;
		vr_nearest_try(near, calls[i]);
	}
	return strpbrk(name, "*?[") != NULL; /* of a glob nobody can tell */
}

/* "Book::add" and "add" of "void exchange::Book<int>::add(int)". */
void vr_near_function(struct vr_nearest *near, const char *name)
{
	struct vr_short *read = vr_short_new(name);
	char *plain = vr_short_without(read, VR_PIECE_ARGUMENTS);

	vr_nearest_try(near, plain);
	for (const char *at = plain; (at = strstr(at, "::"));) {
		at += 2;
		vr_nearest_try(near, at);
	}
	free(plain);
	vr_short_free(read);
}

/* What is looked for among the names of an object. */
struct search {
	const char *pattern;
	const char *part; /* each name that is meant has it in it; NULL: nobody knows */
	struct vr_nearest *near;
	int functions, found, hidden;
};

static void look_at(void *arg, const char *name)
{
	struct search *search = arg;

	if (search->found)
		return;
	if (!search->part || strstr(name, search->part))
		search->found = vr_name_is_meant(search->pattern, name);
	if (search->found || !search->near)
		return;
	if (search->functions)
		vr_near_function(search->near, name);
	else
		vr_nearest_try(search->near, name);
}

/* Who mistyped a name meant one of the program's own. */
static int seen_in_objects(struct vr_profile *profile, struct search *asked,
			   struct vr_nearest *near)
{
	struct search search = *asked;
	const struct vr_file *file = profile->file;
	const char *program = vr_file_string(file, file->header.exe), *last = search.pattern;

	for (const char *at = last; (at = strstr(at, "::"));)
		last = at += 2;
	search.part = strpbrk(search.pattern, "*?[< ") ? NULL : last;
	for (uint32_t i = 0; i < file->n_modules && !search.found; i++) {
		const char *path = vr_file_string(file, file->module[i].path);

		search.near = strcmp(path, program) == 0 ? near : NULL;
		vr_sym_names(profile->sym, i, !search.functions, look_at, &search);
		/* In no call path, and it may have been inlined into those there are. */
		if (search.found && search.functions && !vr_sym_has_debug(profile->sym, i)) {
			search.found = 0;
			asked->hidden = 1;
		}
	}
	return search.found;
}

int vr_seen_function(struct vr_profile *profile, const char *pattern, struct vr_nearest *near,
		     int *hidden)
{
	struct search search = {.pattern = pattern, .functions = 1};
	int seen = seen_in_objects(profile, &search, near);

	*hidden = search.hidden;
	return seen;
}

int vr_seen_variable(struct vr_profile *profile, const char *pattern, struct vr_nearest *near)
{
	struct search search = {.pattern = pattern};

	return seen_in_objects(profile, &search, near);
}
