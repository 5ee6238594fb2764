/* The rows of a ring file's sections.  A part of vprof_format.h, never included
 * by itself: what a file and its ids are is said there. */
#ifndef VPROF_FORMAT_ROWS_H
#define VPROF_FORMAT_ROWS_H

#ifndef VPROF_FORMAT_H
#error "include vprof_format.h"
#endif

/* STRINGS.  A string is NUL-terminated UTF-8 (or whatever bytes the system
 * gave) in consecutive rows of one extent; its id is the first row. */
#define VPROF_STRING_ROW 32u
struct vprof_string_row {
	char bytes[VPROF_STRING_ROW];
};
_Static_assert(sizeof(struct vprof_string_row) == VPROF_STRING_ROW, "string");

/* MODULES.  One row for each object an address was seen in. */
struct vprof_module {
	uint64_t start, end;	 /* mapped addresses [start, end) */
	uint64_t bias;		 /* run-time address minus ELF virtual address */
	uint64_t load_ns;	 /* when the library first saw it */
	uint64_t unload_ns;	 /* 0: not closed, or loaded again to the same place */
	uint32_t path;		 /* string id */
	uint32_t build_id_bytes; /* 0..32 */
	uint8_t build_id[32];
	uint64_t inode, device; /* of the file, 0 where unknown */
	uint64_t file_bytes;
	uint64_t mtime_ns; /* CLOCK_REALTIME, of the file */
	uint8_t reserved[128 - 112];
};
_Static_assert(sizeof(struct vprof_module) == 128, "vprof_module");

/* THREADS.  Row 0 is the collective row of everything that has none. */
enum vprof_thread_state { VPROF_THREAD_FREE = 0, VPROF_THREAD_LIVE = 1, VPROF_THREAD_ENDED = 2 };
struct vprof_thread {
	uint32_t tid;
	uint16_t state; /* enum vprof_thread_state */
	uint16_t shard; /* heap rows of this thread carry this number */
	char name[16];	/* comm, NUL-terminated */
	uint64_t start_ns, end_ns;
	uint64_t cpu_ns; /* CPU time used so far */
	uint64_t samples, sampled_ns;
	uint64_t allocs, frees;
	uint64_t alloc_bytes, freed_bytes;
	uint64_t start_routine; /* address given to pthread_create, 0: main, or not known */
	uint32_t start_module;	/* its module, VPROF_NONE where unknown */
	uint32_t flags;		/* VPROF_THREAD_*, below */
	uint64_t lock_waits, lock_wait_ns; /* contended acquisitions, time blocked */
	/* CPU time during pauses.  In a pause (modulo 2^64) that time less the
	 * thread's CPU time, which is to be added; a thread that started in it
	 * has been in it all the time */
	uint64_t paused_cpu_ns;
	/* 136: time off the CPU since start_ns; what is left of it the thread waited */
	uint64_t run_delay_ns; /* runnable, and no CPU for it */
	uint64_t unsplit_ns;   /* not known which: since the last reading of one that ended */
	uint64_t slices;       /* times it got a CPU */
	uint64_t voluntary;    /* switches, as getrusage() counts them */
	uint64_t involuntary;
	/* 176: its stack [start, end), 0 where unknown */
	uint64_t stack_start, stack_end;
	/* 192: started by std::thread: the method that calls the program's function, and that
	 * function where the state holds nothing else; 0: none, or not known */
	uint64_t start_method, start_target;
	/* 208: who started it, and who waited for its end with pthread_join() or the like */
	uint64_t descriptor; /* its pthread_t */
	uint32_t creator;    /* row in THREADS; 0: not known */
	uint32_t joiner;     /* 0: nobody, or not known */
	uint64_t created_ns; /* before it was started */
	uint64_t joined_ns;  /* after it had ended */
	uint64_t reserved[2];
};
_Static_assert(sizeof(struct vprof_thread) == 256, "vprof_thread");
#define VPROF_THREAD_SHARED_SHARD 1u  /* other threads have the same shard */
#define VPROF_THREAD_HELPER	  2u  /* the library's own */
#define VPROF_THREAD_RUN_DELAY	  4u  /* run_delay_ns, unsplit_ns and slices are filled in */
#define VPROF_THREAD_SWITCHES	  8u  /* voluntary and involuntary are */
#define VPROF_THREAD_SCHED_EMPTY  16u /* the kernel keeps no such account: all zeros */
#define VPROF_THREAD_SCHED_CLOSED 32u /* it could not be read */
#define VPROF_THREAD_WINDOWS	  64u /* sampled in windows, a small part of the time, if not always */

