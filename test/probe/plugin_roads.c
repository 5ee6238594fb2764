/* A plugin that works with memory in every way: its own blocks, the host's, and
 * what its constructor made. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void plugin_take(void *ptr);
void *plugin_give(size_t bytes);
void *plugin_grow(void *ptr, size_t bytes);
void plugin_keep(size_t bytes);
void **plugin_hold(void *ptr);
void *plugin_open(const char *path);
void *plugin_early(void);
void plugin_stow(void *ptr);

static void *volatile kept[100];
static void *volatile *early;
static int stowed;
/* addresses in data, not slots of code */
static void *(*volatile make)(size_t) = malloc;
static void (*volatile drop)(void *) = free;

/* What the host left to free where ROADS_FREE says: a constructor runs before anybody
 * can look at the plugin. */
static void free_first(void)
{
	const char *text = getenv("ROADS_FREE");
	void **block = NULL;

	if (!text || sscanf(text, "%p", (void **)&block) != 1)
		return;
	for (; *block; block++) {
		free(*block);
		*block = NULL;
	}
}

__attribute__((constructor)) static void begin(void)
{
	early = malloc(4000);
	free_first();
}

/* What the constructor made before anybody could look. */
void *plugin_early(void)
{
	return (void *)early;
}

/* The only pointer to the host's block is in what the constructor made. */
void plugin_stow(void *ptr)
{
	early[stowed++] = ptr;
}

void plugin_take(void *ptr)
{
	free(ptr);
}

void *plugin_give(size_t bytes)
{
	return bytes % 2 ? make(bytes) : calloc(1, bytes);
}

void *plugin_grow(void *ptr, size_t bytes)
{
	return realloc(ptr, bytes);
}

void plugin_keep(size_t bytes)
{
	for (int i = 0; i < 100; i++) {
		void *one = malloc(bytes);

		if (i % 2) {
			drop(one);
			one = NULL;
		}
		kept[i] = one;
	}
}

/* The only pointer to the host's block is in memory of the plugin's. */
void **plugin_hold(void *ptr)
{
	void **cell = malloc(64);

	cell[0] = ptr;
	return cell;
}

void *plugin_open(const char *path)
{
	return dlopen(path, RTLD_LAZY | RTLD_DEEPBIND);
}
