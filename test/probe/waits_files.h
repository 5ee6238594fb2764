/* Cases of waits_known.c: descriptors, files, the time. */
#ifndef WAITS_FILES_H
#define WAITS_FILES_H

#include "waits_known.h"

AS(ssize_t, a_read, "__read", int, void *, size_t);
AS(ssize_t, c_read, "__read_chk", int, void *, size_t, size_t);
AS(ssize_t, a_write, "__write", int, const void *, size_t);
AS(ssize_t, a_pread64, "__pread64", int, void *, size_t, off_t);
AS(ssize_t, c_pread, "__pread_chk", int, void *, size_t, off_t, size_t);
AS(ssize_t, c_pread64, "__pread64_chk", int, void *, size_t, off_t, size_t);
AS(ssize_t, a_pwrite64, "__pwrite64", int, const void *, size_t, off_t);
AS(int, a_open, "__open", const char *, int, ...);
AS(int, a_open64, "__open64", const char *, int, ...);
AS(int, c_open, "__open_2", const char *, int);
AS(int, c_open64, "__open64_2", const char *, int);
AS(int, c_openat, "__openat_2", int, const char *, int);
AS(int, c_openat64, "__openat64_2", int, const char *, int);
AS(int, a_close, "__close", int);
AS(int, a_fcntl, "__fcntl", int, int, ...);
AS(int, a_nanosleep, "__nanosleep", const struct timespec *, struct timespec *);
AS(int, a_poll, "__poll", struct pollfd *, nfds_t, int);
AS(int, c_poll, "__poll_chk", struct pollfd *, nfds_t, int, size_t);
AS(int, c_ppoll, "__ppoll_chk", struct pollfd *, nfds_t, const struct timespec *, const sigset_t *,
   size_t);
AS(int, a_select, "__select", int, fd_set *, fd_set *, fd_set *, struct timeval *);
AS(int, timed_sleep, "thrd_sleep", const struct timespec *, struct timespec *);

static struct iovec vector[1] = {{buffer, 8}};
static struct pollfd asked[1];
static fd_set chosen;
static struct epoll_event came[4];

static void set_pipe(void)
{
	int ends[2];

	CHECK(pipe(ends) == 0);
	in = ends[0];
	out = ends[1];
	asked[0] = (struct pollfd){.fd = in, .events = POLLIN};
	FD_ZERO(&chosen);
	FD_SET(in, &chosen);
}

static void set_epoll(void)
{
	struct epoll_event wanted = {.events = EPOLLIN};

	set_pipe();
	other = epoll_create1(0);
	CHECK(epoll_ctl(other, EPOLL_CTL_ADD, in, &wanted) == 0);
}

static void clear_epoll(void)
{
	close(other);
	close_both();
}

static void fill(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	while (write(fd, buffer, 4096) > 0)
		;
	while (write(fd, buffer, 1) > 0)
		;
	fcntl(fd, F_SETFL, flags);
}

static void set_full(void)
{
	set_pipe();
	fill(out);
}

static void feed_eight(void)
{
	CHECK(write(out, "2345678\n", 8) == 8);
}

static void drain(void)
{
	int flags = fcntl(in, F_GETFL);

	fcntl(in, F_SETFL, flags | O_NONBLOCK);
	while (read(in, buffer + 65536, 65536) > 0)
		;
	fcntl(in, F_SETFL, flags);
}

/* A second pipe, full: what is spliced, or sent from a file, has to wait. */
static void set_splice(void)
{
	int ends[2];

	CHECK(pipe(ends) == 0);
	other = ends[0];
	set_pipe();
	close(out);
	out = ends[1];
	CHECK(fcntl(out, F_SETPIPE_SZ, 4096) == 4096);
	fill(out);
	close(in);
	in = open("file", O_RDWR | O_CREAT, 0600);
	CHECK(in >= 0 && ftruncate(in, 8) == 0);
}

static void drain_other(void)
{
	CHECK(read(other, buffer + 65536, 65536) > 0);
}

static void clear_splice(void)
{
	close(other);
	close_both();
}

static void set_fifo(void)
{
	snprintf(path, sizeof(path), "fifo");
	unlink(path);
	CHECK(mkfifo(path, 0600) == 0);
	out = -1;
}

