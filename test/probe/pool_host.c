/* Runs pool_run() of the library it is given. */
#include "probe.h"
#include <dlfcn.h>

int main(int argc, char **argv)
{
	void *library = argc > 1 ? dlopen(argv[1], RTLD_NOW) : NULL;
	void (*run)(void) = library ? (void (*)(void))dlsym(library, "pool_run") : NULL;

	if (!run)
		return 2;
	run();
	return 0;
}