/* NODES: the stack trie, append only.  A stack is the id of its innermost
 * node; parents lead outwards and have smaller ids.  Node 0 is the root: no
 * frame.  Node 1 is the overflow stack: "[stack table full]". */
#define VPROF_NODE_ROOT	    0u
#define VPROF_NODE_OVERFLOW 1u
struct vprof_node {
	uint64_t where; /* see below */
	uint32_t parent;
	uint32_t reserved;
};
_Static_assert(sizeof(struct vprof_node) == 16, "vprof_node");
/* where = address (47 bits) | exact << 47 | module << 48.
 * exact: the address is the instruction that was executing; otherwise it is a
 * return address and belongs to the call before it (look up address - 1).
 * For kernel frames the address holds the low 47 bits. */
#define VPROF_WHERE_ADDRESS	 0x7fffffffffffull
#define VPROF_WHERE_EXACT	 (1ull << 47)
#define VPROF_WHERE_MODULE_SHIFT 48
#define VPROF_MODULE_KERNEL	 0xfffeu /* address in the kernel */
#define VPROF_MODULE_UNKNOWN	 0xffffu /* no object: JIT code, or too many */
/* An address below 4096 of no object is no code: it stands for the frames outside of a
 * stack that was cut, and says why (enum vprof_lost, VPROF_CUT_*). */
#define VPROF_WHERE_CUT_MOST 4096u
#define VPROF_WHERE_CUT(why)                                                                       \
	((uint64_t)VPROF_MODULE_UNKNOWN << VPROF_WHERE_MODULE_SHIFT | VPROF_WHERE_EXACT | (why))

/* SITES: heap totals of one stack under one label in one shard, each row written by that shard
 * alone: what its threads allocated there, and what they freed of it.  A block
 * may be freed in another shard than it was allocated in, so only the sum over
 * the rows of equal `node` and `label` (modulo 2^64) has meaning as "live": allocs - frees.
 * A free counts for the label that the block was allocated under.
 * Row 0 is the overflow site. */
enum vprof_alloc {
	VPROF_ALLOC_UNKNOWN = 0, /* sampled, freed only, or an older library */
	VPROF_ALLOC_MALLOC = 1,
	VPROF_ALLOC_CALLOC = 2,
	VPROF_ALLOC_REALLOC = 3,
	VPROF_ALLOC_REALLOCARRAY = 4,
	VPROF_ALLOC_POSIX_MEMALIGN = 5,
	VPROF_ALLOC_ALIGNED_ALLOC = 6,
	VPROF_ALLOC_MEMALIGN = 7,
	VPROF_ALLOC_VALLOC = 8,
	VPROF_ALLOC_PVALLOC = 9,
	VPROF_ALLOC_OTHER = 10 /* something else, or several of them */
};
#define VPROF_LIFETIME_BUCKETS 32u
struct vprof_site {
	uint32_t node;
	uint16_t shard;
	uint16_t label_number; /* of `label`, within the process; 0: none */
	uint64_t allocs, alloc_bytes;
	uint64_t frees, freed_bytes;
	uint64_t temporary;  /* freed by its thread before its next allocation */
	uint64_t last_ns;    /* time of the last allocation */
	uint64_t peak_epoch; /* peak_* belong to this epoch ... */
	/* 64: ... or, where older than header.peak_epoch, the row has not
	 * changed since: then its live values are the values at the peak */
	uint64_t peak_bytes, peak_blocks;
	uint64_t first_ns;
	/* VPROF_HEAP_SAMPLE only: all counts and bytes above and below are
	 * unbiased estimates (each sampled block stands for 1 / p, p = 1 -
	 * exp(-bytes / heap_sample_bytes), rounded up or down by chance so that
	 * the mean is right).  What they rest on: */
	uint64_t sampled;	/* blocks sampled */
	uint64_t sampled_freed; /* of which freed again */
	double variance;	/* of alloc_bytes: sum of bytes^2 (1 - p) / p^2 */
	double freed_variance;	/* the same over the freed ones */
	uint32_t label;		/* string id, as in vprof_cpu: what allocated; 0: none */
	uint16_t function;	/* enum vprof_alloc */
	uint16_t reserved;
	/* lifetime[0]: below 1 us; [k]: 2^(k-1) us up to 2^k us; last: above */
	uint64_t lifetime[VPROF_LIFETIME_BUCKETS];
};
_Static_assert(sizeof(struct vprof_site) == 384, "vprof_site");

