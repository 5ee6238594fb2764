#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "commands/command.h"

#define LIMIT_NS      (3ull * 1000 * 1000 * 1000)  /* for an answer, and three ticks */
#define SCAN_LIMIT_NS (60ull * 1000 * 1000 * 1000) /* for the result of a search */

static const struct {
	const char *name, *done;
	uint32_t verb;
} verbs[] = {
    {"pause", "paused", VPROF_CTL_PAUSE},
    {"resume", "recording", VPROF_CTL_RESUME},
    {"mark", "marked", VPROF_CTL_MARK},
    {"leakscan", "searched", VPROF_CTL_LEAKSCAN},
};

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

/* Waits for the answer to request `number`.  Returns 0 or -ETIMEDOUT. */
static int await(const struct vprof_header *header, uint32_t number, uint64_t until_ns)
{
	while (__atomic_load_n(&header->ctl_answered, __ATOMIC_ACQUIRE) != number) {
		if (now_ns() > until_ns)
			return -ETIMEDOUT;
		nap();
	}
	return 0;
}

/* Asks as docs/format.md has it, the lock held.  Returns the process's answer:
 * 0 or -errno; or -ETIMEDOUT. */
static int ask(struct vprof_header *header, uint32_t verb, const char *text)
{
	uint64_t until = now_ns() + LIMIT_NS + header->tick_ms * 3000000ull;
	uint32_t number = header->ctl_asked;

	/* Somebody may have asked and gone. */
	if (await(header, number, until) < 0)
		return -ETIMEDOUT;
	memset(header->ctl_text, 0, sizeof(header->ctl_text));
	memcpy(header->ctl_text, text, strlen(text));
	header->ctl_verb = verb;
	__atomic_store_n(&header->ctl_asked, number + 1, __ATOMIC_RELEASE);
	return await(header, number + 1, until) < 0 ? -ETIMEDOUT : header->ctl_result;
}

/* Waits for the search begun after scan number `before`. */
static int await_scan(const struct vprof_header *header, uint32_t before)
{
	uint64_t until = now_ns() + SCAN_LIMIT_NS;

	while (header->scan_count == before || header->scan_state == VPROF_SCAN_RUNNING) {
		if (now_ns() > until)
			return -ETIMEDOUT;
		nap();
	}
	return header->scan_state == VPROF_SCAN_COMPLETE ? 0 : -EIO;
}

static int say_error(const char *path, int err)
{
	if (err == -ETIMEDOUT)
		vr_warn("%s: no answer: the process is stopped, or has just ended", path);
	else if (err == -EOPNOTSUPP)
		vr_warn("%s: the process cannot do this with the options it runs with", path);
	else if (err == -EIO)
		vr_warn("%s: the search failed; `vprof-report leaks` says why", path);
	else
		vr_warn("%s: %s", path, strerror(-err));
	return VR_EXIT_USAGE;
}

static int control(const char *path, size_t which, const char *text)
{
	struct vprof_header *header;
	char pause[VR_UNIT_MAX];
	int fd = open(path, O_RDWR | O_CLOEXEC);
	uint32_t scans;
	int ret;

	if (fd < 0)
		return say_error(path, -errno);
	header = mmap(NULL, sizeof(*header), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (header == MAP_FAILED || flock(fd, LOCK_EX) < 0) {
		ret = -errno;
		close(fd);
		return say_error(path, ret);
	}
	scans = header->scan_count;
	ret = ask(header, verbs[which].verb, text);
	if (ret == 0 && verbs[which].verb == VPROF_CTL_LEAKSCAN)
		ret = await_scan(header, scans);
	if (ret < 0)
		ret = say_error(path, ret);
	else if (verbs[which].verb == VPROF_CTL_LEAKSCAN)
		printf("searched: %" PRIu64 " blocks, the process stood still for %s\n",
		       header->scan_blocks, vr_format_ns(pause, header->scan_pause_ns));
	else
		printf("%s\n", verbs[which].done);
	munmap(header, sizeof(*header));
	close(fd);
	return ret;
}

/* Only a process that lives can answer.  Returns 0 or enum vr_exit. */
static int check_alive(const char *path)
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

int vr_ctl(const struct vr_opts *opts)
{
	size_t which = 0, count = sizeof(verbs) / sizeof(verbs[0]);
	const char *text = opts->operands > 2 ? opts->operand[2] : "";
	int is_mark, ret;

	while (opts->operands > 1 && which < count &&
	       strcmp(opts->operand[1], verbs[which].name) != 0)
		which++;
	if (opts->operands < 2 || which == count) {
		vr_warn("ctl wants FILE and a verb: pause, resume, mark NAME, leakscan");
		return VR_EXIT_USAGE;
	}
	is_mark = verbs[which].verb == VPROF_CTL_MARK;
	if (opts->operands != (is_mark ? 3u : 2u)) {
		vr_warn(is_mark ? "ctl FILE mark wants one NAME" : "ctl FILE %s takes nothing more",
			verbs[which].name);
		return VR_EXIT_USAGE;
	}
	if (is_mark && (!*text || strlen(text) >= sizeof(((struct vprof_header *)0)->ctl_text))) {
		vr_warn("the name of a mark has 1 to 55 bytes");
		return VR_EXIT_USAGE;
	}
	ret = check_alive(opts->operand[0]);
	return ret ? ret : control(opts->operand[0], which, text);
}

const struct vr_command vr_cmd_ctl = {
    .name = "ctl",
    .summary = "asks a running process, through its file, to do something",
    .usage = "FILE pause|resume|mark NAME|leakscan",
    .detail =
	"pause stops the recording: allocations, waits and samples are not seen until resume,\n"
	"frees of blocks recorded before are. mark counts a mark, as vprof_mark() does.\n"
	"leakscan searches for lost blocks now. The process answers at its next tick;\n"
	"status 1: it is not there, does not answer, or cannot.",
};
