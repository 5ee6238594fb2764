/* Readings of /proc for the timeline.  Files stay open and are re-read in
 * place: the helper thread then neither looks up paths ten times a second nor
 * depends on /proc staying mounted (chroot, mount namespaces). */
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#include "base/fmt.h"
#include "base/sys.h"

#define VP_PROCFS_PAGE 4096U /* x86-64 */
/* smaps_rollup is the longest, about 25 lines of 30 bytes. */
#define VP_PROCFS_TEXT 2048
/* After the name in parentheses, which may itself hold ") " and digits,
 * /proc/PID/stat goes on with field 3. */
#define VP_PROCFS_STAT_FIRST   3
#define VP_PROCFS_STAT_MINFLT  10
#define VP_PROCFS_STAT_MAJFLT  12
#define VP_PROCFS_STAT_THREADS 20
#define VP_PROCFS_STAT_START   22
#define VP_PROCFS_STAT_EXIT    52

enum vp_proc_file {
	VP_PROCFS_STATM,
	VP_PROCFS_SMAPS,
	VP_PROCFS_STAT,
	VP_PROCFS_CMDLINE,
	VP_PROCFS_MAPPINGS,
	VP_PROCFS_PAGES,
	VP_PROCFS_FILES
};

/* Used before recording began. */
static struct {
	uint32_t tid; /* of the thread that was there */
	uint64_t cpu_ns, thread_ns, user_ns, system_ns, switches, minor_faults, major_faults;
} before;

static struct {
	/* As with the perf descriptors: in another thread's table, or in a
	 * forked child, these numbers are the host's. */
	int owner_pid, owner_tid;
	int fds[VP_PROCFS_FILES]; /* -errno of the open where it failed */
} vp_proc;

static long vp_proc_bytes(enum vp_proc_file file, char *text, size_t size)
{
	long len;

	text[0] = '\0';
	if (vp_proc.owner_pid != vp_sys_pid())
		return -EBADF;
	if (vp_proc.fds[file] < 0)
		return vp_proc.fds[file];
	len = vp_sys6(SYS_pread64, vp_proc.fds[file], (long)text, (long)size - 1, 0, 0, 0);
	if (len < 0)
		return len;
	text[len] = '\0';
	return len ? len : -ENODATA;
}

static long vp_proc_text(enum vp_proc_file file, char text[VP_PROCFS_TEXT])
{
	return vp_proc_bytes(file, text, VP_PROCFS_TEXT);
}

int vp_proc_open(void)
{
	static const char *const paths[VP_PROCFS_FILES] = {
	    [VP_PROCFS_STATM] = "/proc/self/statm",
	    [VP_PROCFS_SMAPS] = "/proc/self/smaps_rollup",
	    [VP_PROCFS_STAT] = "/proc/self/stat",
	    [VP_PROCFS_CMDLINE] = "/proc/self/cmdline",
	    [VP_PROCFS_MAPPINGS] = "/proc/self/smaps",
	    [VP_PROCFS_PAGES] = "/proc/self/pagemap",
	};

	vp_proc_close();
	vp_proc.owner_pid = vp_sys_pid();
	vp_proc.owner_tid = vp_sys_tid();
	for (int i = 0; i < VP_PROCFS_FILES; i++)
		vp_proc.fds[i] = vp_sys_open(paths[i], O_RDONLY, 0);
	/* The others may be missing (smaps_rollup is from Linux 4.14); their
	 * readings then say so one by one. */
	return vp_proc.fds[VP_PROCFS_STATM] < 0 ? vp_proc.fds[VP_PROCFS_STATM] : 0;
}

void vp_proc_close(void)
{
	int own = vp_proc.owner_pid == vp_sys_pid() && vp_proc.owner_tid == vp_sys_tid();

	for (int i = 0; i < VP_PROCFS_FILES; i++) {
		if (own && vp_proc.fds[i] >= 0)
			vp_sys_close(vp_proc.fds[i]);
		vp_proc.fds[i] = -EBADF;
	}
	vp_proc.owner_pid = 0;
}

static int vp_proc_fd(enum vp_proc_file file)
{
	return vp_proc.owner_pid == vp_sys_pid() ? vp_proc.fds[file] : -EBADF;
}

int vp_proc_mappings(void)
{
	return vp_proc_fd(VP_PROCFS_MAPPINGS);
}

int vp_proc_pages(void)
{
	return vp_proc_fd(VP_PROCFS_PAGES);
}

