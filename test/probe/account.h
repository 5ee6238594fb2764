/* A probe's own books: what an exact heap profiler must arrive at. One thread
 * only. Wrappers call the real function once and book what it did. */
#ifndef ACCOUNT_H
#define ACCOUNT_H

#include "probe.h"
#include <malloc.h>

struct account {
	uint64_t allocs, frees, bytes, live_bytes, live_blocks, peak_bytes;
};
static struct account account;
static struct {
	void *p;
	size_t size;
} held[4096];

static void book_alloc(void *p, size_t size)
{
	if (!p)
		return; /* failed calls count as neither */
	for (size_t i = 0; i < sizeof(held) / sizeof(held[0]); i++) {
		if (held[i].p)
			continue;
		held[i].p = p;
		held[i].size = size;
		account.allocs++;
		account.bytes += size;
		account.live_bytes += size;
		account.live_blocks++;
		if (account.live_bytes > account.peak_bytes)
			account.peak_bytes = account.live_bytes;
		return;
	}
	_exit(97);
}

static void book_free(void *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < sizeof(held) / sizeof(held[0]); i++) {
		if (held[i].p != p)
			continue;
		held[i].p = NULL;
		account.frees++;
		account.live_bytes -= held[i].size;
		account.live_blocks--;
		return;
	}
	_exit(96);
}

__attribute__((unused)) static void *a_malloc(size_t size)
{
	void *p = opaque(malloc(size));

	book_alloc(p, size);
	return p;
}

__attribute__((unused)) static void a_free(void *p)
{
	book_free(p);
	free(opaque(p));
}

/* realloc: a success counts as one free and one alloc; size 0 frees where the
 * allocator returns NULL for it; failure leaves the block alone. The peak does
 * not see both blocks at once. */
__attribute__((unused)) static void *a_realloc(void *p, size_t size)
{
	uintptr_t old = (uintptr_t)p;
	void *q = opaque(realloc(p, size));

	if (q || size == 0)
		book_free((void *)old);
	book_alloc(q, size);
	return q;
}

__attribute__((unused)) static void account_say(void)
{
	say("{\"allocs\":%lu,\"frees\":%lu,\"bytes_allocated\":%lu,\"peak_bytes\":%lu,"
	    "\"live_bytes\":%lu,\"live_blocks\":%lu}\n",
	    account.allocs, account.frees, account.bytes, account.peak_bytes, account.live_bytes,
	    account.live_blocks);
}

#endif
