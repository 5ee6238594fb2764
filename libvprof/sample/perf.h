/* Inside the perf engine: rings (perf_ring.c), one event
 * (perf_event.c), and the threads that have them (perf.c).
 * Context of everything here: helper thread only. */
#ifndef VP_SAMPLE_PERF_H
#define VP_SAMPLE_PERF_H

#include "sample/engines.h"

#include <linux/perf_event.h>
#include <stddef.h>
#include <stdint.h>

#define VP_PERF_PAGE 4096U
#define VP_PERF_SAMPLE_TYPE                                                                        \
	(PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU |                   \
	 PERF_SAMPLE_READ | PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER)
/* Order in a record is by bit number: bp, sp, ip (asm/perf_regs.h). */
#define VP_PERF_REGS ((1U << 6) | (1U << 7) | (1U << 8))

struct vp_perf_ring {
	struct perf_event_mmap_page *page; /* NULL: none */
	uint32_t bytes;			   /* of data, a power of two */
};

/* Maps the ring of an event.  Returns 0 or -errno (-EPERM: the locked memory
 * allowed is used up). */
int vp_perf_ring_map(struct vp_perf_ring *ring, int fd, uint32_t bytes);
void vp_perf_ring_unmap(struct vp_perf_ring *ring);

/* Receives a sample and the event's own count at that moment: nanoseconds of
 * CPU time.  `index` is what the caller of drain gave. */
typedef void vp_perf_ring_sink(struct vp_perf_sample *sample, uint64_t count, uint32_t index);

struct vp_perf_ring_losses {
	uint64_t lost, throttles;
};

/* Hands every complete record to the sink, adds up losses.  Returns samples
 * handed over. */
size_t vp_perf_ring_drain(struct vp_perf_ring *ring, vp_perf_ring_sink *sink, uint32_t index,
			  struct vp_perf_ring_losses *losses);

/* The CPUs that are online, or where that is unknown those that thread `tid`
 * may use, into out[max].  Returns how many there are in all: out is full and
 * incomplete where that is more than max. */
int vp_perf_ring_cpus(int tid, int *out, int max);

/* What all events have in common, and how many there are. */
struct vp_perf_common {
	/* Descriptors live in one thread's table; another thread, or a forked
	 * child, that closed those numbers would close the host's files. */
	int owner_pid, owner_tid;
	uint64_t period_ns; /* mean of what is programmed */
	uint64_t random;
	uint32_t files; /* descriptors in use */
	int exclude_kernel;
};

/* A thread's event on one CPU, or on all. */
struct vp_perf_event {
	int fd;			  /* -1: none */
	uint32_t since;		  /* samples with the present period */
	uint64_t period_ns;	  /* the present one */
	uint64_t rng_state;	  /* the present period was drawn from it */
	uint64_t last;		  /* CPU time counted at the last sample */
	uint64_t window_start_ns; /* ... or at the last change of the period, if later */
	uint64_t carry_ns; /* CPU time not charged yet: between the last sample and that change,
			    * or inherited from the event that this one replaced */
	int user_only;
};

/* A thread that is sampled. */
struct vp_perf_thread {
	int tid;       /* 0: slot is free */
	uint32_t next; /* slot + 1 in the same bucket, or on the free list */
	int marked;
	int shared;		  /* its events write into the rings of CPUs */
	struct vp_perf_ring ring; /* its own, where it writes into none of a CPU */
};

#ifndef VP_PERF_SHARED_CPUS
#define VP_PERF_SHARED_CPUS 16 /* more than that are many */
#endif
#define VP_PERF_BUCKETS 1024U

/* The engine (perf.c). */
struct vp_perf {
	struct vp_perf_common common;
	uint32_t files_max;
	uint32_t shared; /* CPUs with a ring; 0: every thread has its own */
	int grown;	 /* the rings of the CPUs are as large as they will be */
	int cpu[VP_PERF_SHARED_CPUS + 1];
	int ring_fd[VP_PERF_SHARED_CPUS + 1]; /* -1: the CPU went offline */
	struct vp_perf_ring ring[VP_PERF_SHARED_CPUS + 1];
	uint32_t own_total;    /* bytes of threads' own rings */
	uint32_t half_samples; /* that fit half of the smallest ring */
	/* Slots never move within a table; event[slot * stride ...] are the
	 * slot's.  Both tables are one mapping. */
	struct vp_perf_thread *thread;
	struct vp_perf_event *event;
	uint32_t stride, room, high, free_slot;
	uint32_t bucket[VP_PERF_BUCKETS];
	struct vp_perf_ring_losses losses;
	uint64_t refused;
	int paused;
	vp_perf_sink *sink;
};

/* The event that holds a CPU's ring: of this thread, so that it needs no right
 * to watch a CPU, and outlives all others.  Returns a descriptor or -errno. */
int vp_perf_event_open_holder(struct vp_perf_common *common, int cpu);
/* A thread's event on `cpu`, or on all (-1), for a ring of that size.  Gives up
 * kernel samples where they are refused; they stay given up. */
int vp_perf_event_open(struct vp_perf_common *common, struct vp_perf_event *event, int tid, int cpu,
		       uint32_t ring_bytes);
void vp_perf_event_close(struct vp_perf_common *common, struct vp_perf_event *event);
/* Closes a stopped event whose place another will take: to that one's first sample
 * goes what this one has counted since its last. */
void vp_perf_event_retire(struct vp_perf_common *common, struct vp_perf_event *event);
void vp_perf_event_close_fd(struct vp_perf_common *common, int fd);

/* The CPU time that a sample stands for; `count` is the event's at that time. */
uint64_t vp_perf_event_weigh(struct vp_perf_event *event, uint64_t count);
void vp_perf_event_change_period(struct vp_perf_common *common, struct vp_perf_event *event);

/* Bytes of stack copied into a ring of that size. */
uint32_t vp_perf_event_stack_bytes(const struct vp_perf_common *common, uint32_t ring_bytes);
uint32_t vp_perf_event_files_limit(void); /* descriptors that events may use */
uint64_t vp_perf_event_random(struct vp_perf_common *common);

#endif