int vp_proc_statm(struct vp_statm *out)
{
	char text[VP_PROCFS_TEXT];
	const char *s = text;
	long len = vp_proc_text(VP_PROCFS_STATM, text);

	memset(out, 0, sizeof(*out));
	if (len < 0)
		return (int)len;
	/* size resident shared text lib data dt, in pages */
	out->vms = vp_parse_next(&s) * VP_PROCFS_PAGE;
	out->rss = vp_parse_next(&s) * VP_PROCFS_PAGE;
	out->shared = vp_parse_next(&s) * VP_PROCFS_PAGE;
	vp_parse_next(&s);
	vp_parse_next(&s);
	out->data = vp_parse_next(&s) * VP_PROCFS_PAGE;
	return 0;
}

/* Bytes of the line "Key:   123 kB"; key begins with the newline before. */
static uint64_t vp_proc_kb(const char *text, const char *key)
{
	const char *s = strstr(text, key);

	if (!s)
		return 0;
	s += strlen(key);
	return vp_parse_next(&s) * 1024;
}

long vp_proc_title(char text[VP_PROC_TITLE])
{
	long len = vp_proc_bytes(VP_PROCFS_CMDLINE, text, VP_PROC_TITLE);

	while (len > 0 && (text[len - 1] == '\0' || text[len - 1] == ' '))
		text[--len] = '\0';
	for (long i = 0; i < len; i++)
		if (text[i] == '\0')
			text[i] = ' ';
	return len;
}

int vp_proc_smaps(struct vp_smaps *out)
{
	char text[VP_PROCFS_TEXT];
	long len = vp_proc_text(VP_PROCFS_SMAPS, text);

	memset(out, 0, sizeof(*out));
	if (len < 0)
		return (int)len;
	out->pss = vp_proc_kb(text, "\nPss:");
	out->uss = vp_proc_kb(text, "\nPrivate_Clean:") + vp_proc_kb(text, "\nPrivate_Dirty:");
	return 0;
}

static uint64_t vp_proc_timeval_ns(const struct timeval *tv)
{
	return (uint64_t)tv->tv_sec * 1000000000U + (uint64_t)tv->tv_usec * 1000U;
}

static uint64_t since(uint64_t now, uint64_t then)
{
	return now > then ? now - then : 0;
}

void vp_proc_begin(void)
{
	struct rusage ru;

	memset(&before, 0, sizeof(before));
	before.tid = (uint32_t)vp_sys_tid();
	before.cpu_ns = vp_sys_cpu_ns(CLOCK_PROCESS_CPUTIME_ID);
	before.thread_ns = vp_sys_cpu_ns(CLOCK_THREAD_CPUTIME_ID);
	if (vp_sys(SYS_getrusage, RUSAGE_SELF, &ru, 0) != 0)
		return;
	before.user_ns = vp_proc_timeval_ns(&ru.ru_utime);
	before.system_ns = vp_proc_timeval_ns(&ru.ru_stime);
	before.switches = (uint64_t)ru.ru_nvcsw + (uint64_t)ru.ru_nivcsw;
	before.minor_faults = (uint64_t)ru.ru_minflt;
	before.major_faults = (uint64_t)ru.ru_majflt;
}

uint64_t vp_proc_cpu_ns(void)
{
	return since(vp_sys_cpu_ns(CLOCK_PROCESS_CPUTIME_ID), before.cpu_ns);
}

uint64_t vp_proc_thread_ns(uint32_t tid, uint64_t clock_ns)
{
	return tid == before.tid ? since(clock_ns, before.thread_ns) : clock_ns;
}

/* What getrusage knows needs no file, so it survives a missing /proc. */
static int vp_proc_rusage(struct vp_procstat *out)
{
	struct rusage ru;
	long ret;

	memset(&ru, 0, sizeof(ru));
	ret = vp_sys(SYS_getrusage, RUSAGE_SELF, &ru, 0);
	if (ret)
		return (int)ret;
	out->user_ns = since(vp_proc_timeval_ns(&ru.ru_utime), before.user_ns);
	out->system_ns = since(vp_proc_timeval_ns(&ru.ru_stime), before.system_ns);
	out->switches = since((uint64_t)ru.ru_nvcsw + (uint64_t)ru.ru_nivcsw, before.switches);
	return 0;
}

