/* Closing what a task of ours has inherited.  Each way is taken where the one
 * before is refused. */
#include "base/fmt.h"
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>

/* Tried one by one where nothing tells which are open: 0.1 s. */
#define FILES_MOST (1u << 20)

static int close_ranges(int keep)
{
	long below = 0, above;

	if (keep > 0)
		below = vp_sys(SYS_close_range, 0, keep - 1, 0);
	above = vp_sys(SYS_close_range, keep + 1, ~0u, 0);
	return below == 0 && above == 0;
}

/* The numbers in a directory of /proc come in order, those just closed no more. */
static int close_listed(const char *path, int keep)
{
	char buf[1024] __attribute__((aligned(8)));
	int dir = vp_sys_open(path, O_RDONLY | O_DIRECTORY, 0);
	long got;

	if (dir < 0)
		return 0;
	while ((got = vp_sys(SYS_getdents64, dir, buf, sizeof(buf))) > 0) {
		for (long at = 0; at < got;) {
			/* ino, off: 8 bytes each; reclen: 2; type: 1; name */
			const uint8_t *entry = (const uint8_t *)buf + at;
			const char *name = (const char *)entry + 19;
			uint64_t fd;

			if (vp_parse_u64(name, strlen(name), &fd) == 0 && (int)fd != keep &&
			    (int)fd != dir)
				vp_sys_close((int)fd);
			at += entry[16] | entry[17] << 8;
		}
	}
	vp_sys_close(dir);
	return got == 0;
}

static void close_each(int keep)
{
	struct rlimit64 limit = {FILES_MOST, FILES_MOST};

	vp_sys6(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, (long)&limit, 0, 0);
	/* More may be open than are allowed now; few programs have so many. */
	if (limit.rlim_cur > FILES_MOST || limit.rlim_cur < 65536)
		limit.rlim_cur = limit.rlim_cur > FILES_MOST ? FILES_MOST : 65536;
	for (int fd = 0; fd < (int)limit.rlim_cur; fd++) {
		if (fd != keep)
			vp_sys_close(fd);
	}
}

void vp_sys_close_all_but(int keep)
{
	if (close_ranges(keep) || close_listed("/proc/thread-self/fd", keep))
		return;
	close_each(keep);
}
