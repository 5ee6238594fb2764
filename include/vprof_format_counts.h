/* The rows of a ring file that count calls of the program's own functions.  A part of
 * vprof_format.h, never included by itself. */
#ifndef VPROF_FORMAT_COUNTS_H
#define VPROF_FORMAT_COUNTS_H

#ifndef VPROF_FORMAT_H
#error "include vprof_format.h"
#endif

/* What told of a call. */
enum vprof_count_how {
	VPROF_COUNT_NONE = 0,
	VPROF_COUNT_INSTRUMENT = 1, /* -finstrument-functions: its begin and its end */
	VPROF_COUNT_MCOUNT = 2,	    /* -pg */
	VPROF_COUNT_FENTRY = 3,	    /* -pg -mfentry */
	VPROF_COUNT_HOOKED = 4,	    /* a function of libc that the library stands in front of */
	VPROF_COUNT_PATCHED = 5,    /* -fpatchable-function-entry, where trace= asks for it */
	VPROF_COUNT_END,	    /* from here on not known to this header */
};

/* COUNTS: calls of one function, by the instruction that made them and by thread.  There is no
 * overflow row: header.lost[VPROF_LOST_COUNTS] counts calls without a row. */
struct vprof_count {
	uint64_t where;	 /* an address of the function, as in NODES and exact; 0: void */
	uint64_t caller; /* the return address of the call, as in NODES; 0: not known */
	uint32_t thread; /* row in THREADS */
	uint16_t how;	 /* enum vprof_count_how */
	uint16_t reserved0;
	/* Of HOOKED, which have no caller: the name, a string id as in vprof_call; those with no
	 * calls are of thread 0 and say where that function is, whose calls are in CALLS.  Those
	 * of PATCHED with no calls are of thread 0, too: functions that are traced. */
	uint32_t name;
	uint32_t reserved1;
	uint64_t calls;
	/* Of INSTRUMENT: calls within another call of the same function; time from begin to end
	 * of those that are not; and of all calls, time outside of functions that they called. */
	uint64_t recursive;
	uint64_t time_ns, self_ns;
};
_Static_assert(sizeof(struct vprof_count) == 64, "vprof_count");

/* DURATIONS: how long calls of a function lasted, by thread, calls within calls included. */
#define VPROF_DURATION_UNIT_BITS 4u /* 16 ns */
#define VPROF_DURATION_SUB_BITS	 2u
#define VPROF_DURATION_BUCKETS	 120u
struct vprof_duration {
	uint64_t where;	 /* as in COUNTS; 0: void */
	uint32_t thread; /* row in THREADS */
	uint32_t reserved0;
	uint64_t calls; /* of which the end was seen */
	uint64_t time_ns, max_ns;
	uint64_t reserved[3];
	/* 64 */
	uint64_t histogram[VPROF_DURATION_BUCKETS];
};
_Static_assert(sizeof(struct vprof_duration) == 1024, "vprof_duration");

#endif
