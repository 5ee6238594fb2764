#include "ring/name.h"
#include "base/fmt.h"
#include "base/sys.h"
#include "vprof_format.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

/* What stands at a name, besides an empty file, which is ours to fill. */
#define FOREIGN	 (-EEXIST) /* not a profile */
#define OTHERS	 (-EPERM)  /* somebody else's: whoever owns a file can pull it from under us */
#define UNKNOWN	 (-EIO)	   /* the kernel does not tell */
#define TAKEN	 (-EBUSY)  /* that of a living process, or one is being made */
#define OLD_SELF (-ESTALE) /* that of this process before exec, or one to be kept */
#define FINISHED 1	   /* may be replaced */

#define IMAGES_MOST 100000u

/* A lock far behind the end of the file says that somebody has it mapped.  Unlike a
 * pid it means the same in every pid namespace; it goes with the last mapping. */
static int mark_alive(int fd)
{
	struct flock alive = {
	    .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = VPROF_ALIVE_BYTE, .l_len = 1};

	return (int)vp_sys(SYS_fcntl, fd, F_OFD_SETLK, &alive);
}

static int is_marked(int fd)
{
	struct flock alive = {
	    .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = VPROF_ALIVE_BYTE, .l_len = 1};

	return vp_sys(SYS_fcntl, fd, F_OFD_GETLK, &alive) == 0 && alive.l_type != F_UNLCK;
}

uint64_t vp_name_pid_namespace(void)
{
	struct stat st;

	return vp_sys6(SYS_newfstatat, AT_FDCWD, (long)"/proc/self/ns/pid", (long)&st, 0, 0, 0) == 0
		   ? st.st_ino
		   : 0;
}

/* Has the process that wrote this the pid we would find it by? */
static int same_namespace(const struct vprof_header *header)
{
	return !header->pid_namespace || header->pid_namespace == vp_name_pid_namespace();
}

static int look_at(int fd, const struct stat *st, int made, int unique)
{
	struct vprof_header header;
	int own, ours = made || st->st_uid == (uid_t)vp_sys(SYS_geteuid, 0, 0, 0);

	if (!S_ISREG(st->st_mode))
		return FOREIGN;
	if (st->st_size == 0)
		return ours && st->st_nlink <= 1 ? 0 : OTHERS;
	if (vp_sys6(SYS_pread64, fd, (long)&header, sizeof(header), 0, 0, 0) !=
		(long)sizeof(header) ||
	    memcmp(header.magic, VPROF_MAGIC, 8) != 0)
		return FOREIGN;
	own = (int)header.pid == vp_sys_pid() && same_namespace(&header);
	if (is_marked(fd) || !ours)
		return TAKEN;
	if (header.state <= VPROF_STATE_RUNNING && !own && same_namespace(&header) &&
	    vp_sys(SYS_kill, header.pid, 0, 0) != -ESRCH)
		return TAKEN;
	if (header.state == VPROF_STATE_EXECED && own)
		return OLD_SELF;
	return unique ? OLD_SELF : FINISHED;
}

#define LOST_RACES_MOST 3

/* Somebody may be quick enough to lock a file that we have just made, but not each
 * time: then a filter gives that answer, and we go without the lock. */
static int lock_and_look(int fd, struct stat *st, int made, int unique)
{
	static uint32_t lost_races;
	long err;

	if (vp_sys(SYS_flock, fd, LOCK_EX | LOCK_NB, 0) == -EWOULDBLOCK &&
	    !(made && ++lost_races > LOST_RACES_MOST))
		return TAKEN;
	err = vp_sys(SYS_fstat, fd, st, 0);
	return err ? UNKNOWN : look_at(fd, st, made, unique);
}

static int is_named(const struct stat *held, const char *path)
{
	struct stat named;

	return vp_sys6(SYS_newfstatat, AT_FDCWD, (long)path, (long)&named, AT_SYMLINK_NOFOLLOW, 0,
		       0) == 0 &&
	       held->st_ino == named.st_ino && held->st_dev == named.st_dev;
}

#define WAYS (O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)

/* -EAGAIN: it was there, and then it was not. */
static int open_at(const char *path, int *made)
{
	int fd = vp_sys_open(path, WAYS | O_CREAT | O_EXCL, 0644);

	*made = fd >= 0;
	if (fd != -EEXIST)
		return fd;
	fd = vp_sys_open(path, WAYS, 0);
	if (fd == -ELOOP || fd == -EISDIR || fd == -ENXIO)
		return FOREIGN;
	return fd == -ENOENT ? -EAGAIN : fd;
}

/* A file that we may not open for writing. */
static int not_ours(const char *path)
{
	struct stat st;

	return vp_sys6(SYS_newfstatat, AT_FDCWD, (long)path, (long)&st, AT_SYMLINK_NOFOLLOW, 0,
		       0) == 0 &&
	       st.st_uid != (uid_t)vp_sys(SYS_geteuid, 0, 0, 0);
}

/* Many processes may want a name at once: a file belongs to whoever holds its
 * lock and still finds it there.  A replaced file keeps its inode: whoever has it
 * mapped goes on undisturbed.
 * Returns a descriptor of an empty file, locked, or the above or -errno. */
static int claim(const char *path, int unique)
{
	struct stat held;

	for (int tries = 0; tries < 100; tries++) {
		int there, named, made, fd = open_at(path, &made);

		if (fd == -EACCES && not_ours(path))
			return OTHERS;
		if (fd == -EAGAIN)
			continue;
		if (fd < 0)
			return fd;
		there = lock_and_look(fd, &held, made, unique);
		named = there >= 0 && is_named(&held, path);
		if (named && there == 0) {
			mark_alive(fd);
			return fd;
		}
		if (named || (there == UNKNOWN && made))
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

/* The name asked for, or with the number of the process, or besides with one more
 * number. */
int vp_name_open(char *path, size_t size, int unique)
{
	static char first[4096];
	size_t len = strlen(path);
	int fd = claim(path, unique);

	if (fd == TAKEN) {
		if (append_number(path, len, size, (uint64_t)vp_sys_pid()))
			return -ENAMETOOLONG;
		len = strlen(path);
		unique = 1;
		fd = claim(path, unique);
	}
	memcpy(first, path, len + 1);
	for (uint64_t image = 1; (fd == OLD_SELF || fd == TAKEN) && image < IMAGES_MOST; image++) {
		memcpy(path, first, len + 1);
		if (append_number(path, len, size, image))
			return -ENAMETOOLONG;
		fd = claim(path, unique);
	}
	return fd;
}
