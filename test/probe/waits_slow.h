/* Cases of waits_known.c: files of a file system that takes its time.  It is served by a
 * thread of the probe through /dev/fuse: the one request that a case is about is answered
 * when its time is over.  Needs root, and a mount namespace of its own. */
#ifndef WAITS_SLOW_H
#define WAITS_SLOW_H

#include "waits_files.h"

#include <linux/fs.h>
#include <linux/fuse.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/random.h>

static int fuse_fd = -1;
static char *mapped;
static off_t from, to;
static uint64_t random_bytes;

static void answer(const struct fuse_in_header *in_header, int error, const void *body, size_t size)
{
	struct fuse_out_header header = {(uint32_t)(sizeof(header) + size), error,
					 in_header->unique};
	struct iovec parts[2] = {{&header, sizeof(header)}, {(void *)(uintptr_t)body, size}};

	/* A request may have been given up meanwhile. */
	if (writev(fuse_fd, parts, 2) < 0 && errno != ENOENT)
		_exit(4);
}

static struct fuse_attr attributes(uint64_t node)
{
	struct fuse_attr attr = {.ino = node, .nlink = 1, .blksize = 4096, .blocks = 8};

	attr.mode = node == FUSE_ROOT_ID ? S_IFDIR | 0755 : S_IFREG | 0600;
	attr.size = 4096;
	return attr;
}

/* Requests to which there is nothing to say. */
static int is_simple(uint32_t opcode)
{
	switch (opcode) {
	case FUSE_FLUSH:
	case FUSE_FSYNC:
	case FUSE_FALLOCATE:
	case FUSE_UNLINK:
	case FUSE_RENAME:
	case FUSE_RENAME2:
	case FUSE_RELEASE:
	case FUSE_RELEASEDIR:
	case FUSE_SYNCFS:
		return 1;
	default:
		return 0;
	}
}

static void serve(const struct fuse_in_header *request)
{
	const void *body = request + 1;
	/* a name's first letter is enough to tell the files apart */
	uint64_t node = 2u + *(const unsigned char *)body;
	struct fuse_entry_out entry = {.nodeid = node, .generation = 1, .attr = attributes(node)};
	struct fuse_attr_out attr = {.attr = attributes(request->nodeid)};
	struct fuse_open_out open_out = {.fh = 1};
	struct fuse_write_out written = {0};
	struct fuse_ioctl_out control = {0};
	struct fuse_init_out init = {
	    .major = 7, .minor = 31, .max_write = 4096, .max_readahead = 4096};
	struct fuse_kstatfs fs = {.bsize = 4096, .namelen = 255};

	switch (request->opcode) {
	case FUSE_INIT:
		answer(request, 0, &init, sizeof(init));
		break;
	case FUSE_LOOKUP:
		answer(request, 0, &entry, sizeof(entry));
		break;
	case FUSE_GETATTR:
	case FUSE_SETATTR:
		answer(request, 0, &attr, sizeof(attr));
		break;
	case FUSE_OPEN:
	case FUSE_OPENDIR:
		answer(request, 0, &open_out, sizeof(open_out));
		break;
	case FUSE_READ:
		answer(request, 0, buffer, ((const struct fuse_read_in *)body)->size);
		break;
	case FUSE_WRITE:
		written.size = ((const struct fuse_write_in *)body)->size;
		answer(request, 0, &written, sizeof(written));
		break;
	case FUSE_COPY_FILE_RANGE:
		written.size = (uint32_t)((const struct fuse_copy_file_range_in *)body)->len;
		answer(request, 0, &written, sizeof(written));
		break;
	case FUSE_IOCTL:
		answer(request, 0, &control, sizeof(control));
		break;
	case FUSE_STATFS:
		answer(request, 0, &fs, sizeof(fs));
		break;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		break;
	default:
		answer(request, is_simple(request->opcode) ? 0 : -ENOSYS, NULL, 0);
	}
}

static void *server(void *arg)
{
	static char request[1 << 16];

	while (read(fuse_fd, request, sizeof(request)) > 0) {
		struct fuse_in_header *header = (struct fuse_in_header *)request;

		if (slow_opcode && (int)header->opcode == slow_opcode) {
			slow_opcode = 0;
			clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
		}
		serve(header);
	}
	return arg;
}

