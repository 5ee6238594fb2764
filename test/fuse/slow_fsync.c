/* A file system of one file, `journal`, whose fsync takes until the test says so: it reads a
 * byte from a named pipe.
 *	slow_fsync PIPE -f MOUNTPOINT */
#define FUSE_USE_VERSION 31
#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <string.h>
#include <unistd.h>

static const char *pipe_name;

static int is_journal(const char *path)
{
	return strcmp(path, "/journal") == 0;
}

static int get_attributes(const char *path, struct stat *st, struct fuse_file_info *file)
{
	(void)file;
	memset(st, 0, sizeof(*st));
	st->st_nlink = 1;
	st->st_mode = is_journal(path) ? S_IFREG | 0600 : S_IFDIR | 0700;
	return is_journal(path) || strcmp(path, "/") == 0 ? 0 : -ENOENT;
}

static int open_file(const char *path, struct fuse_file_info *file)
{
	(void)file;
	return is_journal(path) ? 0 : -ENOENT;
}

static int write_file(const char *path, const char *from, size_t bytes, off_t at,
		      struct fuse_file_info *file)
{
	(void)path, (void)from, (void)at, (void)file;
	return (int)bytes;
}

static int sync_file(const char *path, int data_only, struct fuse_file_info *file)
{
	int fd = open(pipe_name, O_RDWR);
	char byte;

	(void)path, (void)data_only, (void)file;
	while (read(fd, &byte, 1) < 0 && errno == EINTR)
		;
	close(fd);
	return 0;
}

static const struct fuse_operations operations = {
    .getattr = get_attributes, .open = open_file, .write = write_file, .fsync = sync_file};

int main(int argc, char **argv)
{
	if (argc < 3)
		return 1;
	pipe_name = argv[1];
	argv[1] = argv[0];
	return fuse_main(argc - 1, argv + 1, &operations, NULL);
}
