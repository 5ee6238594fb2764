/* The library, and the objects that it needs. */
#include "verbs/doctor/doctor.h"

#include <dlfcn.h>
#include <gnu/libc-version.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/library.h"
#include "cli/quote.h"
#include "cli/xalloc.h"

#define LIBUNWIND "libunwind-x86_64.so.8"

/* A program's loader is that of this program where nobody has seen to another. */
static void check_libc(struct vr_doctor *doctor)
{
	static const char own[] = "/proc/self/exe";
	struct vr_binary binary;
	char *where = NULL, *missing = NULL;

	if (doctor->library && vr_binary_read(own, &binary) == 0) {
		if (binary.loader)
			missing = vr_library_missing(doctor->library, &binary, own, &where);
		vr_binary_free(&binary);
	}
	if (missing)
		vr_doctor_add(doctor, "C library", VR_HEALTH_BAD,
			      vr_xprintf("glibc %s: libvprof.so needs %s, which %s does not have",
					 gnu_get_libc_version(), missing, where),
			      vr_xstrdup("build libvprof on this machine; it needs glibc 2.35 or "
					 "later"));
	else
		vr_doctor_add(doctor, "C library", VR_HEALTH_FINE,
			      vr_xprintf("glibc %s", gnu_get_libc_version()), NULL);
	free(missing);
	free(where);
}

/* A blank or colon in its path would part LD_PRELOAD there. */
static void check_path(struct vr_doctor *doctor)
{
	char *whole = realpath(doctor->library, NULL), *dir, *quoted;

	if (whole && vr_library_splits(whole)) {
		dir = vr_xprintf("%.*s", (int)(strrchr(whole, '/') - whole), whole);
		quoted = vr_quote_shell(dir);
		vr_doctor_add(
		    doctor, "library", VR_HEALTH_LESS,
		    vr_xprintf(
			"%s: LD_PRELOAD cannot name it, for it is parted at blanks and colons",
			whole),
		    vr_xprintf("vprof-run finds a way; by hand: ln -s %s /tmp/vprof, then "
			       "LD_PRELOAD=/tmp/vprof/libvprof.so",
			       quoted));
		free(quoted);
		free(dir);
	} else {
		vr_doctor_add(doctor, "library", VR_HEALTH_FINE,
			      vr_xstrdup(whole ? whole : doctor->library), NULL);
	}
	free(whole);
}

static void check_libunwind(struct vr_doctor *doctor)
{
	void *found = dlopen(LIBUNWIND, RTLD_LAZY | RTLD_LOCAL);

	if (found)
		vr_doctor_add(doctor, "libunwind", VR_HEALTH_FINE, vr_xstrdup(LIBUNWIND), NULL);
	else
		vr_doctor_add(doctor, "libunwind", VR_HEALTH_BAD, vr_xstrdup(dlerror()),
			      vr_xstrdup("install libunwind (Debian, Ubuntu: libunwind8; Fedora: "
					 "libunwind), or name its directory in LD_LIBRARY_PATH"));
	if (found)
		dlclose(found);
}

void vr_doctor_library(struct vr_doctor *doctor)
{
	if (doctor->library)
		check_path(doctor);
	else
		vr_doctor_add(doctor, "library", VR_HEALTH_BAD,
			      vr_xstrdup("libvprof.so is neither beside vprof-report nor in ../lib "
					 "nor where loaders look"),
			      vr_xstrdup("make, or make install"));
	check_libc(doctor);
	check_libunwind(doctor);
}
