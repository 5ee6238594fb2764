#include "input/status.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *vr_status_name(enum vr_status status)
{
	static const char *const name[VR_STATUS_COUNT] = {
	    [VR_STATUS_STARTING] = "starting", [VR_STATUS_RUNNING] = "running",
	    [VR_STATUS_EXITED] = "exited",     [VR_STATUS_EXECED] = "execed",
	    [VR_STATUS_KILLED] = "killed",     [VR_STATUS_UNFINISHED] = "unfinished",
	};

	return (unsigned)status < VR_STATUS_COUNT ? name[status] : "unknown";
}

/* Reads the first line of a small file.  Returns 0 or -1. */
static int read_line(const char *path, char *buf, size_t len)
{
	FILE *in = fopen(path, "re");
	int ok = in && fgets(buf, (int)len, in);

	if (in)
		fclose(in);
	if (!ok)
		return -1;
	buf[strcspn(buf, "\n")] = '\0';
	return 0;
}

/* 1 when the pid exists, is no zombie and was started at start_ticks. */
static int is_alive(uint32_t pid, uint64_t start_ticks)
{
	char path[64];
	char buf[2048];
	char *at;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/stat", pid);
	if (read_line(path, buf, sizeof(buf)) < 0)
		return 0;
	/* Field 2 is the name, which may hold blanks and parentheses. */
	at = strrchr(buf, ')');
	if (!at || at[1] != ' ' || at[2] == 'Z' || at[2] == 'X')
		return 0;
	at++;
	for (int field = 3; field < 22 && at; field++)
		at = strchr(at + 1, ' ');
	return at && strtoull(at, NULL, 10) == start_ticks;
}

int vr_status_is_mapped(int fd)
{
	struct flock lock = {
	    .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = VPROF_ALIVE_BYTE, .l_len = 1};

	return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

/* By its pid, where that is one of ours: in another pid namespace it is somebody else's. */
static int is_found(const struct vr_file *file)
{
	const struct vprof_header *h = &file->header;
	struct stat ours;

	if (!file->same_boot)
		return 0;
	if (h->pid_namespace && stat("/proc/self/ns/pid", &ours) == 0 &&
	    ours.st_ino != h->pid_namespace)
		return 0;
	return is_alive(h->pid, h->start_ticks);
}

void vr_status_find(struct vr_file *file, int mapped)
{
	const struct vprof_header *h = &file->header;
	char boot[128] = "";
	char host[256] = "";
	int same_host;

	read_line("/proc/sys/kernel/random/boot_id", boot, sizeof(boot));
	gethostname(host, sizeof(host) - 1);
	same_host = strcmp(host, vr_file_string(file, h->host)) == 0;
	file->same_boot = boot[0] && strcmp(boot, vr_file_string(file, h->boot_id)) == 0;

	if (h->state == VPROF_STATE_EXITED && h->exit_kind == VPROF_EXIT_SIGNAL)
		file->status = VR_STATUS_KILLED;
	else if (h->state == VPROF_STATE_EXITED)
		file->status = VR_STATUS_EXITED;
	else if (h->state == VPROF_STATE_EXECED)
		file->status = VR_STATUS_EXECED;
	else if (mapped || is_found(file))
		file->status =
		    h->state == VPROF_STATE_STARTING ? VR_STATUS_STARTING : VR_STATUS_RUNNING;
	else if (same_host)
		/* Where a process of another container could set no lock, its host
		 * name differs from ours. */
		file->status = VR_STATUS_KILLED;
	else
		file->status = VR_STATUS_UNFINISHED;
}