int vp_proc_stat(struct vp_procstat *out)
{
	char text[VP_PROCFS_TEXT];
	const char *s;
	long len = vp_proc_text(VP_PROCFS_STAT, text);
	int ret;

	memset(out, 0, sizeof(*out));
	if (len < 0)
		return (int)len;
	s = strrchr(text, ')');
	if (!s)
		return -EBADMSG;
	ret = vp_proc_rusage(out);
	if (ret)
		return ret;
	s++;
	for (int field = VP_PROCFS_STAT_FIRST; *s && field <= VP_PROCFS_STAT_EXIT; field++) {
		uint64_t value;

		while (*s == ' ')
			s++;
		if (field == VP_PROCFS_STAT_FIRST)
			out->state = *s;
		value = vp_parse_next(&s);
		if (field == VP_PROCFS_STAT_MINFLT)
			out->minor_faults = since(value, before.minor_faults);
		else if (field == VP_PROCFS_STAT_MAJFLT)
			out->major_faults = since(value, before.major_faults);
		else if (field == VP_PROCFS_STAT_THREADS)
			out->threads = value;
		else if (field == VP_PROCFS_STAT_START)
			out->start_ticks = value;
		else if (field == VP_PROCFS_STAT_EXIT)
			out->exit_code = (int)value;
		while (*s && *s != ' ') /* the state letter, a minus sign */
			s++;
	}
	return 0;
}

/* A file of a thread: /proc/self/task/TID/NAME. */
static long vp_proc_task_file(int tid, const char *name, char *out, size_t size)
{
	struct vp_text path;
	char buf[64];

	vp_text_init(&path, buf, sizeof(buf));
	vp_text_str(&path, "/proc/self/task/");
	vp_text_u64(&path, (uint64_t)tid);
	vp_text_char(&path, '/');
	vp_text_str(&path, name);
	return vp_sys_read_file(buf, out, size);
}

uint64_t vp_proc_blocked(int tid)
{
	static const char key[] = "\nSigBlk:\t";
	char text[4096];
	const char *at;

	if (vp_proc_task_file(tid, "status", text, sizeof(text)) < 0)
		return 0;
	at = strstr(text, key);
	if (!at)
		return 0;
	at += sizeof(key) - 1;
	return vp_parse_hex(&at);
}

/* See proc.h: the two threads that every process has do without their directory. */
int vp_proc_comm(int tid, char name[16])
{
	char text[32];
	long len;

	memset(name, 0, 16);
	if (tid <= 0)
		return -EINVAL;
	if (tid == vp_sys_tid())
		return (int)vp_sys(SYS_prctl, PR_GET_NAME, name, 0);
	if (tid == vp_sys_pid())
		len = vp_sys_read_file("/proc/self/comm", text, sizeof(text));
	else
		len = vp_proc_task_file(tid, "comm", text, sizeof(text));
	if (len < 0)
		return (int)len;
	/* Ends with a newline of /proc's, but may hold some of its own. */
	if (len > 0 && text[len - 1] == '\n')
		len--;
	memcpy(name, text, len < 15 ? (size_t)len : 15);
	return 0;
}

/* Threads of this process; 0: not known. */
static uint64_t vp_proc_count(void)
{
	struct stat st;

	if (vp_sys6(SYS_newfstatat, AT_FDCWD, (long)"/proc/self/task", (long)&st, 0, 0, 0) != 0)
		return 0;
	return st.st_nlink > 2 ? st.st_nlink - 2 : 0;
}

/* The main thread counts until the process is gone, so one more is the caller. */
static int vp_proc_few_tasks(void (*each)(int tid, void *arg), void *arg)
{
	int pid = vp_sys_pid(), tid = vp_sys_tid();

	if (vp_proc_count() != (tid == pid ? 1 : 2))
		return 0;
	each(pid, arg);
	if (tid != pid)
		each(tid, arg);
	return 1;
}

int vp_proc_tasks(void (*each)(int tid, void *arg), void *arg)
{
	char buf[4096] __attribute__((aligned(8)));
	long got;
	int fd;

	if (vp_proc_few_tasks(each, arg))
		return 0;
	fd = vp_sys_open("/proc/self/task", O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return fd;
	while ((got = vp_sys(SYS_getdents64, fd, buf, sizeof(buf))) > 0) {
		for (long at = 0; at < got;) {
			/* ino, off: 8 bytes each; reclen: 2; type: 1; name */
			const uint8_t *entry = (const uint8_t *)buf + at;
			const char *name = (const char *)entry + 19;
			uint64_t tid;

			if (vp_parse_u64(name, strlen(name), &tid) == 0)
				each((int)tid, arg);
			at += entry[16] | entry[17] << 8;
		}
	}
	vp_sys_close(fd);
	return (int)got;
}