static int slow_begin(void)
{
	char options[128];
	pthread_t thread;

	mkdir("slow", 0700);
	fuse_fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", fuse_fd);
	if (fuse_fd < 0 || mount("slow", "slow", "fuse", MS_NOSUID, options) != 0)
		return -1;
	CHECK(pthread_create(&thread, NULL, server, NULL) == 0);
	return 0;
}

static void slow_end(void)
{
	umount2("slow", MNT_DETACH);
}

/* Descriptors of two of its files, and nothing slow yet. */
static void set_slow(int opcode)
{
	CHECK((in = open("slow/file", O_RDWR)) >= 0);
	CHECK((out = open("slow/other", O_RDWR)) >= 0);
	from = to = 0;
	slow_opcode = opcode;
}
#define SET_SLOW(id, opcode)                                                                       \
	static void set_##id(void)                                                                 \
	{                                                                                          \
		set_slow(opcode);                                                                  \
	}
SET_SLOW(fsync, FUSE_FSYNC)
SET_SLOW(pread, FUSE_READ)
SET_SLOW(pwrite, FUSE_WRITE)
SET_SLOW(fallocate, FUSE_FALLOCATE)
SET_SLOW(truncate, FUSE_SETATTR)
SET_SLOW(rename, FUSE_RENAME)
SET_SLOW(rename2, FUSE_RENAME2)
SET_SLOW(unlink, FUSE_UNLINK)
SET_SLOW(copy, FUSE_COPY_FILE_RANGE)
SET_SLOW(ioctl, FUSE_IOCTL)

/* One that is opened by the call itself. */
static void set_lookup(void)
{
	out = -1;
	slow_opcode = FUSE_OPEN;
}

static void clear_slow(void)
{
	slow_opcode = 0;
	close_both();
}

static void set_msync(void)
{
	CHECK((in = open("slow/file", O_RDWR)) >= 0);
	mapped = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	out = -1;
	munmap(mapped, 4096);
	mapped = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, in, 0);
	CHECK(mapped != MAP_FAILED);
	mapped[0] = 1;
	slow_opcode = FUSE_FSYNC;
}

static void clear_msync(void)
{
	munmap(mapped, 4096);
	clear_slow();
}

static void set_flush(void)
{
	CHECK((in = open("slow/file", O_RDWR)) >= 0);
	slow_opcode = FUSE_FLUSH;
}

AS(ssize_t, s_preadv2, "preadv64v2", int, const struct iovec *, int, off_t, int);
AS(ssize_t, s_pwritev2, "pwritev64v2", int, const struct iovec *, int, off_t, int);

