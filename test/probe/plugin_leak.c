/* Brought by dlopen: keeps a block in its own storage, or loses one. */
#include "probe.h"

void plugin_hold_static(size_t size);
void plugin_hold_tls(size_t size);
void plugin_lose(size_t size);

static void *volatile held;
static __thread void *volatile held_by_thread;

void plugin_hold_static(size_t size)
{
	held = opaque(calloc(1, size));
}

void plugin_hold_tls(size_t size)
{
	held_by_thread = opaque(calloc(1, size));
}

void plugin_lose(size_t size)
{
	opaque(calloc(1, size));
}
