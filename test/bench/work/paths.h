/* Call paths of a chosen depth: 512 of them, told apart by the return addresses alone. */
#ifndef PATHS_H
#define PATHS_H

#include "bench.h"

#define PATHS	  500u
#define PATH_BITS 9

struct walk {
	uint32_t path;
	int depth; /* frames below the caller of path_walk() */
	void (*work)(struct walk *);
};

/* Any one of the paths. */
static inline uint32_t path_random(uint64_t *state)
{
	return (uint32_t)(bench_random(state) >> 32) % PATHS;
}

/* Call sites of their own, for stacks too shallow to make so many paths. */
#define PATH_SITE(n)                                                                               \
	case n:                                                                                    \
		walk->work(walk);                                                                  \
		__asm__ volatile("" : : "i"(n) : "memory");                                        \
		break;
#define PATH_SITES8(n)                                                                             \
	PATH_SITE(n)                                                                               \
	PATH_SITE(n + 1)                                                                           \
	PATH_SITE(n + 2)                                                                           \
	PATH_SITE(n + 3) PATH_SITE(n + 4) PATH_SITE(n + 5) PATH_SITE(n + 6) PATH_SITE(n + 7)
#define PATH_SITES64(n)                                                                            \
	PATH_SITES8(n)                                                                             \
	PATH_SITES8(n + 8)                                                                         \
	PATH_SITES8(n + 16)                                                                        \
	PATH_SITES8(n + 24)                                                                        \
	PATH_SITES8(n + 32) PATH_SITES8(n + 40) PATH_SITES8(n + 48) PATH_SITES8(n + 56)

static inline void path_bottom(struct walk *walk)
{
	switch (walk->depth >= PATH_BITS ? 0 : walk->path >> walk->depth) {
		PATH_SITES64(0)
		PATH_SITES64(64)
	default:
		walk->work(walk);
	}
	__asm__ volatile("" : : : "memory"); /* no tail call */
}

__attribute__((noinline)) static void path_left(struct walk *walk, int level);
__attribute__((noinline)) static void path_right(struct walk *walk, int level);

/* The levels choose by a bit of the path, spread over the depth. */
static inline void path_down(struct walk *walk, int level)
{
	int bit = walk->depth >= PATH_BITS ? level * PATH_BITS / walk->depth : level;

	if (level >= walk->depth)
		path_bottom(walk);
	else if (walk->path >> bit & 1)
		path_right(walk, level + 1);
	else
		path_left(walk, level + 1);
	__asm__ volatile(""); /* no tail calls */
}

static void path_left(struct walk *walk, int level)
{
	path_down(walk, level);
}

static void path_right(struct walk *walk, int level)
{
	path_down(walk, level);
}

/* Calls walk->work below walk->depth frames. */
static inline void path_walk(struct walk *walk)
{
	path_down(walk, 0);
}

#endif