#define SLOW                                                                                       \
	X(fsync, "fsync", 0, 0, set_fsync, NULL, fsync(in), clear_slow)                            \
	X(fdatasync, "fdatasync", 0, 0, set_fsync, NULL, fdatasync(in), clear_slow)                \
	X(msync, "msync", 0, 0, set_msync, NULL, msync(mapped, 4096, MS_SYNC), clear_msync)        \
	X(close_slow, "close", 0, 0, set_flush, NULL, close(in), nothing)                          \
	X(pread, "pread", 8, 8, set_pread, NULL, pread(in, buffer, eight, 0), clear_slow)          \
	X(pread64, "pread", 8, 8, set_pread, NULL, pread64(in, buffer, eight, 0), clear_slow)      \
	X(a_pread64, "pread", 8, 8, set_pread, NULL, a_pread64(in, buffer, 8, 0), clear_slow)      \
	X(c_pread, "pread", 8, 8, set_pread, NULL, c_pread(in, buffer, 8, 0, 99), clear_slow)      \
	X(c_pread64, "pread", 8, 8, set_pread, NULL, c_pread64(in, buffer, 8, 0, 99), clear_slow)  \
	X(preadv, "preadv", 8, 8, set_pread, NULL, preadv(in, vector, 1, 0), clear_slow)           \
	X(preadv64, "preadv", 8, 8, set_pread, NULL, preadv64(in, vector, 1, 0), clear_slow)       \
	X(preadv2, "preadv2", 8, 8, set_pread, NULL, preadv2(in, vector, 1, 0, 0), clear_slow)     \
	X(preadv64v2, "preadv2", 8, 8, set_pread, NULL, s_preadv2(in, vector, 1, 0, 0),            \
	  clear_slow)                                                                              \
	X(pwrite, "pwrite", 8, 8, set_pwrite, NULL, pwrite(in, buffer, 8, 0), clear_slow)          \
	X(pwrite64, "pwrite", 8, 8, set_pwrite, NULL, pwrite64(in, buffer, 8, 0), clear_slow)      \
	X(a_pwrite64, "pwrite", 8, 8, set_pwrite, NULL, a_pwrite64(in, buffer, 8, 0), clear_slow)  \
	X(pwritev, "pwritev", 8, 8, set_pwrite, NULL, pwritev(in, vector, 1, 0), clear_slow)       \
	X(pwritev64, "pwritev", 8, 8, set_pwrite, NULL, pwritev64(in, vector, 1, 0), clear_slow)   \
	X(pwritev2, "pwritev2", 8, 8, set_pwrite, NULL, pwritev2(in, vector, 1, 0, 0), clear_slow) \
	X(pwritev64v2, "pwritev2", 8, 8, set_pwrite, NULL, s_pwritev2(in, vector, 1, 0, 0),        \
	  clear_slow)                                                                              \
	X(fallocate, "fallocate", 0, 0, set_fallocate, NULL, fallocate(in, 0, 0, 8192),            \
	  clear_slow)                                                                              \
	X(fallocate64, "fallocate", 0, 0, set_fallocate, NULL, fallocate64(in, 0, 0, 8192),        \
	  clear_slow)                                                                              \
	X(posix_fallocate, "posix_fallocate", 0, 0, set_fallocate, NULL,                           \
	  posix_fallocate(in, 0, 8192), clear_slow)                                                \
	X(posix_fallocate64, "posix_fallocate", 0, 0, set_fallocate, NULL,                         \
	  posix_fallocate64(in, 0, 8192), clear_slow)                                              \
	X(ftruncate, "ftruncate", 0, 0, set_truncate, NULL, ftruncate(in, 99), clear_slow)         \
	X(ftruncate64, "ftruncate", 0, 0, set_truncate, NULL, ftruncate64(in, 99), clear_slow)     \
	X(truncate, "truncate", 0, 0, set_truncate, NULL, truncate("slow/file", 99), clear_slow)   \
	X(truncate64, "truncate", 0, 0, set_truncate, NULL, truncate64("slow/file", 99),           \
	  clear_slow)                                                                              \
	X(rename, "rename", 0, 0, set_rename, NULL, rename("slow/file", "slow/new"), clear_slow)   \
	X(renameat, "renameat", 0, 0, set_rename, NULL,                                            \
	  renameat(AT_FDCWD, "slow/file", AT_FDCWD, "slow/new"), clear_slow)                       \
	X(renameat2, "renameat2", 0, 0, set_rename2, NULL,                                         \
	  renameat2(AT_FDCWD, "slow/file", AT_FDCWD, "slow/new", RENAME_EXCHANGE), clear_slow)     \
	X(unlink, "unlink", 0, 0, set_unlink, NULL, unlink("slow/file"), clear_slow)               \
	X(unlinkat, "unlinkat", 0, 0, set_unlink, NULL, unlinkat(AT_FDCWD, "slow/file", 0),        \
	  clear_slow)                                                                              \
	X(remove, "remove", 0, 0, set_unlink, NULL, remove("slow/file"), clear_slow)               \
	X(open_slow, "open", 0, 0, set_lookup, NULL, OPENED(open("slow/new", O_RDONLY)),           \
	  clear_slow)                                                                              \
	X(copy_file_range, "copy_file_range", 8, 8, set_copy, NULL,                                \
	  copy_file_range(in, &from, out, &to, 8, 0), clear_slow)                                  \
	X(ioctl, "ioctl", 0, 0, set_ioctl, NULL, ioctl(in, FIGETBSZ + 0x100, &from), clear_slow)   \
	X(sync, "sync", 0, 0, nothing, NULL, (sync(), 0), nothing)                                 \
	X(syncfs, "syncfs", 0, 0, set_fsync, NULL, syncfs(in), clear_slow)                         \
	X(sync_file_range, "sync_file_range", 0, 0, set_fsync, NULL,                               \
	  sync_file_range(in, 0, 4096, SYNC_FILE_RANGE_WRITE), clear_slow)                         \
	X(getrandom, "getrandom", 8, 8, nothing, NULL, getrandom(&random_bytes, 8, 0), nothing)

#endif