/* CPU: sample totals of one stack in one thread under one label.  A reader adds
 * rows of equal node, thread and label.  Row 0 is the overflow row.
 *
 * A label is a string: "key=value" of each vprof_begin() that had not ended,
 * the outermost first, separated by newlines. */
struct vprof_cpu {
	uint32_t node;
	uint32_t thread; /* row in THREADS */
	uint64_t samples;
	uint64_t weight_ns;
	uint32_t label; /* string id; 0: none */
	uint32_t reserved;
};
_Static_assert(sizeof(struct vprof_cpu) == 32, "vprof_cpu");

/* LOCKS: waits of one call path under one label for one lock (or condition, semaphore,
 * barrier, or thread to join).  A reader adds rows of equal lock, kind and node; locks in blocks of
 * one site, at one offset, may be taken for one.  Row 0 is the overflow row. */
enum vprof_lock_kind {
	VPROF_LOCK_MUTEX = 1,
	VPROF_LOCK_RDLOCK = 2,
	VPROF_LOCK_WRLOCK = 3,
	VPROF_LOCK_COND = 4,
	VPROF_LOCK_JOIN = 5,
	VPROF_LOCK_SPIN = 6,
	/* whose time is in CALLS as well */
	VPROF_LOCK_SEM = 7,
	VPROF_LOCK_BARRIER = 8
};
/* Where the lock lay when it was waited for. */
enum vprof_lock_place {
	VPROF_LOCK_UNPLACED = 0,  /* nobody looked: a join, heap=off, an older library */
	VPROF_LOCK_ELSEWHERE = 1, /* in no block that the library knew */
	VPROF_LOCK_IN_BLOCK = 2,  /* in a block of the heap: site and offset */
	VPROF_LOCK_INHERITED = 3  /* in a block of the process that forked this one */
};
struct vprof_lock {
	uint64_t address;  /* of the lock; of the pthread_t for a join */
	uint32_t node;	   /* the waiter's stack */
	uint32_t thread;   /* row in THREADS */
	uint32_t kind;	   /* enum vprof_lock_kind */
	uint32_t place;	   /* enum vprof_lock_place */
	uint64_t waits;	   /* times it blocked */
	uint64_t timeouts; /* of which ended by ETIMEDOUT */
	uint64_t wait_ns, max_ns;
	uint64_t first_ns, last_ns;
	uint32_t site;	 /* VPROF_LOCK_IN_BLOCK: the stack that allocated the block ... */
	uint32_t label;	 /* string id, as in vprof_cpu: the waiter's; 0: none */
	uint64_t offset; /* ... and the lock's place in it */
	uint64_t reserved[5];
};
_Static_assert(sizeof(struct vprof_lock) == 128, "vprof_lock");

/* SERIES: live bytes of one stack over time.  All rows share the points
 * 0..header.series_points-1; when there are VPROF_SERIES_POINTS, neighbours are
 * merged and the step doubles.  A merged point keeps the lowest value: what a
 * site never went below.  Row 0 is the clock: bytes[i] is the time of point i,
 * blocks[i] the readings in it, or the number of the iteration it ended. */
