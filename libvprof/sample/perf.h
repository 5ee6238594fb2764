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
/* The kernel does not go below 10 us; periods vary by a fifth. */
#define VP_PERF_PERIOD_LEAST 14000U
#define VP_PERF_SAMPLE_TYPE                                                                        \
	(PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU |                   \
	 PERF_SAMPLE_READ | PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER)
#define VP_PERF_FAULT_TYPE (PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU)
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

struct vp_perf_thread;
struct vp_perf_ring_losses {
	uint64_t lost, throttles;
};

/* A thread left a CPU (1), or got one. */
struct vp_perf_switch {
	uint64_t time_ns; /* CLOCK_MONOTONIC */
	int tid;
	uint8_t out, preempted;
	uint8_t fault; /* neither: a page that was not in memory has been brought in */
};
/* Keeps a record; hands those up to a time on, by time. */
void vp_perf_switch_keep(const struct vp_perf_switch *record);
void vp_perf_switch_settle(uint64_t until_ns, void (*each)(const struct vp_perf_switch *record));
/* Pairs a thread's records: each time off the CPU to the sink when it ends, and so far.
 * A thread that switches too often gives up: its events are to be opened without records.
 * Returns 1 if the record has no other half. */
int vp_perf_away_take(struct vp_perf_thread *thread, const struct vp_perf_switch *record,
		      vp_perf_off_sink *sink);
void vp_perf_away_so_far(struct vp_perf_thread *thread, uint64_t now_ns, vp_perf_off_sink *sink);
uint64_t vp_perf_switch_dropped(void); /* for want of memory */
void vp_perf_switch_forget(void);      /* all, and the memory */

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
	int switches; /* context switches are recorded */
};

/* What an event watches, and into how large a ring it writes. */
struct vp_perf_place {
	int tid, cpu; /* -1: all CPUs */
	uint32_t ring_bytes;
	int switches;  /* with a record for each context switch */
	uint32_t rare; /* for a window: more samples, and a period begun goes on */
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
	uint64_t left_ns;  /* of a period, when a window closed */
	int user_only;
	int faults; /* no clock: it tells of page faults that read from a disk */
};

/* What is known of a thread's time off the CPU. */
struct vp_perf_away {
	uint64_t since_ns;   /* it is off since then; 0: on a CPU, or not known */
	uint64_t opened_ns;  /* its events; until the first record nobody knows where it is */
	uint64_t counted_ns; /* CPU time that they had counted then */
	uint64_t watched_ns; /* times are known since then, but for gaps */
	uint64_t gap_ns;     /* nobody watched since then; 0: there is no gap */
	uint64_t gap_cpu_ns, gap_delay_ns;
	uint64_t last_ns;   /* of the last record */
	uint64_t second_ns; /* a second's begin, and the switches in it */
	uint32_t switches;
	uint8_t preempted; /* it was made to leave */
	uint8_t guessed;   /* ... as it seems */
	int known;	   /* a record has told where it is */
	enum vp_perf_given_up { VP_PERF_RECORDS, VP_PERF_GIVES_UP, VP_PERF_GAVE_UP } given_up;
};

/* A thread that is sampled in windows (perf_rare.c). */
#define VP_PERF_RARE_ONE    256U
#define VP_PERF_RARE_FASTER 8U /* samples in a window, for one otherwise */
struct vp_perf_rare {
	uint32_t on, open;
	uint64_t next_ns;	     /* the window opens then, or closes */
	uint64_t cpu_ns;	     /* CPU time when it did so last */
	uint64_t all_ns, windows_ns; /* CPU time of late, and in windows */
	uint64_t looked_ns, slices;  /* times on a CPU, at the last look */
	uint32_t scale;		     /* of weights, in 1/256 */
	uint32_t windows;	     /* in those sums */
	uint32_t calm, calm_looks;   /* looks in a row, and how many will do */
};

/* A thread that is sampled. */
struct vp_perf_thread {
	int tid;       /* 0: slot is free */
	uint32_t next; /* slot + 1 in the same bucket, or on the free list */
	int marked;
	struct vp_perf_away away; /* off the CPU */
	struct vp_perf_rare rare;
	int shared;		  /* its events write into the rings of CPUs */
	int watched, faults;	  /* they record switches, and page faults */
	struct vp_perf_ring ring; /* its own, where it writes into none of a CPU */
};