static void open_other(void)
{
	CHECK((out = open(path, O_RDWR)) >= 0); /* waits for nobody itself */
}

static void clear_fifo(void)
{
	if (stream)
		fclose(stream);
	else
		close(in);
	stream = NULL;
	close(out);
	unlink(path);
}
#define OPENED(call) ((in = (call)) >= 0 ? 0 : -1)

/* Locks of files belong to an open file, or to a process: the one who has them in the way
 * is another open file, or a thread that shares no descriptors. */
static struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
static struct flock none = {.l_type = F_UNLCK, .l_whence = SEEK_SET};

static void set_locked(void)
{
	in = open("file", O_RDWR | O_CREAT, 0600);
	out = open("file", O_RDWR);
	CHECK(in >= 0 && out >= 0);
	CHECK(flock(out, LOCK_EX) == 0 && fcntl(out, F_OFD_SETLK, &whole) == 0);
}

static void unlock_file(void)
{
	CHECK(flock(out, LOCK_UN) == 0 && fcntl(out, F_OFD_SETLK, &none) == 0);
}

#define FILES                                                                                      \
	X(read, "read", 8, 8, set_pipe, feed_eight, read(in, buffer, eight), close_both)           \
	X(a_read, "read", 8, 8, set_pipe, feed_eight, a_read(in, buffer, 8), close_both)           \
	X(c_read, "read", 8, 8, set_pipe, feed_eight, c_read(in, buffer, 8, 99), close_both)       \
	X(readv, "readv", 8, 8, set_pipe, feed_eight, readv(in, vector, 1), close_both)            \
	X(write, "write", 8, 8, set_full, drain, write(out, buffer, 8), close_both)                \
	X(a_write, "write", 8, 8, set_full, drain, a_write(out, buffer, 8), close_both)            \
	X(writev, "writev", 8, 8, set_full, drain, writev(out, vector, 1), close_both)             \
	X(splice, "splice", 8, 8, set_splice, drain_other, splice(in, NULL, out, NULL, 8, 0),      \
	  clear_splice)                                                                            \
	X(vmsplice, "vmsplice", 8, 8, set_splice, drain_other, vmsplice(out, vector, 1, 0),        \
	  clear_splice)                                                                            \
	X(tee, "tee", 8, 8, set_tee, drain_other, tee(in, out, 8, 0), clear_splice)                \
	X(sendfile, "sendfile", 8, 8, set_splice, drain_other, sendfile(out, in, NULL, 8),         \
	  clear_splice)                                                                            \
	X(sendfile64, "sendfile", 8, 8, set_splice, drain_other, sendfile64(out, in, NULL, 8),     \
	  clear_splice)                                                                            \
	X(open, "open", 0, 0, set_fifo, open_other, OPENED(open(path, O_RDONLY)), clear_fifo)      \
	X(open64, "open", 0, 0, set_fifo, open_other, OPENED(open64(path, O_RDONLY)), clear_fifo)  \
	X(a_open, "open", 0, 0, set_fifo, open_other, OPENED(a_open(path, O_RDONLY)), clear_fifo)  \
	X(a_open64, "open", 0, 0, set_fifo, open_other, OPENED(a_open64(path, O_RDONLY)),          \
	  clear_fifo)                                                                              \
	X(c_open, "open", 0, 0, set_fifo, open_other, OPENED(c_open(path, O_RDONLY)), clear_fifo)  \
	X(c_open64, "open", 0, 0, set_fifo, open_other, OPENED(c_open64(path, O_RDONLY)),          \
	  clear_fifo)                                                                              \
	X(openat, "openat", 0, 0, set_fifo, open_other, OPENED(openat(AT_FDCWD, path, O_RDONLY)),  \
	  clear_fifo)                                                                              \
	X(openat64, "openat", 0, 0, set_fifo, open_other,                                          \
	  OPENED(openat64(AT_FDCWD, path, O_RDONLY)), clear_fifo)                                  \
	X(c_openat, "openat", 0, 0, set_fifo, open_other,                                          \
	  OPENED(c_openat(AT_FDCWD, path, O_RDONLY)), clear_fifo)                                  \
	X(c_openat64, "openat", 0, 0, set_fifo, open_other,                                        \
	  OPENED(c_openat64(AT_FDCWD, path, O_RDONLY)), clear_fifo)                                \
	X(creat, "creat", 0, 0, set_fifo, open_other, OPENED(creat(path, 0600)), clear_fifo)       \
	X(creat64, "creat", 0, 0, set_fifo, open_other, OPENED(creat64(path, 0600)), clear_fifo)   \
	X(fopen, "fopen", 0, 0, set_fifo, open_other, (stream = fopen(path, "r")) ? 0 : -1,        \
	  clear_fifo)                                                                              \
	X(fopen64, "fopen", 0, 0, set_fifo, open_other, (stream = fopen64(path, "r")) ? 0 : -1,    \
	  clear_fifo)                                                                              \
	X(flock, "flock", 0, 0, set_locked, unlock_file, flock(in, LOCK_EX), close_both)           \
	X(fcntl, "fcntl", 0, 0, set_locked, unlock_file, fcntl(in, F_OFD_SETLKW, &whole),          \
	  close_both)                                                                              \
	X(fcntl64, "fcntl", 0, 0, set_locked, unlock_file, fcntl64(in, F_OFD_SETLKW, &whole),      \
	  close_both)                                                                              \
	X(a_fcntl, "fcntl", 0, 0, set_locked, unlock_file, a_fcntl(in, F_OFD_SETLKW, &whole),      \
	  close_both)                                                                              \
	X(nanosleep, "nanosleep", 0, 0, nothing, NULL, nanosleep(&span, NULL), nothing)            \
	X(a_nanosleep, "nanosleep", 0, 0, nothing, NULL, a_nanosleep(&span, NULL), nothing)        \
	X(clock_nanosleep, "clock_nanosleep", 0, 0, nothing, NULL,                                 \
	  clock_nanosleep(CLOCK_MONOTONIC, 0, &span, NULL), nothing)                               \
	X(usleep, "usleep", 0, 0, nothing, NULL, usleep((useconds_t)span.tv_nsec / 1000), nothing) \
	X(thrd_sleep, "thrd_sleep", 0, 0, nothing, NULL, timed_sleep(&span, NULL), nothing)        \
	X(poll, "poll", 0, 1, set_pipe, feed_eight, poll(asked, eight / 8, -1), close_both)        \
	X(a_poll, "poll", 0, 1, set_pipe, feed_eight, a_poll(asked, 1, -1), close_both)            \
	X(c_poll, "poll", 0, 1, set_pipe, feed_eight, c_poll(asked, 1, -1, 99), close_both)        \
	X(ppoll, "ppoll", 0, 1, set_pipe, feed_eight, ppoll(asked, eight / 8, NULL, NULL),         \
	  close_both)                                                                              \
	X(c_ppoll, "ppoll", 0, 1, set_pipe, feed_eight, c_ppoll(asked, 1, NULL, NULL, 99),         \
	  close_both)                                                                              \
	X(select, "select", 0, 1, set_pipe, feed_eight, select(in + 1, &chosen, NULL, NULL, NULL), \
	  close_both)                                                                              \
	X(a_select, "select", 0, 1, set_pipe, feed_eight,                                          \
	  a_select(in + 1, &chosen, NULL, NULL, NULL), close_both)                                 \
	X(pselect, "pselect", 0, 1, set_pipe, feed_eight,                                          \
	  pselect(in + 1, &chosen, NULL, NULL, NULL, NULL), close_both)                            \
	X(epoll_wait, "epoll_wait", 0, 1, set_epoll, feed_eight, epoll_wait(other, came, 4, -1),   \
	  clear_epoll)                                                                             \
	X(epoll_pwait, "epoll_pwait", 0, 1, set_epoll, feed_eight,                                 \
	  epoll_pwait(other, came, 4, -1, NULL), clear_epoll)                                      \
	X(epoll_pwait2, "epoll_pwait2", 0, 1, set_epoll, feed_eight,                               \
	  epoll_pwait2(other, came, 4, NULL, NULL), clear_epoll)

/* tee needs a pipe with something in it. */
static void set_tee(void)
{
	int ends[2];

	set_splice();
	close(in);
	CHECK(pipe(ends) == 0 && write(ends[1], buffer, 8) == 8);
	in = ends[0];
	close(ends[1]);
}

#endif
