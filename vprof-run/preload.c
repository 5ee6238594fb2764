#include "preload.h"
#include "cli/library.h"
#include "cli/warn.h"
#include "cli/xalloc.h"
#include "nickname.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How LD_PRELOAD names the library; free() it, NULL after a line on stderr.  Where it is
 * nowhere, the loader may know more. */
static char *name_library(void)
{
	char *path = vr_library_find();
	const char *link;

	if (!path)
		return vr_xstrdup("libvprof.so");
	if (!vr_library_splits(path))
		return path;
	link = vrun_nickname_of(path);
	free(path);
	return link ? vr_xstrdup(link) : NULL;
}

/* "NAME=value" of the caller's environment, or NULL. */
static const char *caller(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

static char *make_preload(void)
{
	char *library = name_library(), *text;
	const char *before = caller("LD_PRELOAD");

	if (!library)
		return NULL;
	text = vr_xprintf("LD_PRELOAD=%s%s%s", library, before ? ":" : "", before ? before : "");
	free(library);
	return text;
}

/* The user's own keys before ours, which win; but what is only a preset comes first. */
static char *make_options(const char *out, const struct vrun_options *o)
{
	const char *before = caller("VPROF_OPTIONS");
	char quote = strchr(out, '"') ? '\'' : '"';

	if (strchr(out, quote)) {
		vr_warn("VPROF_OPTIONS cannot name %s: it has both kinds of quotes; --out "
			"DIRECTORY names another place",
			out);
		return NULL;
	}
	return vr_xprintf(
	    "VPROF_OPTIONS=mode=ci:%s%sout=%c%s%c%s%s%s%s%s%s", before ? before : "",
	    before ? ":" : "", quote, out, quote, o->skip_cpu ? ":cpu=off" : "",
	    o->skip_memory ? ":heap=off" : "", o->skip_leak_test ? ":leakscan=off" : "",
	    o->paused ? ":start=paused" : "", o->delay ? ":delay=" : "", o->delay ? o->delay : "");
}

int vrun_preload_environment(const char *out, const struct vrun_options *options, char ***env)
{
	static const char *const ours[] = {"LD_PRELOAD=", "VPROF_OPTIONS=", "VPROF_OUT="};
	char *preload = make_preload(), *keys = preload ? make_options(out, options) : NULL;
	size_t count = 0, n = 0;

	if (!keys) {
		free(preload);
		return -EINVAL;
	}
	while (environ[count])
		count++;
	*env = vr_xcalloc(count + 3, sizeof(char *));
	for (size_t i = 0; i < count; i++) {
		int drop = 0;

		for (size_t k = 0; k < sizeof(ours) / sizeof(ours[0]); k++)
			drop |= strncmp(environ[i], ours[k], strlen(ours[k])) == 0;
		if (!drop)
			(*env)[n++] = vr_xprintf("%s", environ[i]);
	}
	(*env)[n++] = preload;
	(*env)[n++] = keys;
	return 0;
}

void vrun_preload_free(char **env)
{
	for (char **entry = env; *entry; entry++)
		free(*entry);
	free(env);
}
