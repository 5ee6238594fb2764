#include "nickname.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/library.h"
#include "cli/text.h"
#include "cli/warn.h"
#include "cli/xalloc.h"

static char *directory, *made; /* NULL: there is none */

/* A directory that only we can write to and everybody can pass: a program may become
 * another user before it executes the next. */
static char *make_in(const char *parent)
{
	char *path;

	if (!parent || parent[0] != '/' || vr_library_splits(parent))
		return NULL;
	path = vr_xprintf("%s/vprof-XXXXXX", parent);
	if (mkdtemp(path) && chmod(path, 0755) == 0)
		return path;
	free(path);
	return NULL;
}

static int make(const char *library)
{
	const char *const parents[] = {getenv("TMPDIR"), "/tmp", "/var/tmp", "/dev/shm"};
	char *whole = realpath(library, NULL);
	int err;

	if (!whole)
		return -errno;
	errno = ENOENT;
	for (size_t i = 0; !directory && i < sizeof(parents) / sizeof(parents[0]); i++)
		directory = make_in(parents[i]);
	err = directory ? 0 : -errno;
	if (directory) {
		made = vr_xprintf("%s/%s", directory, vr_text_base(library));
		if (symlink(whole, made) < 0)
			err = -errno;
	}
	free(whole);
	return err;
}

const char *vrun_nickname_of(const char *library)
{
	int err = made ? 0 : make(library);

	if (err == 0)
		return made;
	vr_warn("LD_PRELOAD cannot name %s, which has a blank or a colon, and no link to it can be "
		"made: %s; TMPDIR=DIRECTORY names a place for one",
		library, strerror(-err));
	vrun_nickname_end(false);
	return NULL;
}

void vrun_nickname_end(bool used)
{
	if (!directory)
		return;
	if (used) {
		vr_warn("a process of the run lives on: %s stays for what it executes; remove it "
			"when that has ended",
			directory);
	} else {
		if (made)
			unlink(made);
		rmdir(directory);
	}
	free(made);
	free(directory);
	made = directory = NULL;
}