#define VPROF_SERIES_POINTS	      128u
#define VPROF_SERIES_CHECKPOINT_EVERY 8u
#define VPROF_SERIES_CHECKPOINTS      16u /* VPROF_SERIES_POINTS / 8 */
enum vprof_series_clock {
	VPROF_SERIES_NONE = 0,
	VPROF_SERIES_TIME = 1,	    /* a point every series_step ns or somewhat later */
	VPROF_SERIES_ITERATIONS = 2 /* a point every series_step marks "iteration" */
};
struct vprof_series {
	uint32_t node;
	uint32_t first; /* points before this one are not known: it held little */
	uint64_t reserved[15];
	/* 128: live blocks by age at header.series_ages_ns; buckets as of
	 * vprof_site.lifetime */
	uint64_t age[VPROF_LIFETIME_BUCKETS];
	uint64_t bytes[VPROF_SERIES_POINTS];
	uint32_t blocks[VPROF_SERIES_POINTS];
	/* 16: allocations so far at point 8 * i + 7; 0: not known */
	uint64_t allocs[VPROF_SERIES_CHECKPOINTS];
};
_Static_assert(sizeof(struct vprof_series) == 2048, "vprof_series");

/* LEAKS: what the last search for pointers found of the live blocks of one
 * call path.  A reader uses the rows whose `scan` is header.scan_count, and
 * adds those of equal node and verdict. */
enum vprof_scan_state {
	VPROF_SCAN_NONE = 0,
	VPROF_SCAN_RUNNING = 1, /* also what a scan that was killed leaves behind */
	VPROF_SCAN_COMPLETE = 2,
	VPROF_SCAN_FAILED = 3
};
enum vprof_scan_trigger {
	VPROF_SCAN_AT_EXIT = 1,
	VPROF_SCAN_BY_CTL = 2,	/* vprof-report ctl FILE leakscan */
	VPROF_SCAN_BY_API = 3,	/* vprof_leak_scan() */
	VPROF_SCAN_AT_TERM = 4, /* at a signal that then ended the process */
	VPROF_SCAN_BY_TIME = 5	/* leakscan_every */
};
enum vprof_leak_verdict {
	VPROF_LEAK_LOST = 1,	 /* no pointer to it anywhere */
	VPROF_LEAK_INDIRECT = 2, /* pointed to by lost blocks only */
	VPROF_LEAK_POSSIBLE = 3, /* interior, one past the end or tagged pointers only */
	VPROF_LEAK_REACHABLE = 4,
	VPROF_LEAK_RUNTIME = 5 /* of the loader, libc or the C++ runtime */
};
struct vprof_leak {
	uint32_t node;	  /* the stack that allocated */
	uint32_t verdict; /* enum vprof_leak_verdict */
	uint32_t scan;	  /* number of the scan */
	uint32_t owner;	  /* indirect: stack of a lost block that leads here */
	uint64_t blocks, bytes;
	uint64_t oldest_ns, newest_ns; /* births of the oldest and youngest */
	uint64_t example;	       /* address of one of them */
	uint32_t because;	       /* enum vprof_unsearched: possible only because that was
					* not searched, else it would be lost or indirect */
	uint32_t reserved;
};
_Static_assert(sizeof(struct vprof_leak) == 64, "vprof_leak");

/* MARKS: moments that the program named (vprof_mark), or somebody outside
 * (vprof-report ctl FILE mark).  One row a name; each mark is also an event. */
struct vprof_mark {
	uint32_t name; /* string id */
	uint32_t reserved0;
	uint64_t count;
	uint64_t first_ns, last_ns;
	uint64_t reserved[4];
};
_Static_assert(sizeof(struct vprof_mark) == 64, "vprof_mark");

