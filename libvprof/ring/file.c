/* L1 */
#include "ring/file.h"
#include "base/clock.h"
#include "base/fmt.h"
#include "base/sys.h"
#include "ring/tables.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

struct vp_file vp_file;

/* What stands at a name, besides an empty file, which is ours to fill. */
#define FOREIGN	 (-EEXIST) /* not a profile */
#define TAKEN	 (-EBUSY)  /* that of a living process, or one is being made */
#define OLD_SELF (-ESTALE) /* that of this process before exec */
#define FINISHED 1	   /* may be replaced */

static int look_at(int fd, const struct stat *st)
{
	struct vprof_header header;
	int own;

	if (!S_ISREG(st->st_mode))
		return FOREIGN;
	if (st->st_size == 0)
		return 0;
	if (vp_sys_read(fd, &header, sizeof(header)) != (long)sizeof(header) ||
	    memcmp(header.magic, VPROF_MAGIC, 8) != 0)
		return FOREIGN;
	own = (int)header.pid == vp_sys_pid();
	if (header.state <= VPROF_STATE_RUNNING && !own &&
	    vp_sys(SYS_kill, header.pid, 0, 0) != -ESRCH)
		return TAKEN;
	return header.state == VPROF_STATE_EXECED && own ? OLD_SELF : FINISHED;
}

static int lock_and_look(int fd, struct stat *st)
{
	if (vp_sys(SYS_flock, fd, LOCK_EX | LOCK_NB, 0) == -EWOULDBLOCK ||
	    vp_sys(SYS_fstat, fd, st, 0) != 0)
		return TAKEN;
	return look_at(fd, st);
}

static int is_named(const struct stat *held, const char *path)
{
	struct stat named;

	return vp_sys6(SYS_newfstatat, AT_FDCWD, (long)path, (long)&named, AT_SYMLINK_NOFOLLOW, 0,
		       0) == 0 &&
	       held->st_ino == named.st_ino && held->st_dev == named.st_dev;
}

/* Many processes may want a name at once: a file belongs to whoever holds its
 * lock and still finds it there.  A replaced file keeps its inode: whoever has it
 * mapped goes on undisturbed.
 * Returns a descriptor of an empty file, locked, or the above or -errno. */
static int claim(const char *path)
{
	struct stat held;

	for (int tries = 0; tries < 100; tries++) {
		int fd = vp_sys_open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0644);
		int there, named;

		if (fd < 0)
			return fd == -ELOOP || fd == -EISDIR || fd == -ENXIO ? FOREIGN : fd;
		there = lock_and_look(fd, &held);
		named = there >= 0 && is_named(&held, path);
		if (named && there == 0)
			return fd;
		if (named)
			vp_sys(SYS_unlink, path, 0, 0);
		vp_sys_close(fd);
		if (there < 0)
			return there;
	}
	return TAKEN;
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

#define IMAGES_MOST 100000u

/* Finds a name that may be used: the one asked for, or with the number of the
 * process, or besides with one for each exec.  Returns as claim() does. */
static int open_new(char *path, size_t size)
{
	size_t len = strlen(path);
	char first[sizeof(vp_file.path)];
	int fd = claim(path);

	if (fd == TAKEN) {
		if (append_number(path, len, size, (uint64_t)vp_sys_pid()))
			return -ENAMETOOLONG;
		len = strlen(path);
		fd = claim(path);
	}
	memcpy(first, path, len + 1);
	for (uint64_t image = 1; (fd == OLD_SELF || fd == TAKEN) && image < IMAGES_MOST; image++) {
		memcpy(path, first, len + 1);
		if (append_number(path, len, size, image))
			return -ENAMETOOLONG;
		fd = claim(path);
	}
	return fd;
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
	long mapped;
	int fd, err;

	while (bytes / extent_bytes > VPROF_EXTENTS_MAX)
		extent_bytes *= 2;
	bytes -= bytes % extent_bytes;
	err = fits_limits(bytes);
	if (err)
		return err;
	fd = open_new(vp_file.path, sizeof(vp_file.path));
	if (fd < 0)
		return fd;
	err = reserve(fd, bytes);
	if (err)
		goto undo;
	mapped = vp_sys6(SYS_mmap, 0, (long)bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (mapped < 0 && mapped > -4096) {
		err = -ENOMEM;
		goto undo;
	}
	map = (void *)mapped;				/* NOLINT(performance-no-int-to-ptr) */
	vp_sys(SYS_madvise, map, bytes, MADV_DONTFORK); /* a child must not write here */
	vp_sys(SYS_madvise, map, bytes, MADV_DONTDUMP); /* it is on disk already */
	vp_sys(SYS_madvise, map, bytes, MADV_RANDOM);	/* no reading of 128 KiB of zeros ahead */
	vp_file.base = map;
	vp_file.bytes = bytes;
	vp_file.header = map;
	vp_file.extent = (struct vprof_extent *)(vp_file.base + VPROF_EXTENT_TABLE_OFFSET);
	write_header(bytes, extent_bytes);
	vp_sys(SYS_flock, fd, LOCK_UN, 0);
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
