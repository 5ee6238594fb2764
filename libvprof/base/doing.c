#include "base/doing.h"
#include "base/fmt.h"
#include "base/proc_thread.h"
#include "base/sys.h"

#include <errno.h>
#include <string.h>

#define TEXT_BYTES 256

static struct kept {
	int tid; /* 0: free */
	int fd;
	uint32_t used; /* when, by `uses` */
} kept[VP_DOING_KEPT];
static uint32_t uses;

void vp_doing_open(void)
{
	memset(kept, 0, sizeof(kept));
	uses = 0;
}

static void drop(struct kept *one)
{
	if (one->tid)
		vp_sys_close(one->fd);
	one->tid = 0;
}

void vp_doing_close(void)
{
	for (uint32_t i = 0; i < VP_DOING_KEPT; i++)
		drop(&kept[i]);
}

static struct kept *kept_of(int tid)
{
	for (uint32_t i = 0; i < VP_DOING_KEPT; i++)
		if (kept[i].tid == tid)
			return &kept[i];
	return NULL;
}

static struct kept *keep(int tid)
{
	struct kept *oldest = &kept[0];
	int fd = vp_proc_thread_open(tid, "/syscall");

	if (fd < 0)
		return NULL;
	for (uint32_t i = 0; i < VP_DOING_KEPT && oldest->tid; i++)
		if (!kept[i].tid || kept[i].used < oldest->used)
			oldest = &kept[i];
	drop(oldest);
	*oldest = (struct kept){tid, fd, ++uses};
	return oldest;
}

void vp_doing_keep(int tid)
{
	struct kept *one = kept_of(tid);

	if (one)
		one->used = ++uses;
	else
		keep(tid);
}

/* A file of a thread that is gone says so, and the number may be another thread's now. */
static long read_call(int tid, char text[TEXT_BYTES])
{
	struct kept *one = kept_of(tid);
	long len = -ESRCH;

	if (one) {
		len = vp_sys6(SYS_pread64, one->fd, (long)text, TEXT_BYTES - 1, 0, 0, 0);
		if (len <= 0)
			drop(one);
	}
	if (len <= 0)
		len = vp_proc_thread_read(tid, "/syscall", text, TEXT_BYTES);
	text[len > 0 ? len : 0] = '\0';
	return len;
}

/* "0x12ab", after blanks. */
static uint64_t next_hex(const char **at)
{
	while (**at == ' ')
		(*at)++;
	if ((*at)[0] == '0' && (*at)[1] == 'x')
		*at += 2;
	return vp_parse_hex(at);
}

/* "running", "-1 SP PC", or "NUMBER ARG ... SP PC". */
static void parse(const char *at, struct vp_doing *out)
{
	if (strncmp(at, "running", 7) == 0) {
		out->what = VP_DOING_RUNNING;
		return;
	}
	if (*at == '-') {
		at += strcspn(at, " \n");
		out->what = VP_DOING_FAULT;
	} else if (*at >= '0' && *at <= '9') {
		out->number = (long)vp_parse_next(&at);
		for (int i = 0; i < 6; i++)
			out->arg[i] = next_hex(&at);
		out->what = VP_DOING_CALL;
	} else {
		return;
	}
	out->sp = next_hex(&at);
	out->pc = next_hex(&at);
}

void vp_doing_look(int tid, struct vp_doing *out)
{
	char text[TEXT_BYTES], state;

	memset(out, 0, sizeof(*out));
	out->number = -1;
	if (read_call(tid, text) <= 0)
		return;
	parse(text, out);
	if (out->what == VP_DOING_UNKNOWN || out->what == VP_DOING_RUNNING)
		return;
	/* One that is stopped is, for the kernel, asleep wherever it was stopped. */
	state = vp_proc_thread_state(tid);
	if (state == 'T' || state == 't')
		out->what = VP_DOING_STOPPED;
	else if (state == 'R')
		out->what = VP_DOING_RUNNING;
}

int vp_doing_is_still(int tid, const struct vp_doing *was)
{
	struct vp_doing now;
	char text[TEXT_BYTES];

	memset(&now, 0, sizeof(now));
	now.number = -1;
	if (read_call(tid, text) <= 0)
		return 0;
	parse(text, &now);
	return now.number == was->number && now.sp == was->sp && now.pc == was->pc &&
	       memcmp(now.arg, was->arg, sizeof(now.arg)) == 0;
}

size_t vp_doing_wchan(int tid, char name[VP_DOING_WCHAN])
{
	long len = vp_proc_thread_read(tid, "/wchan", name, VP_DOING_WCHAN);

	if (len <= 0 || (len == 1 && name[0] == '0'))
		len = 0;
	name[len] = '\0';
	return (size_t)len;
}
