/* Units: iterations of a loop, and spans, of which the longest and some by chance are kept.
 *
 * The thread that ends a unit decides whether it is to be kept, by one comparison and one count
 * down; of those it leaves a note in a place that is that unit's until a longer one, or chance,
 * takes it.  The helper reads the notes, adds what it knows of the time in question, and writes
 * rows of UNITS (helper/units.h).  Nobody waits for anybody. */
#ifndef VP_THREAD_UNIT_H
#define VP_THREAD_UNIT_H

#include "vprof_format.h"

#include <stdint.h>

/* A thread's last calls that lasted: what its units went into. */
#define VP_UNIT_LASTED 64u /* power of two */
struct vp_unit_lasted {
	uint64_t begin_ns, end_ns;
	uint32_t node;
	uint16_t kind; /* enum vp_call_kind */
	uint16_t class;
};
struct vp_unit_calls {
	uint64_t head; /* number n lies in call[n % VP_UNIT_LASTED] */
	struct vp_unit_lasted call[VP_UNIT_LASTED];
};

static inline void vp_unit_call(struct vp_unit_calls *calls, const struct vp_unit_lasted *lasted)
{
	uint64_t head = calls->head;

	calls->call[head % VP_UNIT_LASTED] = *lasted;
	/* Pairs with the helper, which reads those of other threads. */
	__atomic_store_n(&calls->head, head + 1, __ATOMIC_RELEASE);
}

/* Locks that a thread held while others waited for them, the last ones. */
#define VP_UNIT_HELD 16u /* power of two */
struct vp_unit_held {
	uint64_t begin_ns, end_ns; /* somebody waited */
	uint64_t lock;
};
struct vp_unit_holds {
	uint64_t head; /* number n lies in held[n % VP_UNIT_HELD] */
	struct vp_unit_held held[VP_UNIT_HELD];
};

static inline void vp_unit_hold(struct vp_unit_holds *holds, const struct vp_unit_held *held)
{
	uint64_t head = holds->head;

	holds->held[head % VP_UNIT_HELD] = *held;
	/* Pairs with the helper. */
	__atomic_store_n(&holds->head, head + 1, __ATOMIC_RELEASE);
}

/* One that has ended. */
struct vp_unit_end {
	uint64_t begin_ns, end_ns;
	uint64_t events, bytes; /* of the loop, so far */
	uint64_t size;		/* of a span */
	uint32_t label;
};

#define VP_UNIT_CALLS (VPROF_UNIT_CALLS + VPROF_UNIT_MORE_CALLS)
struct vp_unit_note {
	uint64_t begin_ns, end_ns;
	uint64_t events, bytes, size;
	uint32_t label, calls;
	uint64_t calls_left_ns; /* time in calls that are not in call[] */
	struct vp_unit_note_call {
		uint32_t node;
		uint16_t kind, class;
		uint32_t times;
		uint64_t ns;
		/* the longest of them, since the unit began: whole microseconds around it */
		uint32_t from_us, to_us;
	} call[VP_UNIT_CALLS];
};

/* Places of notes: the longest of all, the longest of this hour and of the one before, and those
 * taken by chance. */
#define VP_UNIT_HOURS	(2 * VPROF_UNITS_HOUR)
#define VP_UNIT_FIXED	(VPROF_UNITS_WORST + VP_UNIT_HOURS)
#define VP_UNIT_HOUR_NS 3600000000000ull

/* Places whose notes were written last, for the helper, which else would look at all of them. */
#define VP_UNIT_CHANGES 256u /* power of two */

/* Of one loop of a thread, or one name of spans of it. */
struct vp_units {
	/* the thread, at the end of each */
	uint64_t keep_ns; /* as long as this: to be kept; the helper sets it to 0, too */
	uint64_t skip;	  /* units to the next one that is taken by chance */
	uint64_t calls_seen;
	uint64_t events, bytes;
	uint64_t count;
	uint64_t ns;   /* sum ... */
	double square; /* ... and of squares */
	/* the thread, of those that are kept, or had calls */
	struct {
		double ns, product;
	} blocked, lock;
	uint64_t written; /* notes so far: number n is in place changed[n % VP_UNIT_CHANGES] */
	uint16_t changed[VP_UNIT_CHANGES];
	uint64_t random;
	uint64_t hour;
	uint64_t worst_ns[VPROF_UNITS_WORST], hour_ns[VPROF_UNITS_HOUR]; /* 0: free */
	uint32_t writing;
	/* set once */
	uint32_t loop, span; /* row in LOOPS or SPANS; VPROF_NONE */
	uint32_t room;	     /* places for those taken by chance */
	uint32_t ended;	     /* 1: the thread will not look here again; of spans */
	/* of each place: odd while its note is being written */
	uint32_t *sequence;
	struct vp_unit_note note[];
};

/* The thread's note of one that is to be kept, or in which calls lasted.
 * Context: the thread itself, in or out of a signal handler. */
void vp_unit_keep(struct vp_units *units, const struct vp_unit_calls *calls,
		  const struct vp_unit_end *end);

/* So many units were over before the one that ends next, of so long each; with it, they had the
 * events and bytes that are new, in equal parts.  None of them is kept: the longest is not
 * among them, and of those by chance, the next one stands for them. */
static inline void vp_units_pass(struct vp_units *units, uint32_t count, uint64_t ns,
				 uint64_t events, uint64_t bytes)
{
	units->count += count;
	units->ns += count * ns;
	units->square += (double)count * (double)ns * (double)ns;
	units->skip = units->skip > count ? units->skip - count : 1;
	units->events = events - (events - units->events) / (count + 1);
	units->bytes = bytes - (bytes - units->bytes) / (count + 1);
}

/* All calls that lasted since the unit before were in between.  Of what lies in each other the
 * outer ends last. */
static inline int vp_unit_has_none(const struct vp_unit_calls *calls, uint64_t begin_ns)
{
	return calls->call[(calls->head - 1) % VP_UNIT_LASTED].end_ns <= begin_ns;
}

/* A unit is over.  Context: as above. */
static inline void vp_unit_ends(struct vp_units *units, const struct vp_unit_calls *calls,
				const struct vp_unit_end *end)
{
	uint64_t ns = end->end_ns - end->begin_ns;

	units->count++;
	units->ns += ns;
	units->square += (double)ns * (double)ns;
	if (__builtin_expect(units->calls_seen != calls->head, 0) &&
	    vp_unit_has_none(calls, end->begin_ns))
		units->calls_seen = calls->head;
	if (__builtin_expect(
		ns >= units->keep_ns || --units->skip == 0 || units->calls_seen != calls->head, 0))
		vp_unit_keep(units, calls, end);
	units->events = end->events;
	units->bytes = end->bytes;
}

#endif
