/* One program: can it be profiled, and what would a report know of it? */
#include "verbs/doctor/doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/binary.h"
#include "cli/library.h"
#include "cli/quote.h"
#include "cli/target.h"
#include "cli/text.h"
#include "cli/xalloc.h"
#include "symbols/sym_check.h"

/* --- whose debug file it would be --------------------------------------------- */

/* The first word that a command prints, "" where it fails; free() it. */
static char *first_word(char *const *argv)
{
	posix_spawn_file_actions_t actions;
	char text[512] = "";
	int ends[2], status;
	ssize_t got = 0;
	pid_t pid;

	unsetenv("LD_PRELOAD"); /* it is not to be recorded */
	if (pipe2(ends, O_CLOEXEC) < 0)
		return vr_xstrdup("");
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	if (posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ) == 0) {
		close(ends[1]);
		ends[1] = -1;
		got = read(ends[0], text, sizeof(text) - 1);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	}
	posix_spawn_file_actions_destroy(&actions);
	close(ends[0]);
	if (ends[1] >= 0)
		close(ends[1]);
	text[got > 0 ? got : 0] = '\0';
	text[strcspn(text, ": \n")] = '\0';
	return vr_xstrdup(text);
}

/* "package-dbgsym", as Debian and its kin call it; NULL: no package has the file. */
static char *debug_package(const char *path)
{
	char *whole = realpath(path, NULL), *package, *name;
	char *dpkg[] = {(char[]){"dpkg"}, (char[]){"-S"}, whole, NULL};
	char *rpm[] = {(char[]){"rpm"},	    (char[]){"-qf"}, (char[]){"--qf"},
		       (char[]){"%{NAME}"}, whole,	     NULL};

	if (!whole)
		return NULL;
	package = first_word(dpkg);
	if (!*package && strncmp(whole, "/usr/", 5) == 0) {
		/* Packages from before /lib and /usr/lib became one. */
		dpkg[2] = whole + 4;
		free(package);
		package = first_word(dpkg);
	}
	if (*package) {
		name = vr_xprintf("%s", strcmp(package, "libc6") == 0 ? "libc6-dbg" : package);
		if (strcmp(package, "libc6") != 0)
			name = vr_xappend(name, "-dbgsym");
	} else {
		free(package);
		package = first_word(rpm);
		name =
		    *package && !strchr(package, '/') ? vr_xprintf("%s-debuginfo", package) : NULL;
	}
	free(package);
	free(whole);
	return name;
}

char *vr_doctor_debug_fix(const char *path, const char *build_id)
{
	char *package = debug_package(path), *fix;

	if (package)
		fix = vr_xprintf("install %s", package);
	else
		fix = vr_xstrdup("build it with -g, and do not strip it");
	if (build_id && *build_id && !getenv("DEBUGINFOD_URLS"))
		fix = vr_xappend(
		    fix,
		    ", or DEBUGINFOD_URLS=https://debuginfod.elfutils.org fetches its debug "
		    "file (build-id %.12s...)",
		    build_id);
	free(package);
	return fix;
}

/* --- what its file tells ------------------------------------------------------ */

static void check_debug(struct vr_doctor *doctor, const char *path, const struct vr_binary *binary)
{
	struct vr_sym_check check;

	if (vr_sym_check(path, &check) < 0)
		return;
	if (check.lines)
		vr_doctor_add(doctor, "lines", VR_HEALTH_FINE,
			      vr_xprintf("functions have names, files and lines%s%s",
					 check.debug_file ? ", from " : "",
					 check.debug_file ? check.debug_file : ""),
			      NULL);
	else if (check.names)
		vr_doctor_add(
		    doctor, "lines", VR_HEALTH_LESS,
		    vr_xstrdup("functions have names, but no files and lines: it was built "
			       "without -g"),
		    vr_doctor_debug_fix(path, binary->build_id));
	else
		vr_doctor_add(doctor, "names", VR_HEALTH_LESS,
			      vr_xprintf("it is stripped%s: most of its functions have no names",
					 binary->debug_elsewhere
					     ? ", and the debug file it names is not here"
					     : ""),
			      vr_doctor_debug_fix(path, binary->build_id));
	vr_sym_check_free(&check);
}

static void check_binary(struct vr_doctor *doctor, const char *path)
{
	struct vr_binary binary;

	if (vr_binary_read(path, &binary) < 0)
		return;
	check_debug(doctor, path, &binary);
	if (!binary.unwind_table)
		vr_doctor_add(
		    doctor, "stacks", VR_HEALTH_LESS,
		    vr_xstrdup("it has no unwind table (.eh_frame_hdr): stacks end there"),
		    vr_xstrdup("build it with -fasynchronous-unwind-tables, and link it "
			       "with --eh-frame-hdr"));
	if (binary.own_malloc)
		vr_doctor_add(doctor, "heap", VR_HEALTH_LESS,
			      vr_xstrdup("it defines malloc itself: what it allocates is not seen"),
			      vr_xstrdup("link its allocator as a shared library, or build it "
					 "without"));
	vr_binary_free(&binary);
}

void vr_doctor_program(struct vr_doctor *doctor, const char *name)
{
	struct vr_target target;

	vr_target_look(name, doctor->library, &target);
	if (target.trouble) {
		vr_doctor_add(
		    doctor, "program", VR_HEALTH_BAD,
		    vr_xprintf("%s %s: %s", target.path ? target.path : name,
			       target.trouble == VR_TARGET_UNFIT ? "cannot be profiled"
								 : "cannot be started",
			       target.why),
		    vr_xstrdup(target.fix ? target.fix : "name a program that can be executed"));
	} else if (target.object && strcmp(target.object, target.path) != 0) {
		vr_doctor_add(doctor, "program", VR_HEALTH_FINE,
			      vr_xprintf("%s is a script; %s is what is profiled", target.path,
					 target.object),
			      NULL);
	} else {
		vr_doctor_add(doctor, "program", VR_HEALTH_FINE, vr_xstrdup(target.path), NULL);
	}
	if (target.object && target.trouble != VR_TARGET_ABSENT)
		check_binary(doctor, target.object);
	vr_target_free(&target);
}
