/* Opens a plugin and passes memory both ways.
 * Usage: roads PLUGIN HOW WHAT...
 *   HOW    now, lazy, deep, deeplazy, apart (dlmopen)
 *   WHAT   take give grow keep hold stow early again threads, or another PLUGIN;
 *          first: blocks that the plugin's constructor frees; lose: a leak of 50 blocks */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *path;
static void *plugin;
static void **volatile held[100];

/* A program at a fixed address stands in for functions whose address it takes. */
static void *(*volatile made_by)(size_t);
static void (*volatile freed_by)(void *);

static int mode_of(const char *how)
{
	int mode = strstr(how, "lazy") ? RTLD_LAZY : RTLD_NOW;

	return strstr(how, "deep") ? mode | RTLD_DEEPBIND : mode;
}

static void *function(const char *name)
{
	void *found = dlsym(plugin, name);

	if (!found) {
		puts(dlerror());
		exit(2);
	}
	return found;
}

/* Made here, freed there. */
static void take(void)
{
	void (*to)(void *) = (void (*)(void *))function("plugin_take");
	void *one[100];

	for (int i = 0; i < 100; i++) {
		one[i] = malloc(3000);
		memset(one[i], 1, 3000);
	}
	for (int i = 0; i < 100; i++)
		to(one[i]);
	memset(one, 0, sizeof(one));
	__asm__ volatile("" ::"r"(one) : "memory");
}

/* Made there, freed here. */
static void give(void)
{
	void *(*from)(size_t) = (void *(*)(size_t))function("plugin_give");

	for (size_t i = 0; i < 100; i++)
		freed_by(from(5000 + i));
}

static void grow(void)
{
	void *(*more)(void *, size_t) = (void *(*)(void *, size_t))function("plugin_grow");
	void *one[100];

	for (int i = 0; i < 100; i++)
		one[i] = malloc(100);
	for (size_t i = 0; i < 100; i++)
		one[i] = more(one[i], 9000 + i);
	for (int i = 0; i < 100; i++)
		free(one[i]);
	memset(one, 0, sizeof(one));
	__asm__ volatile("" ::"r"(one) : "memory");
}

static void hold(void)
{
	void **(*cell)(void *) = (void **(*)(void *))function("plugin_hold");

	for (int i = 0; i < 100; i++)
		held[i] = cell(malloc(700));
}

static void stow(void)
{
	void (*away)(void *) = (void (*)(void *))function("plugin_stow");

	for (int i = 0; i < 100; i++)
		away(made_by(800));
}

static void lose(void)
{
	for (int i = 0; i < 50; i++)
		*(void *volatile *)held = malloc(400);
	held[0] = NULL;
}

static void *churn(void *arg)
{
	for (int i = 0; i < 50; i++) {
		void *one = dlopen(path, RTLD_NOW | RTLD_DEEPBIND);
		void (*to)(void *) = (void (*)(void *))dlsym(one, "plugin_take");

		for (int k = 0; k < 20; k++)
			to(malloc(3000));
		dlclose(one);
	}
	return arg;
}

static void threads(void)
{
	pthread_t one[4];

	for (int i = 0; i < 4; i++)
		pthread_create(&one[i], NULL, churn, NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(one[i], NULL);
}

static void again(int mode)
{
	for (int i = 0; i < 20; i++) {
		dlclose(plugin);
		plugin = dlopen(path, mode);
		take();
	}
}

/* The plugin opens itself under another name: a link to it. */
static void open_more(const char *other)
{
	void *(*opens)(const char *) = (void *(*)(const char *))function("plugin_open");
	void *first = plugin;

	plugin = opens(other);
	if (!plugin) {
		puts(dlerror());
		exit(2);
	}
	take();
	plugin = first;
}

static void leave_to_constructor(void)
{
	static void *block[101];
	static char text[32];

	for (int i = 0; i < 100; i++)
		block[i] = malloc(600);
	snprintf(text, sizeof(text), "%p", (void *)block);
	setenv("ROADS_FREE", text, 1);
}

int main(int argc, char **argv)
{
	int mode = mode_of(argv[2]);

	made_by = malloc;
	freed_by = free;
	path = argv[1];
	if (argc > 3 && strcmp(argv[3], "first") == 0)
		leave_to_constructor();
	plugin =
	    strcmp(argv[2], "apart") == 0 ? dlmopen(LM_ID_NEWLM, path, mode) : dlopen(path, mode);
	if (!plugin) {
		puts(dlerror());
		return 2;
	}
	for (int i = 3; i < argc; i++) {
		if (strcmp(argv[i], "take") == 0)
			take();
		else if (strcmp(argv[i], "give") == 0)
			give();
		else if (strcmp(argv[i], "grow") == 0)
			grow();
		else if (strcmp(argv[i], "keep") == 0)
			((void (*)(size_t))function("plugin_keep"))(7000);
		else if (strcmp(argv[i], "hold") == 0)
			hold();
		else if (strcmp(argv[i], "stow") == 0)
			stow();
		else if (strcmp(argv[i], "early") == 0)
			((void (*)(void *))function("plugin_take"))(
			    ((void *(*)(void))function("plugin_early"))());
		else if (strcmp(argv[i], "again") == 0)
			again(mode);
		else if (strcmp(argv[i], "lose") == 0)
			lose();
		else if (strcmp(argv[i], "first") == 0)
			continue;
		else if (strcmp(argv[i], "threads") == 0)
			threads();
		else
			open_more(argv[i]);
	}
	puts(dlerror() ? "an error is left over" : "done");
	return 0;
}
