/* A program that is recorded: what the library itself says of this machine. */
#include "verbs/doctor/doctor.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/library.h"
#include "cli/xalloc.h"
#include "input/read.h"
#include "text/names.h"

#define SAID_MOST 4096u

/* Ourselves, printing a version: any program would do, and this one is there. */
static _Noreturn void become(const char *library, const char *out, int said)
{
	const char *before = getenv("VPROF_OPTIONS"), *preload = getenv("LD_PRELOAD");
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	setenv(
	    "LD_PRELOAD",
	    vr_xprintf("%s%s%s", library, preload && *preload ? ":" : "", preload ? preload : ""),
	    1);
	setenv("VPROF_OPTIONS",
	       vr_xprintf("%s%sout='%s'", before ? before : "", before && *before ? ":" : "", out),
	       1);
	dup2(null, 0);
	dup2(null, 1);
	dup2(said, 2);
	alarm(20);
	execl("/proc/self/exe", "vprof-report", "--version", (char *)NULL);
	_exit(127);
}

/* What it says on stderr, its first line; the status into *status.  free() it. */
static char *run(const char *library, const char *out, int *status)
{
	char *said = vr_xcalloc(SAID_MOST, 1);
	size_t length = 0;
	int ends[2];
	ssize_t got;
	pid_t pid;

	*status = -1;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return said;
	fflush(NULL);
	pid = fork();
	if (pid == 0)
		become(library, out, ends[1]);
	close(ends[1]);
	while (length < SAID_MOST - 1 &&
	       ((got = read(ends[0], said + length, SAID_MOST - 1 - length)) > 0 ||
		(got < 0 && errno == EINTR)))
		length += got > 0 ? (size_t)got : 0;
	close(ends[0]);
	if (pid > 0)
		while (waitpid(pid, status, 0) < 0 && errno == EINTR)
			;
	said[strcspn(said, "\n")] = '\0';
	return said;
}

static void judge_record(struct vr_doctor *doctor, const struct vr_file *file, const char *said)
{
	const struct vprof_header *h = &file->header;
	const char *note = vr_file_string(file, h->engine_note);

	if (h->flags & VPROF_F_NO_HELPER)
		vr_doctor_add(
		    doctor, "trial", VR_HEALTH_LESS,
		    vr_xprintf("recorded, but without a helper task: no timeline, and no "
			       "perf events%s%s",
			       *said ? "; it said: " : "", said),
		    vr_xstrdup("allow one more task (ulimit -u, pids.max of the cgroup), and "
			       "clone in a seccomp filter"));
	else if (h->libc_unlike)
		vr_doctor_add(doctor, "trial", VR_HEALTH_LESS,
			      vr_xprintf("recorded; the C library is not as known: %s",
					 vr_file_string(file, h->libc_unlike)),
			      vr_xstrdup("none; what depends on it is off"));
	else if (h->cpu_hz && !h->engine)
		vr_doctor_add(doctor, "trial", VR_HEALTH_LESS,
			      vr_xprintf("recorded, without CPU samples: %s", note),
			      vr_xstrdup("see perf events, above; engine=perf forbids the timer"));
	else
		vr_doctor_add(doctor, "trial", VR_HEALTH_FINE,
			      vr_xprintf("a program was recorded; CPU samples: %s%s%s",
					 vr_engine_name(h->engine), *note ? ", " : "", note),
			      NULL);
}

static void judge(struct vr_doctor *doctor, const char *out, const char *said, int status)
{
	struct vr_file *file = NULL;
	struct vr_err err;

	if (vr_file_open(out, &file, &err) == 0)
		judge_record(doctor, file, said);
	else if (*said)
		vr_doctor_add(doctor, "trial", VR_HEALTH_BAD, vr_xprintf("no record: %s", said),
			      vr_xstrdup("what it says, or what is said above"));
	else
		vr_doctor_add(
		    doctor, "trial", VR_HEALTH_BAD,
		    vr_xprintf("no record, and nothing was said (%s %d)",
			       WIFSIGNALED(status) ? "signal" : "status",
			       WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status)),
		    vr_xstrdup("a seccomp filter may kill for system calls of the library: "
			       "docs/hazards.md names them"));
	vr_file_close(file);
}

/* Its own children's records lie there, too. */
static void remove_all(const char *dir)
{
	DIR *files = opendir(dir);
	struct dirent *entry;

	while (files && (entry = readdir(files)))
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(files), entry->d_name, 0);
	if (files)
		closedir(files);
	rmdir(dir);
}

void vr_doctor_trial(struct vr_doctor *doctor)
{
	const char *parent = getenv("TMPDIR");
	char *dir, *out, *said;
	int status;

	if (!doctor->library || vr_library_splits(doctor->library))
		return;
	dir = vr_xprintf("%s/vprof-doctor-XXXXXX", parent && *parent ? parent : "/tmp");
	if (mkdtemp(dir) && !strpbrk(dir, "'%")) {
		out = vr_xprintf("%s/trial.vprof", dir);
		said = run(doctor->library, out, &status);
		judge(doctor, out, said, status);
		free(said);
		free(out);
		remove_all(dir);
	}
	free(dir);
}
