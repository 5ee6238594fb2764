/* A program that brings its own allocator: the library cannot see its heap,
 * must not disturb it, and says so. */
#include "probe.h"
#include <pthread.h>

static char arena[64 << 20] __attribute__((aligned(16)));
static size_t used;
static unsigned long calls;

static void *take(size_t size)
{
	size_t room = (size + 31) & ~(size_t)15;
	size_t at = __atomic_fetch_add(&used, room, __ATOMIC_RELAXED);

	__atomic_fetch_add(&calls, 1, __ATOMIC_RELAXED);
	if (at + room > sizeof(arena))
		return NULL;
	*(size_t *)(void *)(arena + at) = size;
	return arena + at + 16;
}

void *malloc(size_t size)
{
	return take(size);
}

void free(void *p)
{
	if (p && ((char *)p < arena || (char *)p >= arena + sizeof(arena)))
		_exit(93); /* not ours: somebody mixed two allocators */
}

void *calloc(size_t n, size_t size)
{
	return take(n * size); /* the arena is never reused, hence zero */
}

void *realloc(void *p, size_t size)
{
	void *q = take(size);

	if (p && q)
		memcpy(q, p, size < ((size_t *)p)[-2] ? size : ((size_t *)p)[-2]);
	free(p);
	return q;
}

static void *thread(void *arg)
{
	for (int i = 0; i < 1000; i++)
		free(opaque(malloc(100)));
	burn_ms(50);
	return arg;
}

int main(void)
{
	pthread_t id;
	char *text = strdup("own");

	pthread_create(&id, NULL, thread, NULL);
	pthread_join(id, NULL);
	say("%s malloc, strdup in the arena: %d\n", text,
	    text >= arena && text < arena + sizeof(arena));
	return calls < 1000 ? 92 : 14;
}
