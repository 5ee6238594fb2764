/* CPU sampling engines: when a stack is taken.  What a sample means is
 * decided in track/cpu.c (vp_track_cpu_*).
 *
 * perf.c   kernel rings with a copy of the user stack; runs wholly in the
 *              helper thread, whose file descriptors are its own (helper/helper.c
 *              unshares them), so the host can neither see nor close them.
 * timer.c  one CLOCK_THREAD_CPUTIME_ID timer and a signal per thread. */
#ifndef VP_SAMPLE_ENGINES_H
#define VP_SAMPLE_ENGINES_H

#include <stddef.h>
#include <stdint.h>

/* A sample as the perf engine hands it over. */
struct vp_perf_sample {
	int tid;
	uint32_t cpu;
	uint64_t mono_ns;   /* CLOCK_MONOTONIC */
	uint64_t ip;	    /* where the CPU was: user or kernel address */
	int in_kernel;	    /* ip is a kernel address */
	uint64_t weight_ns; /* CPU time of the thread that it stands for */
	/* user registers; has_user = 0 for kernel threads or a missing frame */
	int has_user;
	uint64_t pc, sp, bp;
	const uint8_t *stack; /* copy of [sp, sp + stack_bytes) */
	size_t stack_bytes;
};

/* So many switches a second are too many for events, and so few, for a while, not any more. */
#define VP_SWITCHES_OFTEN 5000u
#define VP_SWITCHES_CALM  2500u

/* A switch is known at a drain that begins so much later: the kernel writes a record at once, but a
 * virtual CPU may be taken away in between. */
#define VP_PERF_LATE_NS 200000ULL

/* Receives each sample, in the helper thread. */
typedef void vp_perf_sink(const struct vp_perf_sample *sample);

/* A time that a thread was off the CPU, as the kernel's records of context switches
 * (PERF_RECORD_SWITCH, perf_event_open(2)) tell it. */
struct vp_perf_off {
	int tid;
	uint64_t begin_ns, end_ns; /* CLOCK_MONOTONIC */
	uint8_t preempted;	   /* it could have run on: nothing was waited for */
	uint8_t guessed;	   /* ... by a look at it, not by the record of its leaving */
	uint8_t goes_on;	   /* it is still off: what follows begins at end_ns */
	uint8_t fault; /* none: a page is there now, for which it was off before, if it was */
	uint8_t half;  /* none: a switch whose other half is lost */
	uint8_t gap;   /* nobody watched for so long; of it, it was on a CPU, and waited for one: */
	uint8_t begins; /* none: nothing was known before, when these were its CPU time and run
			 * delay (0: not known); fault: page faults are told, too */
	uint8_t ends;	/* none: nothing will be known any more */
	uint64_t ran_ns, delay_ns;
};
/* Receives each, in the order of their ends, in the helper thread. */
typedef void vp_perf_off_sink(const struct vp_perf_off *off);

struct vp_perf_sinks {
	vp_perf_sink *sample;
	vp_perf_off_sink *off;
};

struct vp_perf_stats {
	uint64_t lost;	    /* PERF_RECORD_LOST(_SAMPLES) */
	uint64_t throttles; /* PERF_RECORD_THROTTLE */
	uint64_t refused;   /* threads that got no event */
	uint64_t unpaired;  /* switches without their other half: time off the CPU not known */
	uint64_t gave_up;   /* threads that switch too often for a record of each */
	int exclude_kernel; /* 1: the kernel refused kernel samples */
};

/* Opens rings, and events on the main thread.
 *
 *   period_ns  CPU time between samples, on average: each event has a period
 *              of its own, which vp_perf_change_periods changes
 *   sinks      for all that comes; without `off` no times off the CPU are recorded
 * Returns 0, or -errno of the refusal that mattered.
 * Context: helper thread only, as all of vp_perf_*; allocates with mmap only. */
int vp_perf_open(int main_tid, uint64_t period_ns, const struct vp_perf_sinks *sinks);

/* Another thread of this process is to be sampled; after a drain, so that what
 * an earlier thread of the same number has left is out of the rings.
 * Returns 0; -ESRCH when it has ended; -EINVAL for the helper itself; or the
 * -errno of a refusal, which is counted. */
int vp_perf_add_thread(int tid);
void vp_perf_remove_thread(int tid);
/* Returns 1 if the thread was added before; it then survives ... */
int vp_perf_mark_thread(int tid);
/* ... this, which removes threads that are gone, and clears all marks. */
void vp_perf_remove_unmarked(void);

/* Another period, on average.  What was sampled before goes to the sink.
 * Returns 0, or -EINVAL: shorter than the kernel can. */
int vp_perf_set_period(uint64_t period_ns, const struct vp_perf_sinks *sinks);
/* Stops the events, those of threads added from now on too, or starts them. */
void vp_perf_pause(int on);

/* Hands every complete record to the sinks.  Returns samples handed over. */
size_t vp_perf_drain(const struct vp_perf_sinks *sinks);
/* After a drain: hands over, too, how long the threads that are off the CPU have been.
 *   last  1: no later call will make good what a ring has not told yet
 * Returns until when all is handed over (CLOCK_MONOTONIC), 0: nothing is. */
uint64_t vp_perf_off_so_far(const struct vp_perf_sinks *sinks, int last);
/* Are this thread's times off the CPU handed over? */
int vp_perf_off_is_known(int tid);
/* New periods for the events that have had enough samples with the old one.
 * Call at irregular times, after a drain. */
void vp_perf_change_periods(void);
/* After a drain: opens and closes the windows in which threads that switch very often are sampled,
 * those that are due; when the next is (CLOCK_MONOTONIC), ~0: none. */
void vp_perf_rare_run(const struct vp_perf_sinks *sinks, uint64_t now_ns);
uint64_t vp_perf_rare_due(void);
/* Where no records of switches would show it: the thread is one, as somebody else has seen.
 * Returns 1: it is now, or soon will be. */
int vp_perf_switches_often(int tid);
/* Is this thread one?  And a number that changes whenever another is, or is no more. */
int vp_perf_is_rare(int tid);
uint32_t vp_perf_rare_changes(void);
/* Replaces the small rings of the start by those of a process that lasts. */
void vp_perf_grow(const struct vp_perf_sinks *sinks);
/* The time within which no ring is filled to more than about a half. */
uint64_t vp_perf_drain_ns(void);
void vp_perf_stats(struct vp_perf_stats *out);
void vp_perf_close(void);

/* Timer engine.  vp_timer_start is called once, in the constructor or after
 * fork; vp_timer_thread_start/end by every thread for itself.
 *
 * The signal is a real-time one that the host does not use. The handler calls
 * sink in signal context with the interrupted registers and the weight: CPU
 * time of this thread since its previous sample.
 * Returns 0 or -errno. */
struct vp_regs;
typedef void vp_timer_sink(const struct vp_regs *regs, uint64_t weight_ns);
int vp_timer_start(uint64_t period_ns, vp_timer_sink *sink);
void vp_timer_stop(void);
/* Another period, from each thread's next sample on.  Returns 0 or -EINVAL. */
int vp_timer_set_period(uint64_t period_ns);
/* timer_id: kept by the caller with the thread, for thread_end. */
int vp_timer_thread_start(int *timer_id);
void vp_timer_thread_end(int timer_id);
int vp_timer_signal(void);    /* the signal in use, 0 when none */
uint64_t vp_timer_lost(void); /* overruns: expiries that made no sample */

#endif
