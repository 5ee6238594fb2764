/* Opens a plugin twice from one path; in between a command puts another in its place.
 *   reload BEFORE PLUGIN BETWEEN
 * strategy_alpha of the first and strategy_beta of the second make 100 blocks each. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

static void *keep[200];

static int use(const char *path, const char *name, void **to)
{
	void *plugin = dlopen(path, RTLD_NOW);
	void *(*make)(void);

	*(void **)&make = plugin ? dlsym(plugin, name) : NULL;
	for (int i = 0; make && i < 100; i++)
		to[i] = make();
	return make && dlclose(plugin) == 0;
}

int main(int argc, char **argv)
{
	if (argc < 4 || system(argv[1]) || !use(argv[2], "strategy_alpha", keep) ||
	    system(argv[3]) || !use(argv[2], "strategy_beta", keep + 100))
		return 1;
	puts("ok");
	return keep[7] == NULL;
}
