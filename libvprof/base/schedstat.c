#include "base/schedstat.h"
#include "base/fmt.h"
#include "base/sys.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

/* The main thread's when the library started, and in which process that was. */
static struct {
	int pid, read_pid;
	struct vp_switches switches;
	struct vp_schedstat stat;
} before;

/* Threads have another number in a /proc of another namespace, where ours may be that of
 * somebody else's process. */
static int numbers_agree(int pid)
{
	static int asked_pid, agreed;
	char link[16];
	uint64_t number;
	long bytes;

	if (asked_pid == pid)
		return agreed;
	bytes = vp_sys(SYS_readlink, "/proc/self", link, sizeof(link));
	agreed =
	    bytes > 0 && vp_parse_u64(link, (size_t)bytes, &number) == 0 && number == (uint64_t)pid;
	asked_pid = pid;
	return agreed;
}

/* Not below /proc/self/task, which would make the process's end dear (base/proc.h). */
static long read_text(int tid, const char *file, char *text, size_t size)
{
	int pid = vp_sys_pid();
	struct vp_text name;
	char path[64];

	vp_text_init(&name, path, sizeof(path));
	vp_text_str(&name, "/proc/");
	if (tid == pid)
		vp_text_str(&name, "self");
	else if (numbers_agree(pid))
		vp_text_u64(&name, (uint64_t)tid);
	else
		return -ENOENT;
	vp_text_str(&name, file);
	return vp_sys_read_file(path, text, size);
}

/* Is the thread one of ours, now?  clock id of another thread's CPU time:
 * ~tid << 3 | PERTHREAD | SCHED, which the kernel tells of its own process only. */
static int is_ours(int tid, uint64_t cpu_ns)
{
	uint64_t now = vp_sys_cpu_ns((int)(~(uint32_t)tid << 3 | 6));

	return now && now >= cpu_ns;
}

static int read_stat(int tid, struct vp_schedstat *out)
{
	char text[80];
	const char *at = text;
	long len = read_text(tid, "/schedstat", text, sizeof(text));

	if (len <= 0)
		return len < 0 ? (int)len : -ENODATA;
	out->cpu_ns = vp_parse_next(&at);
	out->run_delay_ns = vp_parse_next(&at);
	out->slices = vp_parse_next(&at);
	if (!out->cpu_ns && !out->slices)
		return -ENODATA;
	return is_ours(tid, out->cpu_ns) ? 0 : -ESRCH;
}

static int began_before(int tid, int pid)
{
	return tid == pid && pid == vp_sys_pid();
}

void vp_schedstat_open(void)
{
	int pid = vp_sys_pid();

	/* A later helper goes on with what the first one found. */
	if (before.read_pid == pid)
		return;
	if (read_stat(pid, &before.stat) != 0)
		memset(&before.stat, 0, sizeof(before.stat));
	before.read_pid = pid;
}

int vp_schedstat_read(int tid, struct vp_schedstat *out)
{
	int err = read_stat(tid, out);

	if (err) {
		memset(out, 0, sizeof(*out));
		return err;
	}
	if (began_before(tid, before.read_pid)) {
		out->run_delay_ns -= before.stat.run_delay_ns;
		out->slices -= before.stat.slices;
	}
	return 0;
}

static void count_from_start(int tid, struct vp_switches *out)
{
	if (!began_before(tid, before.pid))
		return;
	out->voluntary -= before.switches.voluntary;
	out->involuntary -= before.switches.involuntary;
}

int vp_schedstat_switches(int tid, struct vp_switches *out)
{
	static const char voluntary[] = "\nvoluntary_ctxt_switches:";
	static const char involuntary[] = "\nnonvoluntary_ctxt_switches:";
	char text[4096];
	const char *at, *second;
	long len = read_text(tid, "/status", text, sizeof(text));

	*out = (struct vp_switches){0, 0};
	if (len < 0)
		return (int)len;
	at = strstr(text, voluntary);
	second = strstr(text, involuntary);
	if (!at || !second)
		return -ENODATA;
	if (!is_ours(tid, 0))
		return -ESRCH;
	at += sizeof(voluntary) - 1;
	second += sizeof(involuntary) - 1;
	out->voluntary = vp_parse_next(&at);
	out->involuntary = vp_parse_next(&second);
	count_from_start(tid, out);
	return 0;
}

/* The name, in parentheses, may hold more of them. */
int vp_schedstat_waits(int tid)
{
	char text[512];
	const char *state;

	if (read_text(tid, "/stat", text, sizeof(text)) <= 0 || !is_ours(tid, 0))
		return 0;
	state = strrchr(text, ')');
	return state && state[1] == ' ' && (state[2] == 'S' || state[2] == 'D');
}

static long read_own(struct vp_switches *out)
{
	struct rusage usage;
	long err;

	memset(&usage, 0, sizeof(usage));
	err = vp_sys(SYS_getrusage, RUSAGE_THREAD, &usage, 0);
	*out = (struct vp_switches){(uint64_t)usage.ru_nvcsw, (uint64_t)usage.ru_nivcsw};
	return err;
}

void vp_schedstat_start(void)
{
	before.pid = vp_sys_pid();
	read_own(&before.switches);
}

int vp_schedstat_own(struct vp_switches *out)
{
	long err = read_own(out);

	if (!err)
		count_from_start(vp_sys_tid(), out);
	return (int)err;
}
