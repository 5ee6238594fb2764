#include "base/proc_thread.h"
#include "base/fmt.h"
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define PATH_BYTES 64

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

static int path_of(int tid, const char *file, char path[PATH_BYTES])
{
	int pid = vp_sys_pid();
	struct vp_text name;

	vp_text_init(&name, path, PATH_BYTES);
	vp_text_str(&name, "/proc/");
	if (tid == pid)
		vp_text_str(&name, "self");
	else if (numbers_agree(pid))
		vp_text_u64(&name, (uint64_t)tid);
	else
		return -ENOENT;
	vp_text_str(&name, file);
	return 0;
}

int vp_proc_thread_open(int tid, const char *file)
{
	char path[PATH_BYTES];
	int err = path_of(tid, file, path);

	return err ? err : vp_sys_open(path, O_RDONLY, 0);
}

int vp_proc_thread_open_own(const char *file)
{
	char link[PATH_BYTES], path[PATH_BYTES];
	long bytes = vp_sys(SYS_readlink, "/proc/thread-self", link, sizeof(link) - 1);
	struct vp_text text;
	const char *tid;

	if (bytes <= 0)
		return -ENOENT;
	link[bytes] = '\0';
	tid = strrchr(link, '/');
	if (!tid)
		return -ENOENT;
	vp_text_init(&text, path, sizeof(path));
	vp_text_str(&text, "/proc");
	vp_text_str(&text, tid);
	vp_text_str(&text, file);
	return vp_sys_open(path, O_RDONLY, 0);
}

long vp_proc_thread_read(int tid, const char *file, char *text, size_t size)
{
	char path[PATH_BYTES];
	int err = path_of(tid, file, path);

	return err ? err : vp_sys_read_file(path, text, size);
}

/* The name, in parentheses, may hold more of them. */
char vp_proc_thread_state(int tid)
{
	char text[512];
	const char *state;

	if (vp_proc_thread_read(tid, "/stat", text, sizeof(text)) <= 0 ||
	    !vp_proc_thread_is_ours(tid, 0))
		return 0;
	state = strrchr(text, ')');
	return state && state[1] == ' ' ? state[2] : 0;
}

/* clock id of another thread's CPU time: ~tid << 3 | PERTHREAD | SCHED */
uint64_t vp_proc_thread_cpu_ns(int tid)
{
	return vp_sys_cpu_ns((int)(~(uint32_t)tid << 3 | 6));
}

int vp_proc_thread_is_ours(int tid, uint64_t cpu_ns)
{
	uint64_t now = vp_proc_thread_cpu_ns(tid);

	return now && now >= cpu_ns;
}
