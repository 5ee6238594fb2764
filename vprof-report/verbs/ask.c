#include "verbs/ask.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "cli/warn.h"
#include "cli/xalloc.h"
#include "input/read.h"
#include "input/running.h"
#include "text/names.h"

#define LIMIT_NS      (3ull * 1000 * 1000 * 1000)  /* for an answer, and three ticks */
#define LOCK_LIMIT_NS LIMIT_NS			   /* for others who ask */
#define SCAN_LIMIT_NS (60ull * 1000 * 1000 * 1000) /* for the result of a search */

#define TICK_MAX_MS 60000u /* as the library allows */

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void nap(void)
{
	nanosleep(&(struct timespec){0, 5000000}, NULL);
}

/* The fields are read and written by system calls and not through a mapping: a file
 * that somebody cuts short meanwhile is an error then and no SIGBUS.  Calls follow
 * each other in the order that the process must see. */
static int get(int fd, size_t offset, void *to, size_t size)
{
	ssize_t got = pread(fd, to, size, (off_t)offset);

	return got == (ssize_t)size ? 0 : got < 0 ? -errno : -ENODATA;
}

static int put(int fd, size_t offset, const void *from, size_t size)
{
	ssize_t done = pwrite(fd, from, size, (off_t)offset);

	return done == (ssize_t)size ? 0 : done < 0 ? -errno : -ENOSPC;
}

#define AT(field)      offsetof(struct vprof_header, field)
#define GET(fd, field) get(fd, AT(field), &header->field, sizeof(header->field))
#define PUT(fd, field) put(fd, AT(field), &header->field, sizeof(header->field))

/* Takes the lock on the file.  Returns 0, or -EBUSY when others keep it. */
static int take_lock(int fd)
{
	uint64_t until = now_ns() + LOCK_LIMIT_NS;

	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		if (now_ns() > until)
			return -EBUSY;
		nap();
	}
	return 0;
}

/* Waits for the answer to request `number`.  Returns 0 or -errno. */
static int await(int fd, struct vprof_header *header, uint32_t number, uint64_t until_ns)
{
	int ret;

	while ((ret = GET(fd, ctl_answered)) == 0 && header->ctl_answered != number) {
		if (now_ns() > until_ns)
			return -ETIMEDOUT;
		nap();
	}
	return ret;
}

/* Asks as docs/format.md has it, the lock held.  Returns the process's answer:
 * 0 or -errno; or -ETIMEDOUT. */
static int ask(int fd, struct vprof_header *header, uint32_t verb, const char *text)
{
	uint64_t tick_ms = header->tick_ms < TICK_MAX_MS ? header->tick_ms : TICK_MAX_MS;
	uint64_t until = now_ns() + LIMIT_NS + tick_ms * 3000000ull;
	int ret = GET(fd, ctl_asked);

	/* Somebody may have asked and gone. */
	if (ret == 0)
		ret = await(fd, header, header->ctl_asked, until);
	memset(header->ctl_text, 0, sizeof(header->ctl_text));
	memcpy(header->ctl_text, text, strlen(text));
	header->ctl_verb = verb;
	header->ctl_asked++;
	if (ret == 0)
		ret = PUT(fd, ctl_text);
	if (ret == 0)
		ret = PUT(fd, ctl_verb);
	if (ret == 0)
		ret = PUT(fd, ctl_asked);
	if (ret == 0)
		ret = await(fd, header, header->ctl_asked, until);
	if (ret == 0)
		ret = GET(fd, ctl_result);
	return ret ? ret : header->ctl_result;
}

/* Waits for the search begun after scan number `before`. */
static int await_scan(int fd, struct vprof_header *header, uint32_t before)
{
	uint64_t until = now_ns() + SCAN_LIMIT_NS;

	for (;;) {
		int ret = get(fd, 0, header, sizeof(*header));

		if (ret < 0)
			return ret;
		if (header->scan_count != before && header->scan_state != VPROF_SCAN_RUNNING)
			return header->scan_state == VPROF_SCAN_COMPLETE ? 0 : -EIO;
		if (now_ns() > until)
			return -ETIMEDOUT;
		nap();
	}
}

static int say_error(const char *path, int err)
{
	if (err == -ETIMEDOUT)
		vr_warn("%s: no answer: the process is stopped, or has just ended", path);
	else if (err == -EBUSY)
		vr_warn("%s: somebody else holds the lock on it (another vprof-report ctl?)", path);
	else if (err == -ENODATA)
		vr_warn("%s: was cut short meanwhile", path);
	else if (err == -EOPNOTSUPP)
		vr_warn("%s: the process cannot do this with the options it runs with", path);
	else if (err == -EIO)
		vr_warn("%s: the search failed; `vprof-report leaks` says why", path);
	else
		vr_warn("%s: %s", path, strerror(-err));
	return VR_EXIT_USAGE;
}

static int open_record(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	return -EINVAL;
}

/* The process said why. */
static int say_refusal(const char *path, const struct vprof_header *header, int err)
{
	if (!header->ctl_said[0])
		return say_error(path, err);
	vr_warn("%s: %.*s", path, (int)sizeof(header->ctl_said), header->ctl_said);
	return VR_EXIT_USAGE;
}

int vr_ask(const char *path, uint32_t verb, const char *text, struct vprof_header *header)
{
	int fd = open_record(path);
	int ret, asked = 0;

	memset(header, 0, sizeof(*header)); /* nothing, where nobody could be asked */
	if (fd < 0)
		return say_error(path, fd);
	ret = take_lock(fd);
	if (ret == 0)
		ret = get(fd, 0, header, sizeof(*header));
	if (ret == 0) {
		uint32_t scans = header->scan_count;

		header->ctl_said[0] = '\0';
		ret = ask(fd, header, verb, text);
		asked = ret < 0 && header->ctl_answered == header->ctl_asked;
		if (ret == 0 && verb == VPROF_CTL_LEAKSCAN)
			ret = await_scan(fd, header, scans);
	}
	if (asked && get(fd, AT(ctl_said), header->ctl_said, sizeof(header->ctl_said)) < 0)
		header->ctl_said[0] = '\0';
	close(fd);
	return ret < 0 ? say_refusal(path, header, ret) : VR_EXIT_OK;
}

int vr_ask_alive(const char *path)
{
	struct vr_file *file;
	struct vr_err err;
	char *status;
	int ret = 0;

	if (vr_file_open(path, &file, &err) < 0) {
		vr_warn("%s: %s", path, err.text);
		return VR_EXIT_INPUT;
	}
	if (file->status != VR_STATUS_RUNNING && file->status != VR_STATUS_UNFINISHED) {
		status = vr_status_text(file);
		vr_warn("%s: the process is not there to answer: %s", path, status);
		free(status);
		ret = VR_EXIT_USAGE;
	} else if (file->header.flags & VPROF_F_NO_HELPER) {
		vr_warn("%s: the library has no thread of its own in this process", path);
		ret = VR_EXIT_USAGE;
	}
	vr_file_close(file);
	return ret;
}

char *vr_ask_record(const char *name)
{
	struct stat st;
	struct vr_err err;
	char *path;
	int ret;

	if (!*name || name[strspn(name, "0123456789")] || stat(name, &st) == 0)
		return vr_xstrdup(name);
	ret = vr_running_record(strtoul(name, NULL, 10), &path, &err);
	if (ret == 0)
		return path;
	if (ret == -ESRCH)
		vr_warn("%s: there is no such file, and no such process", name);
	else
		vr_warn("%s", err.text);
	return NULL;
}
