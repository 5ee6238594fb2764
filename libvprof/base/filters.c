#include "base/filters.h"
#include "base/clock.h"
#include "base/fmt.h"
#include "base/proc_thread.h"
#include "base/sys.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <string.h>

#define APART_NS 200000u /* of looks */
#define UNKNOWN	 (-1)

static int at_start = UNKNOWN;
static int came;
static int fd = -EBADF;
static int opened;
static uint64_t looked_ns; /* CLOCK_MONOTONIC */

/* Of a line "KEY\tNUMBER"; -1: there is none. */
static int number_of(const char *status, const char *key)
{
	const char *at = strstr(status, key);

	if (!at)
		return UNKNOWN;
	at += strlen(key);
	return (int)vp_parse_next(&at);
}

int vp_filters_count(const char *status)
{
	int mode = number_of(status, "\nSeccomp:\t");
	int count = number_of(status, "\nSeccomp_filters:\t");

	if (mode <= 0 || count == UNKNOWN)
		return mode > 0 ? 1 : mode;
	return count;
}

void vp_filters_begin(const char *status)
{
	at_start = status ? vp_filters_count(status) : UNKNOWN;
}

/* Not before it is needed: most processes end before anybody looks. */
int vp_filters_status(void)
{
	if (!opened)
		fd = vp_proc_thread_open_own("/status");
	opened = 1;
	return fd;
}

void vp_filters_open(void)
{
	fd = -EBADF;
	opened = 0;
	looked_ns = 0;
}

void vp_filters_close(void)
{
	if (opened && fd >= 0)
		vp_sys_close(fd);
	vp_filters_open();
}

int vp_filters_came(void)
{
	uint64_t now = vp_clock_mono();
	char text[4096];
	long len;
	int count;

	if (came || now < looked_ns + APART_NS)
		return came;
	looked_ns = now;
	if (vp_filters_status() < 0)
		return 0;
	len = vp_sys6(SYS_pread64, fd, (long)text, sizeof(text) - 1, 0, 0, 0);
	text[len > 0 ? len : 0] = '\0';
	count = vp_filters_count(text);
	if (at_start == UNKNOWN)
		at_start = count;
	if (count <= at_start)
		return 0;
	came = 1;
	vp_sys_only_plain();
	return 1;
}

int vp_filters_perf_open(const void *attr, int tid, int cpu)
{
	if (vp_filters_came())
		return -EPERM;
	return (int)vp_sys6(SYS_perf_event_open, (long)attr, tid, cpu, -1, PERF_FLAG_FD_CLOEXEC, 0);
}
