#include "ring/room.h"
#include "base/fmt.h"
#include "base/sys.h"
#include "vprof_format.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statfs.h>

#define TMPFS 0x01021994
#define RAMFS 0x858458f6

/* From when on the file does not grow any more: a thirty-second of the file
 * system, 64 MiB at most. */
#define SPARE_SHARE 32u
#define SPARE_MOST  (64ull << 20)

static void at_most(uint64_t *bytes, uint64_t most)
{
	if (*bytes > most)
		*bytes = most;
}

int vp_room_limits(uint64_t *bytes)
{
	struct rlimit64 limit;

	if (vp_sys6(SYS_prlimit64, 0, RLIMIT_FSIZE, 0, (long)&limit, 0, 0) == 0)
		at_most(bytes, limit.rlim_cur);
	if (*bytes < VPROF_FILE_MIN)
		return -EFBIG;
	if (vp_sys6(SYS_prlimit64, 0, RLIMIT_AS, 0, (long)&limit, 0, 0) == 0 &&
	    limit.rlim_cur != RLIM64_INFINITY)
		at_most(bytes, limit.rlim_cur / 4);
	return *bytes < VPROF_FILE_MIN ? -ENOMEM : 0;
}

/* The number in DIRECTORY/NAME; ~0 where there is none, or "max". */
static uint64_t number_in(const char *directory, size_t len, const char *name)
{
	char path[512], buf[32];
	struct vp_text text;
	uint64_t value;
	long have;

	vp_text_init(&text, path, sizeof(path));
	vp_text_mem(&text, directory, len);
	vp_text_char(&text, '/');
	vp_text_str(&text, name);
	have = text.cut ? -1 : vp_sys_read_file(path, buf, sizeof(buf));
	if (have > 0 && buf[have - 1] == '\n')
		have--;
	return have > 0 && vp_parse_u64(buf, (size_t)have, &value) == 0 ? value : ~0ull;
}

/* What is left in one cgroup; ~0: it has no limit. */
static uint64_t left_in(const char *directory, size_t len, int v2)
{
	uint64_t most = number_in(directory, len, v2 ? "memory.max" : "memory.limit_in_bytes");
	uint64_t now;

	if (most >= 1ull << 60)
		return ~0ull;
	now = number_in(directory, len, v2 ? "memory.current" : "memory.usage_in_bytes");
	return now < most ? most - now : 0;
}

/* The least of the cgroup of this process and those above it.  In a container the
 * path may be one of another view: what is not there has no limit. */
static uint64_t left_on_the_way_up(const char *path, size_t len, int v2)
{
	char directory[512];
	struct vp_text text;
	uint64_t least = ~0ull;
	size_t root;

	vp_text_init(&text, directory, sizeof(directory));
	vp_text_str(&text, v2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory");
	root = text.len;
	vp_text_mem(&text, path, len);
	if (text.cut)
		return ~0ull;
	for (size_t end = text.len; end >= root; end--) {
		if (end == text.len || end == root || directory[end] == '/') {
			uint64_t left = left_in(directory, end, v2);

			at_most(&least, left);
		}
	}
	return least;
}

static uint64_t cgroup_left(void)
{
	char text[2048];
	uint64_t least = ~0ull;

	if (vp_sys_read_file("/proc/self/cgroup", text, sizeof(text)) <= 0)
		return least;
	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");
		const char *memory = memmem(line, len, ":memory:", 8);

		if (strncmp(line, "0::", 3) == 0)
			at_most(&least, left_on_the_way_up(line + 3, len - 3, 1));
		else if (memory)
			at_most(&least, left_on_the_way_up(memory + 8,
							   len - (size_t)(memory + 8 - line), 0));
		line += len + (line[len] == '\n');
	}
	return least;
}

static int in_memory(const struct statfs *fs)
{
	return fs->f_type == TMPFS || fs->f_type == RAMFS;
}

int vp_room_of_file(int fd, uint64_t *bytes)
{
	struct statfs fs;

	if (vp_sys(SYS_fstatfs, fd, &fs, 0) != 0)
		return 0;
	if (fs.f_blocks)
		at_most(bytes, fs.f_bavail * (uint64_t)fs.f_bsize / 4);
	if (in_memory(&fs)) {
		uint64_t left = cgroup_left();
		uint64_t share = left / 8;

		/* What is written at first is far less than the smallest file. */
		if (share < VPROF_FILE_MIN && left >= 4 * VPROF_FILE_MIN)
			share = VPROF_FILE_MIN;
		at_most(bytes, share);
	}
	return *bytes < VPROF_FILE_MIN ? -ENOSPC : 0;
}

int vp_room_left(int fd)
{
	struct statfs fs;
	uint64_t spare;

	if (vp_sys(SYS_fstatfs, fd, &fs, 0) != 0 || !fs.f_blocks)
		return 1;
	spare = fs.f_blocks * (uint64_t)fs.f_bsize / SPARE_SHARE;
	at_most(&spare, SPARE_MOST);
	return fs.f_bavail * (uint64_t)fs.f_bsize >= spare;
}