#ifndef VP_PERF_SHARED_CPUS
#define VP_PERF_SHARED_CPUS 16 /* more than that are many */
#endif
#define VP_PERF_BUCKETS 1024U

/* Slots never move within a table; event[slot * stride ...] are the slot's.  Both are one
 * mapping. */
struct vp_perf_table {
	struct vp_perf_thread *thread;
	struct vp_perf_event *event;
	uint32_t stride, room, high, free_slot;
	uint32_t bucket[VP_PERF_BUCKETS];
};
struct vp_perf_thread *vp_perf_table_find(struct vp_perf_table *table, int tid); /* or NULL */
/* A new slot, with events that are not open; NULL without memory. */
struct vp_perf_thread *vp_perf_table_add(struct vp_perf_table *table, int tid);
void vp_perf_table_remove(struct vp_perf_table *table, struct vp_perf_thread *thread);
struct vp_perf_event *vp_perf_table_events(struct vp_perf_table *table,
					   const struct vp_perf_thread *thread);
void vp_perf_table_drop(struct vp_perf_table *table); /* its memory */

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
	uint32_t clocks;       /* events of a thread; as many behind them are for page faults */
	struct vp_perf_table table;
	struct vp_perf_ring_losses losses;
	uint64_t refused;
	uint64_t unpaired;	     /* switches */
	uint64_t gave_up;	     /* threads, to record them */
	uint32_t rare, rare_changes; /* threads sampled in windows; how often one began or ended */
	uint64_t drained_ns;	     /* CLOCK_MONOTONIC: what is older has been in the rings */
	int paused;
	const struct vp_perf_sinks *sinks;
};

struct vp_perf *vp_perf_engine(void);

int vp_perf_open_events(struct vp_perf *p, struct vp_perf_thread *thread);
void vp_perf_close_events(struct vp_perf *p, struct vp_perf_thread *thread);

/* The thread has no events any more, but for windows. */
void vp_perf_rare_begin(struct vp_perf *p, struct vp_perf_thread *thread);
void vp_perf_rare_end(struct vp_perf *p, struct vp_perf_thread *thread);
void vp_perf_rare_close(struct vp_perf *p, struct vp_perf_thread *thread);
/* Recording stops, or goes on: no window is open, and what was before does not count. */
void vp_perf_rare_pause(struct vp_perf *p);

/* Times off the CPU (perf_off.c).  Is the thread to have records of its switches? */
int vp_perf_off_is_wanted(const struct vp_perf *p, const struct vp_perf_thread *thread);
/* Its clocks are open: adds what tells of page faults, if there are descriptors for it. */
void vp_perf_off_opened(struct vp_perf *p, struct vp_perf_thread *thread);
/* Hands over what is certain; returns until when.  last: no later call will do it better. */
uint64_t vp_perf_off_settle(struct vp_perf *p, int last);
/* The thread gives up. */
void vp_perf_off_end(struct vp_perf *p, struct vp_perf_thread *thread);
/* Nobody watches any thread, or has watched: they begin anew. */
void vp_perf_off_unknown(struct vp_perf *p);
/* The events are about to be stopped, to be opened once more: a gap begins ... */
void vp_perf_off_gap(struct vp_perf *p);
/* ... and they are: what was until then is handed over. */
void vp_perf_off_renew(struct vp_perf *p);

/* The event that holds a CPU's ring: of this thread, so that it needs no right
 * to watch a CPU, and outlives all others.  Returns a descriptor or -errno. */
int vp_perf_event_open_holder(struct vp_perf_common *common, int cpu);
/* A thread's event on `cpu`, or on all (-1), for a ring of that size.  Gives up
 * kernel samples where they are refused; they stay given up. */
int vp_perf_event_open(struct vp_perf_common *common, struct vp_perf_event *event,
		       const struct vp_perf_place *place);
/* An event that tells of each page fault of a thread for which something was read. */
int vp_perf_event_open_faults(struct vp_perf_common *common, struct vp_perf_event *event, int tid,
			      int cpu);
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
