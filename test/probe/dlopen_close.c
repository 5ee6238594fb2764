/* Loads, uses and closes plugins in a loop.
 * dlopen_close DIR work N    N allocations in the plugin each time, 50 times
 * dlopen_close DIR throw     a C++ plugin throws in this C program
 * dlopen_close DIR missing   loads what does not exist: dlerror's text */
#include "probe.h"
#include <dlfcn.h>

static void *load(const char *dir, const char *name, const char *symbol, void **function)
{
	char path[500];
	void *handle;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!handle) {
		say("%s\n", dlerror());
		exit(1);
	}
	*function = dlsym(handle, symbol);
	return handle;
}

int main(int argc, char **argv)
{
	void *function, *handle;

	if (argc < 3)
		return 64;
	if (!strcmp(argv[2], "work")) {
		for (int i = 0; i < 50; i++) {
			handle = load(argv[1], "plugin_work.so", "plugin_work", &function);
			free(((void *(*)(int))function)(atoi(argv[3])));
			dlclose(handle);
		}
	} else if (!strcmp(argv[2], "throw")) {
		const char *unwinder;
		int unwound = 0;

		for (int i = 0; i < 200; i++) {
			handle = load(argv[1], "plugin_throw.so", "plugin_throw", &function);
			unwound += ((int (*)(int, const char **))function)(i % 30, &unwinder);
			if (i % 50 == 49)
				dlclose(handle);
		}
		say("unwound %d frames through %s\n", unwound, unwinder);
	} else {
		if (dlopen("/nonexistent/libnothing.so", RTLD_NOW))
			return 65;
		say("%s\n", dlerror());
	}
	return 0;
}