/* MAPS: memory that the program mapped itself, past malloc, by call path: mmap, mremap,
 * munmap, brk, sbrk, shmat, shmdt and madvise, in whole pages.  What libc and the loader map
 * for themselves is not here.  A successful mremap counts as an unmapping and a mapping.
 * Row 0 is the overflow row; `node` VPROF_NODE_ROOT: the stack is not known. */
enum vprof_map_flags { /* of what was mapped there */
		       VPROF_MAP_ANON = 1u << 0,
		       VPROF_MAP_FILE = 1u << 1,    /* a file's pages, memfd's too */
		       VPROF_MAP_SHARED = 1u << 2,  /* with other processes, MAP_SHARED */
		       VPROF_MAP_HUGE = 1u << 3,    /* MAP_HUGETLB */
		       VPROF_MAP_BREAK = 1u << 4,   /* the data segment, by brk() or sbrk() */
		       VPROF_MAP_SEGMENT = 1u << 5, /* shmat() */
		       VPROF_MAP_MOVED = 1u << 6,   /* mremap() */
		       VPROF_MAP_ALLOCATOR =
			   1u << 7, /* called by the malloc of the program, which is not libc's */
		       VPROF_MAP_INHERITED =
			   1u << 8 /* no call: what a forked child had from its parent */
};
enum vprof_advice {
	VPROF_ADVICE_DONTNEED = 0,
	VPROF_ADVICE_FREE = 1,
	VPROF_ADVICE_HUGE = 2,
	VPROF_ADVICE_OTHER = 3,
	VPROF_ADVICE_COUNT = 4
};
struct vprof_map {
	uint32_t node;
	uint32_t flags; /* enum vprof_map_flags */
	uint64_t maps, mapped_bytes;
	uint64_t unmapped_bytes; /* of these, unmapped since, by whomever */
	uint64_t peak_epoch;	 /* as in vprof_site, of header.map_peak_epoch */
	uint64_t peak_bytes;
	uint64_t first_ns, last_ns; /* of the first and the last mapping */
	/* 64: what this call path unmapped, whoever had mapped it, and advised */
	uint64_t unmaps, released_bytes;
	uint64_t advised[VPROF_ADVICE_COUNT], advised_bytes[VPROF_ADVICE_COUNT];
	uint64_t reserved[6];
};
_Static_assert(sizeof(struct vprof_map) == 192, "vprof_map");

/* ACCOUNTS: what the resident memory of the process is made of, at a few moments; when the
 * section is full, of two neighbours the one with more stays.  The sum over `resident` is
 * what the kernel counts as resident. */
enum vprof_resident_kind {
	VPROF_RESIDENT_OTHER = 0,    /* nobody knows whose; the kernel's own pages */
	VPROF_RESIDENT_CODE = 1,     /* the program and libraries: pages of their files */
	VPROF_RESIDENT_DATA = 2,     /* their data: pages of their own */
	VPROF_RESIDENT_MALLOC = 3,   /* whatever malloc has: live, free, and its books */
	VPROF_RESIDENT_STACKS = 4,   /* of threads, those that libc keeps for later ones too */
	VPROF_RESIDENT_MMAP = 5,     /* anonymous memory in MAPS */
	VPROF_RESIDENT_FILES = 6,    /* files that the program mapped itself: page cache */
	VPROF_RESIDENT_SHARED = 7,   /* memory shared with other processes */
	VPROF_RESIDENT_PROFILER = 8, /* the library's, and the record */
	VPROF_RESIDENT_KINDS = 16    /* the others are free */
};
struct vprof_account {
	uint64_t t_ns;
	uint64_t rss;		/* bytes, /proc/self/statm, before to after: next to the sum */
	uint64_t heap_live;	/* bytes, live then */
	uint64_t map_live;	/* bytes */
	uint64_t swapped_bytes; /* of all kinds, not resident */
	uint64_t hugetlb_bytes; /* of MAP_HUGETLB, which the kernel does not count as resident */
	uint64_t cost_ns;	/* CPU time of this one */
	uint32_t number;	/* from 1; 0: not filled in yet */
	uint32_t mappings;	/* lines of /proc/self/smaps */
	uint64_t resident[VPROF_RESIDENT_KINDS]; /* bytes */
	uint64_t reserved[8];
};
_Static_assert(sizeof(struct vprof_account) == 256, "vprof_account");

