#include "base/schedstat.h"
#include "base/fmt.h"
#include "base/proc_thread.h"
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

static int read_stat(int tid, struct vp_schedstat *out)
{
	char text[80];
	const char *at = text;
	long len = vp_proc_thread_read(tid, "/schedstat", text, sizeof(text));

	if (len <= 0)
		return len < 0 ? (int)len : -ENODATA;
	out->cpu_ns = vp_parse_next(&at);
	out->run_delay_ns = vp_parse_next(&at);
	out->slices = vp_parse_next(&at);
	if (!out->cpu_ns && !out->slices)
		return -ENODATA;
	return vp_proc_thread_is_ours(tid, out->cpu_ns) ? 0 : -ESRCH;
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
	long len = vp_proc_thread_read(tid, "/status", text, sizeof(text));

	*out = (struct vp_switches){0, 0};
	if (len < 0)
		return (int)len;
	at = strstr(text, voluntary);
	second = strstr(text, involuntary);
	if (!at || !second)
		return -ENODATA;
	if (!vp_proc_thread_is_ours(tid, 0))
		return -ESRCH;
	at += sizeof(voluntary) - 1;
	second += sizeof(involuntary) - 1;
	out->voluntary = vp_parse_next(&at);
	out->involuntary = vp_parse_next(&second);
	count_from_start(tid, out);
	return 0;
}

int vp_schedstat_waits(int tid)
{
	char state = vp_proc_thread_state(tid);

	return state == 'S' || state == 'D';
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
