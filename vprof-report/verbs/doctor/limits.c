/* Limits of the process, and the place where a record would be written. */
#include "verbs/doctor/doctor.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "cli/text.h"
#include "cli/units.h"
#include "cli/xalloc.h"

#define RECORD_BYTES (64ull << 20) /* as large as one may become */
#define RECORD_LEAST (1ull << 20)
#define SHARE	     4u	 /* of the room that is left, and of an address space */
#define FILES_KEPT   16u /* descriptors that are not for events */
#define FILES_ENOUGH 256u

static void check_files(struct vr_doctor *doctor)
{
	struct rlimit limit;

	/* Events are the only descriptors we need many of. */
	if (!doctor->perf || getrlimit(RLIMIT_NOFILE, &limit) < 0 ||
	    limit.rlim_cur >= FILES_ENOUGH + FILES_KEPT)
		return;
	vr_doctor_add(doctor, "descriptors", VR_HEALTH_LESS,
		      vr_xprintf("%llu are allowed: CPU samples of %llu threads at most",
				 (unsigned long long)limit.rlim_cur,
				 limit.rlim_cur > FILES_KEPT
				     ? (unsigned long long)limit.rlim_cur - FILES_KEPT
				     : 0ull),
		      vr_xstrdup("ulimit -n 4096"));
}

/* One limit that the record's size is cut to; `share` is what may be used of it. */
static void check_size(struct vr_doctor *doctor, int which, unsigned share, const char *name,
		       const char *fix)
{
	struct rlimit limit;
	char have[VR_UNIT_MAX];
	uint64_t most;

	if (getrlimit((__rlimit_resource_t)which, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY)
		return;
	most = (uint64_t)limit.rlim_cur / share;
	if (most >= RECORD_BYTES)
		return;
	vr_format_bytes(have, limit.rlim_cur);
	if (most < RECORD_LEAST)
		vr_doctor_add(doctor, name, VR_HEALTH_BAD,
			      vr_xprintf("limited to %s: no record fits", have), vr_xstrdup(fix));
	else
		vr_doctor_add(doctor, name, VR_HEALTH_LESS,
			      vr_xprintf("limited to %s: history is overwritten sooner", have),
			      vr_xstrdup(fix));
}

/* --- where it is written ------------------------------------------------------ */

/* The value of the last out= in VPROF_OPTIONS, which may be quoted; NULL: none.  free() it. */
static char *asked_out(const char *options)
{
	char *found = NULL;

	while (options && *options) {
		const char *value = options + strcspn(options, "=:");
		size_t key = (size_t)(value - options), length;
		char quote;

		value += *value == '=';
		quote = *value == '"' || *value == '\'' ? *value++ : '\0';
		length = quote ? strcspn(value, quote == '"' ? "\"" : "'") : strcspn(value, ":");
		if (key == 3 && memcmp(options, "out", 3) == 0) {
			free(found);
			found = vr_xprintf("%.*s", (int)length, value);
		}
		options = value + length + (quote && value[length] == quote);
		options += *options == ':';
	}
	return found;
}

/* The directory of the record, as far as it is known before a program runs; free() it. */
static char *record_directory(void)
{
	const char *out = getenv("VPROF_OUT");
	char *asked = asked_out(getenv("VPROF_OPTIONS")), *dir;

	if (!asked && out && *out)
		asked = vr_xstrdup(out);
	dir = asked ? asked : vr_xstrdup("%p");
	dir[strcspn(dir, "%")] = '\0';
	if (strrchr(dir, '/'))
		strrchr(dir, '/')[strrchr(dir, '/') == dir] = '\0';
	else
		strcpy(dir, "");
	return *dir ? dir : (free(dir), vr_xstrdup("."));
}

static void check_room(struct vr_doctor *doctor, const char *dir)
{
	static const char elsewhere[] =
	    "VPROF_OUT=DIRECTORY/%e.%p.vprof records where there is more; "
	    "VPROF_OPTIONS=size=8M wants less";
	struct statvfs fs;
	char have[VR_UNIT_MAX];
	uint64_t left;

	if (statvfs(dir, &fs) < 0)
		return;
	left = (uint64_t)fs.f_bavail * fs.f_frsize;
	vr_format_bytes(have, left);
	if (left / SHARE < RECORD_LEAST)
		vr_doctor_add(doctor, "room", VR_HEALTH_BAD,
			      vr_xprintf("%s has %s left: no record is begun there", dir, have),
			      vr_xstrdup(elsewhere));
	else if (left / SHARE < RECORD_BYTES)
		vr_doctor_add(doctor, "room", VR_HEALTH_LESS,
			      vr_xprintf("%s has %s left, a quarter of which a record may take: "
					 "history is overwritten sooner",
					 dir, have),
			      vr_xstrdup(elsewhere));
	else
		vr_doctor_add(doctor, "room", VR_HEALTH_FINE,
			      vr_xprintf("%s left for records in %s", have, dir), NULL);
}

static void check_place(struct vr_doctor *doctor)
{
	char *dir = record_directory(), *whole = realpath(dir, NULL);
	int error = errno;

	if (!whole)
		vr_doctor_add(
		    doctor, "place", VR_HEALTH_BAD,
		    vr_xprintf("no record can be written to %s: %s", dir, strerror(error)),
		    vr_xstrdup("make the directory, or VPROF_OUT=/tmp/%e.%p.vprof"));
	else if (access(whole, W_OK | X_OK) != 0)
		vr_doctor_add(
		    doctor, "place", VR_HEALTH_BAD,
		    vr_xprintf("no record can be written to %s: %s", whole, strerror(errno)),
		    vr_xstrdup("VPROF_OUT=/tmp/%e.%p.vprof records elsewhere (vprof-run: "
			       "--out DIRECTORY)"));
	else
		check_room(doctor, whole);
	free(whole);
	free(dir);
}

void vr_doctor_limits(struct vr_doctor *doctor)
{
	check_files(doctor);
	check_size(doctor, RLIMIT_FSIZE, 1, "file size", "ulimit -f unlimited");
	check_size(doctor, RLIMIT_AS, SHARE, "address space", "ulimit -v unlimited");
	check_place(doctor);
}