/* RESIDENT: the mappings of two accounts, header.account_last and header.account_peak, those
 * of equal kind, call path and file as one.  A reader uses the rows with their number. */
struct vprof_resident {
	uint32_t account; /* number; 0: void */
	uint32_t kind;	  /* enum vprof_resident_kind */
	uint32_t node;	  /* of MAPS; VPROF_NODE_ROOT: none */
	uint32_t name;	  /* string id of the file; VPROF_NONE: none, or many */
	uint64_t mapped_bytes, resident_bytes, swapped_bytes;
	uint64_t huge_bytes;	/* of resident_bytes, in transparent huge pages */
	uint64_t hugetlb_bytes; /* beside resident_bytes */
	uint32_t mappings;	/* pieces of them */
	uint32_t reserved;
};
_Static_assert(sizeof(struct vprof_resident) == 64, "vprof_resident");

/* TIMELINE.  When the section is full, neighbours are merged in place and
 * the step doubles: a week fits.  Gauges are the last value, with the range
 * seen since the previous row; counters are totals since the start. */
struct vprof_point {
	uint64_t t_ns;
	uint64_t rss, vms, shared, data; /* bytes, /proc/self/statm */
	uint64_t uss, pss;		 /* bytes, smaps_rollup; 0 before the first reading */
	uint64_t heap_live, heap_blocks; /* bytes, blocks */
	uint64_t heap_allocated, heap_freed, allocs, frees; /* counters */
	uint64_t cpu_ns;				    /* counter: process CPU time */
	uint64_t minor_faults, major_faults, switches;	    /* counters */
	uint64_t rss_min, rss_max, heap_min, heap_max;
	uint32_t threads;
	uint32_t ticks;	     /* readings merged into this row */
	uint64_t smaps_t_ns; /* when uss and pss were read */
	uint64_t map_live;   /* bytes of MAPS */
	uint64_t reserved[8];
};
_Static_assert(sizeof(struct vprof_point) == 256, "vprof_point");

/* EVENTS: a ring of blocks.  Block number b of the run lies in row
 * b % blocks_capacity once the ring has wrapped (row b before that); its
 * `seq` is b + 1.  Events 0..used-1 of a block are complete (release order);
 * one block may hold events of several threads. */
#define VPROF_EVENT_BLOCK  4096u
#define VPROF_BLOCK_EVENTS 127u
enum vprof_event_kind {
	VPROF_EV_NONE = 0,
	VPROF_EV_CPU = 1,  /* value = weight_ns, arg = label as in vprof_cpu,
			    * flags = cpu number */
	VPROF_EV_MARK = 2, /* arg = row in MARKS, value = live heap bytes */
	VPROF_EV_THREAD_START = 3,
	VPROF_EV_THREAD_END = 4,
	VPROF_EV_WAIT = 5, /* value = wait_ns, arg = row in LOCKS; t_ns: its end */
	VPROF_EV_CALL = 6  /* value = its time, arg = row in CALLS; t_ns: its end;
			    * flags = enum vprof_class of that time */
};
#define VPROF_WAIT_TIMEOUT 1u /* vprof_event.flags of a wait */
struct vprof_event {
	uint64_t t_ns;
	uint32_t node;
	uint32_t thread; /* row in THREADS */
	uint64_t value;
	uint16_t kind; /* enum vprof_event_kind */
	uint16_t flags;
	uint32_t arg;
};
_Static_assert(sizeof(struct vprof_event) == 32, "vprof_event");
struct vprof_event_block {
	uint64_t seq; /* 0: never used */
	uint32_t used;
	uint32_t reserved;
	uint64_t first_ns;
	uint64_t reserved1;
	struct vprof_event event[VPROF_BLOCK_EVENTS];
};
_Static_assert(sizeof(struct vprof_event_block) == VPROF_EVENT_BLOCK, "block");

#endif
