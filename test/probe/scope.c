/* A C program without libstdc++ that loads a C++ plugin, which throws, takes
 * backtraces and allocates: who serves it, and what comes out.
 * scope DIR */
#include "probe.h"
#include <dlfcn.h>
#include <execinfo.h>

static void tell(const char *what, const char *text)
{
	say("%s: %s\n", what, text ? text : "nobody");
}

int main(int argc, char **argv)
{
	int (*scope)(int, void (*)(const char *, const char *));
	void *address[64], *handle;
	char path[500], **names;
	int frames;

	if (argc < 2)
		return 64;
	burn_ms(20);
	snprintf(path, sizeof(path), "%s/plugin_scope.so", argv[1]);
	for (int round = 0; round < 5; round++) {
		handle = dlopen(path, round % 2 ? RTLD_NOW : RTLD_LAZY | RTLD_GLOBAL);
		if (!handle)
			DIE("%s", dlerror());
		scope = (int (*)(int, void (*)(const char *, const char *)))dlsym(handle,
										  "plugin_scope");
		say("frames %d\n", scope(round * 9, tell));
		if (round > 2)
			dlclose(handle);
	}
	frames = backtrace(address, 64);
	names = backtrace_symbols(address, frames);
	for (int i = 0; i < frames; i++) {
		names[i][strcspn(names[i], "(+")] = '\0';
		say("frame %d in %s\n", i, names[i]);
	}
	free(names);
	return 0;
}
