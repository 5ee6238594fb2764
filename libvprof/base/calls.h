/* The calls that may block: their numbers, names and traits, from base/real.def. */
#ifndef VP_BASE_CALLS_H
#define VP_BASE_CALLS_H

#include "vprof_format.h"

#include <stdint.h>

enum vp_call_kind {
	VP_CALL_NONE,
#define REAL(name, result, parameters, arguments, lacking)
#define HOOK_CALL(name, result, parameters, arguments, lacking, traits, target, object, outcome)   \
	VP_CALL_##name,
#define CALL_KIND(name, traits, target) VP_CALL_##name,
#include "base/real.def"
	/* what track/wait.c waits for, and has rows of, under whichever name it was called */
	VP_CALL_OF_LOCKS,
	VP_CALL_MUTEX = VP_CALL_OF_LOCKS,
	VP_CALL_RDLOCK,
	VP_CALL_WRLOCK,
	VP_CALL_COND,
	VP_CALL_JOIN,
	VP_CALL_KINDS
};

/* vp_call_info.traits: what a call is, outside of a loop's iterations ... */
#define VP_CALL_CLASS(class) (VPROF_CLASS_##class)
#define VP_CALL_CLASS_MASK   15u
/* ... whether coming back to it again and again makes a loop ... */
#define VP_CALL_LOOPS 16u
/* ... and whether calls that it makes past us are part of it: the resolver's, stdio's */
#define VP_CALL_OWNS 32u
/* its outcome counts events, not bytes */
#define VP_CALL_EVENTS 64u

/* Of a wait that makes a loop: for time to pass, for one thing, for one of many. */
#define VP_CALL_RANK(traits)                                                                       \
	(!((traits)&VP_CALL_LOOPS)			      ? 0                                  \
	 : ((traits)&VP_CALL_CLASS_MASK) == VPROF_CLASS_PACED ? 1                                  \
	 : (traits)&VP_CALL_EVENTS			      ? 3                                  \
							      : 2)

/* A kind with its traits and its rank in one word: a hook knows them when it is compiled. */
#define VP_CALL_WORD(kind, traits)                                                                 \
	((uint32_t)(kind) | (uint32_t)VP_CALL_RANK(traits) << 16 | (uint32_t)(traits) << 24)
#define CLASS(class) VP_CALL_CLASS(class)
#define LOOPS	     VP_CALL_LOOPS
#define OWNS	     VP_CALL_OWNS
#define EVENTS	     VP_CALL_EVENTS
enum vp_call_word {
#define REAL(name, result, parameters, arguments, lacking)
#define HOOK_CALL(name, result, parameters, arguments, lacking, traits, target, object, outcome)   \
	VP_CALL_WORD_##name = VP_CALL_WORD(VP_CALL_##name, traits),
#define CALL_KIND(name, traits, target) VP_CALL_WORD_##name = VP_CALL_WORD(VP_CALL_##name, traits),
#include "base/real.def"
};
#undef CLASS
#undef LOOPS
#undef OWNS
#undef EVENTS

struct vp_call_info {
	const char *name; /* as libc names it */
	uint8_t traits;
	uint8_t target; /* enum vprof_target */
	uint8_t rank;	/* enum vp_loop_rank */
};
/* Declared hidden, or every look at it would go by way of an address in the GOT. */
extern const struct vp_call_info vp_call_info[VP_CALL_KINDS] __attribute__((visibility("hidden")));

/* The word of a kind that is known later. */
static inline uint32_t vp_call_word(enum vp_call_kind kind)
{
	return VP_CALL_WORD(kind, vp_call_info[kind].traits);
}

#endif
