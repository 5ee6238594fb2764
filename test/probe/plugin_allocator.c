/* A plugin that is linked with an allocator of its own: its calls are bound to it
 * when it is linked, and its memory is mapped. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define OWN __attribute__((visibility("protected")))

void plugin_take(void *ptr);
void *plugin_give(size_t bytes);
void **plugin_hold(void *ptr);
void *malloc(size_t bytes);
void free(void *ptr);

static char *arena;
static size_t used;

OWN void *malloc(size_t bytes)
{
	if (!arena)
		arena =
		    mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	used += (bytes + 15) & ~(size_t)15;
	return used < 1 << 20 ? arena + used - ((bytes + 15) & ~(size_t)15) : NULL;
}

OWN void free(void *ptr)
{
	(void)ptr;
}

void plugin_take(void *ptr)
{
	free(ptr);
}

void *plugin_give(size_t bytes)
{
	return malloc(bytes);
}

void **plugin_hold(void *ptr)
{
	void **cell = malloc(64);

	cell[0] = ptr;
	return cell;
}
