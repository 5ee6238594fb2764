/* L1 */
#include "ring/file.h"
#include "base/clock.h"
#include "base/fmt.h"
#include "base/sys.h"
#include "ring/tables.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

struct vp_file vp_file;

/* Says what stands at the path: 0 nothing, 1 a finished profile of ours that
 * may be replaced, 2 the profile of a living process, -EEXIST anything else. */
static int what_is_there(const char *path)
{
	struct vprof_header header;
	struct stat st;
	long got;
	int fd;

	fd = vp_sys_open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return -EEXIST;
	if (vp_sys(SYS_fstat, fd, &st, 0) < 0 || !S_ISREG(st.st_mode)) {
		vp_sys_close(fd);
		return -EEXIST;
	}
	got = vp_sys_read(fd, &header, sizeof(header));
	vp_sys_close(fd);
	if (got == 0)
		return 1;
	if (got != (long)sizeof(header) || memcmp(header.magic, VPROF_MAGIC, 8) != 0)
		return -EEXIST;
	if (header.state == VPROF_STATE_RUNNING && (int)header.pid != vp_sys_pid() &&
	    vp_sys(SYS_kill, header.pid, 0, 0) != -ESRCH)
		return 2;
	return header.state == VPROF_STATE_EXECED && (int)header.pid == vp_sys_pid() ? 3 : 1;
}

/* NAME.vprof becomes NAME.NUMBER.vprof; other names get .NUMBER. */
static int append_number(char *path, size_t len, size_t size, uint64_t number)
{
	static const char ending[] = ".vprof";
	size_t tail = sizeof(ending) - 1;
	struct vp_text text = {path, size, len, 0};
	int has_ending = len > tail && memcmp(path + len - tail, ending, tail) == 0;

	if (has_ending)
		text.len -= tail;
	vp_text_char(&text, '.');
	vp_text_u64(&text, number);
	if (has_ending)
		vp_text_str(&text, ending);
	return text.cut ? -ENAMETOOLONG : 0;
}

/* Finds a name that may be used, and frees it.  A replaced file keeps its
 * inode: whoever has it mapped goes on undisturbed. */
static int make_room(char *path, size_t size)
{
	size_t len = strlen(path);
	int there = what_is_there(path);
	char first[sizeof(vp_file.path)];

	if (there == 2) {
		if (append_number(path, len, size, (uint64_t)vp_sys_pid()))
			return -ENAMETOOLONG;
		len = strlen(path);
		there = what_is_there(path);
	}
	memcpy(first, path, len + 1);
	for (uint64_t image = 1; there == 3; image++) {
		memcpy(path, first, len + 1);
		if (append_number(path, len, size, image))
			return -ENAMETOOLONG;
		there = what_is_there(path);
	}
	if (there == 1)
		return (int)vp_sys(SYS_unlink, path, 0, 0);
	return there == 2 ? -EEXIST : there;
}

/* fallocate past RLIMIT_FSIZE would send SIGXFSZ to the host. */
static int fits_limits(uint64_t bytes)
{
	struct rlimit64 limit;

	if (vp_sys6(SYS_prlimit64, 0, RLIMIT_FSIZE, 0, (long)&limit, 0, 0) == 0 &&
	    limit.rlim_cur < bytes)
		return -EFBIG;
	/* Take no more than a quarter of a limited address space. */
	if (vp_sys6(SYS_prlimit64, 0, RLIMIT_AS, 0, (long)&limit, 0, 0) == 0 &&
	    limit.rlim_cur != RLIM64_INFINITY && limit.rlim_cur / 4 < bytes)
		return -ENOMEM;
	return 0;
}

/* Reserves real blocks: a store to a hole of a full disk would be SIGBUS. */
static int reserve(int fd, uint64_t bytes)
{
	static const char zeros[65536];
	long err = vp_sys6(SYS_fallocate, fd, 0, 0, (long)bytes, 0, 0);

	if (err != -EOPNOTSUPP)
		return (int)err;
	for (uint64_t done = 0; done < bytes; done += sizeof(zeros)) {
		err = vp_sys_write(fd, zeros, sizeof(zeros));
		if (err != (long)sizeof(zeros))
			return err < 0 ? (int)err : -ENOSPC;
	}
	return 0;
}

static void write_header(uint64_t bytes, uint32_t extent_bytes)
{
	struct vprof_header *header = vp_file.header;

	memcpy(header->magic, VPROF_MAGIC, 8);
	header->version = VPROF_VERSION;
	header->header_bytes = sizeof(*header);
	header->file_bytes = bytes;
	header->extent_bytes = extent_bytes;
	header->extent_count = (uint32_t)(bytes / extent_bytes);
	header->extents_used = 1;
	header->pid = (uint32_t)vp_sys_pid();
	header->ppid = (uint32_t)vp_sys(SYS_getppid, 0, 0, 0);
	header->page_bytes = 4096;
}

int vp_file_create(uint64_t bytes, int *fd_out)
{
	uint32_t extent_bytes = VPROF_EXTENT_MIN;
	void *map;
	int fd, err;

	while (bytes / extent_bytes > VPROF_EXTENTS_MAX)
		extent_bytes *= 2;
	bytes -= bytes % extent_bytes;
	err = fits_limits(bytes);
	if (!err)
		err = make_room(vp_file.path, sizeof(vp_file.path));
	if (err)
		return err;
	fd = vp_sys_open(vp_file.path, O_RDWR | O_CREAT | O_EXCL, 0644);
	if (fd < 0)
		return fd;
	err = reserve(fd, bytes);
	if (err)
		goto undo;
	map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED) {
		err = -ENOMEM;
		goto undo;
	}
	madvise(map, bytes, MADV_DONTFORK); /* a child must not write here */
	madvise(map, bytes, MADV_DONTDUMP); /* it is on disk already */
	madvise(map, bytes, MADV_RANDOM); /* no reading of 128 KiB of zeros ahead */
	vp_file.base = map;
	vp_file.bytes = bytes;
	vp_file.header = map;
	vp_file.extent = (struct vprof_extent *)(vp_file.base + VPROF_EXTENT_TABLE_OFFSET);
	write_header(bytes, extent_bytes);
	*fd_out = fd;
	return 0;
undo:
	vp_sys(SYS_unlink, vp_file.path, 0, 0);
	vp_sys_close(fd);
	return err;
}

void vp_file_forget(void)
{
	vp_file.base = NULL;
	vp_file.header = NULL;
	vp_file.extent = NULL;
}

void vp_file_cut(int fd)
{
	uint32_t used = vp_tables_freeze();

	if (fd >= 0)
		vp_sys(SYS_ftruncate, fd, (uint64_t)used * vp_file.header->extent_bytes, 0);
}

int vp_file_extend(int fd)
{
	long err = -EBADF;

	if (fd >= 0)
		err = vp_sys6(SYS_fallocate, fd, 0, 0, (long)vp_file.bytes, 0, 0);
	if (err == 0)
		vp_tables_thaw();
	return (int)err;
}
