/* The bytes of a vprof ring file: the one contract between libvprof, which
 * writes it, and vprof-report, which reads it.  docs/format.md is normative
 * and describes every field; this header gives the same layout to C.
 *
 * A file is `extent_count` extents of `extent_bytes` each.  Extent 0 is the
 * header.  Every other extent belongs to one section and holds an array of
 * fixed-size rows of that section; a row never straddles two extents.  Row r
 * of a section is row (r % rows_per_extent) of its extent number
 * (r / rows_per_extent), extents of a section being numbered from 0 by the
 * `index` of their entry in the extent table.
 *
 * All integers are little-endian and naturally aligned.  Times are
 * nanoseconds of CLOCK_MONOTONIC since `start_mono_ns`, unless named
 * otherwise.  Tables are exact and updated in place while the process lives;
 * the event section is a ring. */
#ifndef VPROF_FORMAT_H
#define VPROF_FORMAT_H

#include <stdint.h>

#define VPROF_MAGIC	  "VPROFRNG" /* 8 bytes, no terminator */
#define VPROF_VERSION	  1u
#define VPROF_EXTENT_MIN  (64u << 10) /* power of two, at least this */
#define VPROF_EXTENTS_MAX 1024u
#define VPROF_FILE_MIN	  (1u << 20)
#define VPROF_NONE	  0xffffffffu /* "no row" wherever a row id is stored */

/* Section kinds; index into vprof_header.section. */
enum vprof_section_kind {
	VPROF_SEC_HEADER = 0, /* the owner of extent 0 */
	VPROF_SEC_STRINGS = 1,
	VPROF_SEC_MODULES = 2,
	VPROF_SEC_THREADS = 3,
	VPROF_SEC_NODES = 4,
	VPROF_SEC_SITES = 5,
	VPROF_SEC_CPU = 6,
	VPROF_SEC_TIMELINE = 7,
	VPROF_SEC_EVENTS = 8,
	VPROF_SEC_LOCKS = 9,
	VPROF_SEC_SERIES = 10,
	VPROF_SEC_LEAKS = 11,
	VPROF_SEC_MARKS = 12,
	VPROF_SEC_COUNT = 16 /* the header has room for this many kinds */
};

struct vprof_section {
	uint32_t row_bytes;	  /* 0: the section does not exist */
	uint32_t rows_per_extent; /* power of two, at most extent_bytes / row_bytes */
	uint32_t rows_used;	  /* rows 0..rows_used-1 were handed out */
	uint32_t extents_used;
};
_Static_assert(sizeof(struct vprof_section) == 16, "vprof_section");

/* Who owns an extent.  Published with release order: `kind` last. */
struct vprof_extent {
	uint16_t index; /* position among the extents of its section */
	uint16_t kind;	/* enum vprof_section_kind; 0 = free (extent 0: header) */
};
_Static_assert(sizeof(struct vprof_extent) == 4, "vprof_extent");

enum vprof_state {
	VPROF_STATE_STARTING = 0,
	VPROF_STATE_RUNNING = 1, /* also what a killed process leaves behind */
	VPROF_STATE_EXITED = 2,	 /* end_ns and exit_kind are valid */
	VPROF_STATE_EXECED = 3	 /* replaced itself by another program */
};

enum vprof_exit_kind {
	VPROF_EXIT_NONE = 0,
	VPROF_EXIT_EXIT = 1,	   /* exit() or return from main */
	VPROF_EXIT_UNDERSCORE = 2, /* _exit() or _Exit() */
	VPROF_EXIT_QUICK = 3,	   /* quick_exit() */
	VPROF_EXIT_EXEC = 4,
	VPROF_EXIT_SIGNAL = 5 /* by the signal that exit_status names, leakscan=term */
};

enum vprof_engine {
	VPROF_ENGINE_OFF = 0,
	VPROF_ENGINE_PERF = 1,	/* kernel ring with stack copies, no signal */
	VPROF_ENGINE_TIMER = 2, /* one CPU-time timer and signal per thread */
	VPROF_ENGINE_PERF_SIGNAL = 3
};

enum vprof_heap_mode { VPROF_HEAP_OFF = 0, VPROF_HEAP_EXACT = 1, VPROF_HEAP_SAMPLE = 2 };

/* What was not recorded, and why; index into vprof_header.lost. */
enum vprof_lost {
	VPROF_LOST_SAMPLES = 0,	  /* CPU samples the kernel or timer dropped */
	VPROF_LOST_THROTTLES = 1, /* times the kernel throttled the engine */
	VPROF_LOST_NODES = 2,	  /* stacks cut because the trie was full */
	VPROF_LOST_SITES = 3,	  /* heap events charged to the overflow site */
	VPROF_LOST_THREADS = 4,	  /* threads without a row of their own */
	VPROF_LOST_MODULES = 5,	  /* modules without a row */
	VPROF_LOST_CPU_ROWS = 6,  /* samples charged to the overflow row */
	VPROF_LOST_STRINGS = 7,
	VPROF_LOST_EVENTS = 8,	       /* events that found no ring block */
	VPROF_LOST_BLOCKS = 9,	       /* heap blocks the live table had no room for */
	VPROF_LOST_UNKNOWN_FREES = 10, /* frees of blocks never seen allocated */
	VPROF_LOST_REENTRANT = 11,     /* events inside the library's own work */
	VPROF_CUT_NO_INFO = 12,	       /* stacks cut short: code without unwind rules */
	VPROF_CUT_COPY_END = 13,       /* ... at the end of the copied stack */
	VPROF_CUT_DEPTH = 14,	       /* ... at the depth limit */
	VPROF_CUT_BAD_FRAME = 15,      /* ... at a frame that made no sense */
	VPROF_CUT_FOREIGN = 16,	       /* ... on a stack that could not be read */
	VPROF_FP_GUESSES = 17,	       /* frames walked by frame pointer: no rules */
	VPROF_LOST_LOCK_ROWS = 18,     /* waits charged to the overflow row */
	VPROF_LOST_THREAD_EVENTS = 19, /* threads without CPU samples */
	VPROF_LOST_LABELS = 24, /* labels, marks without a name; samples whose label is not known */
	VPROF_LOST_COUNT = 32
};

/* vprof_header.flags */
enum vprof_flags {
	VPROF_F_EXCLUDE_KERNEL = 1u << 0, /* samples show user mode only */
	VPROF_F_TSC_CLOCK = 1u << 1,
	VPROF_F_FORKED = 1u << 2,     /* the process was forked, not executed */
	VPROF_F_OWN_MALLOC = 1u << 3, /* the program defines malloc itself: heap not seen */
	VPROF_F_OPERATOR_NEW_BYPASS = 1u << 4, /* C++ operators do not call malloc here */
	VPROF_F_RING_WRAPPED = 1u << 5,
	VPROF_F_NO_HELPER = 1u << 6,	/* no helper thread: no timeline, no perf engine */
	VPROF_F_RESTRICTED = 1u << 7,	/* recording ended when the process installed a
					 * seccomp filter, at the last timeline row */
	VPROF_F_NO_ROOM = 1u << 8,	/* the file was kept from growing: disk, quota or limit */
	VPROF_F_DAMAGED = 1u << 9,	/* somebody else cut the file or made holes in it
					 * while it was written: what was there is lost */
	VPROF_F_FREES_UNSEEN = 1u << 10 /* an object frees by a road that is not seen */
};

/* Memory that may hold pointers and was not searched, by why; index into
 * vprof_header.scan_unsearched. */
enum vprof_unsearched {
	VPROF_UNSEARCHED_NONE = 0,
	VPROF_UNSEARCHED_UNREADABLE = 1, /* reading it failed */
	VPROF_UNSEARCHED_PROTECTED = 2,	 /* no permission to read it, but pages are there */
	VPROF_UNSEARCHED_DONTFORK = 3,	 /* not in a forked child */
	VPROF_UNSEARCHED_WIPED = 4,	 /* wiped in a forked child */
	VPROF_UNSEARCHED_SECRET = 5,	 /* memfd_secret */
	VPROF_UNSEARCHED_DEVICE = 6,	 /* a device's, or pages without a struct page */
	VPROF_UNSEARCHED_HUGE = 7,	 /* huge pages that a child cannot have */
	VPROF_UNSEARCHED_SHARED = 8,	 /* shared with others, who may hold pointers too */
	VPROF_UNSEARCHED_ALLOCATOR = 9,	 /* taken for an allocator's own */
	VPROF_UNSEARCHED_STACKS = 10,	 /* stacks that nobody could tell from other memory */
	VPROF_UNSEARCHED_REGISTERS = 11, /* of threads that did not show them */
	VPROF_UNSEARCHED_TABLES = 12,	 /* more mappings than the search has room for */
	VPROF_UNSEARCHED_OTHER = 13,
	VPROF_UNSEARCHED_COUNT = 16
};

/* vprof_header.scan_when */
enum vprof_scan_when {
	VPROF_SCAN_WHEN_EXIT = 1u << 0,
	VPROF_SCAN_WHEN_TERM = 1u << 1 /* also at signals that would end the process */
};

/* Extent 0, at offset 0.  4096 bytes, followed by the extent table. */
struct vprof_header {
	/* 0: identity, written once before state leaves STARTING */
	char magic[8];
	uint32_t version;
	uint32_t header_bytes; /* sizeof(struct vprof_header) */
	uint64_t file_bytes;   /* as reserved; the file may be cut at exit */
	uint32_t extent_bytes;
	uint32_t extent_count; /* extents that fit file_bytes */
	uint32_t extents_used; /* extents 0..extents_used-1 are in use */
	uint32_t flags;	       /* enum vprof_flags */
	uint32_t pid;
	uint32_t ppid;
	uint32_t page_bytes;
	uint32_t cpu_count;
	/* 56 */
	uint64_t start_real_ns; /* CLOCK_REALTIME at start */
	uint64_t start_mono_ns; /* CLOCK_MONOTONIC at start: time zero */
	uint64_t start_ticks;	/* field 22 of /proc/PID/stat: is it still us? */
	uint32_t exe;		/* string ids */
	uint32_t cmdline;	/* arguments joined by blanks, cut at 4000 bytes */
	uint32_t options;	/* VPROF_OPTIONS as given */
	uint32_t cwd;
	uint32_t library_version;
	uint32_t boot_id; /* string id, /proc/sys/kernel/random/boot_id */
	uint32_t host;
	uint32_t reserved0;
	/* 112: settings */
	uint32_t engine;    /* enum vprof_engine */
	uint32_t heap_mode; /* enum vprof_heap_mode */
	uint32_t cpu_hz;    /* asked; 0 = off */
	uint32_t tick_ms;
	uint64_t cpu_period_ns;	    /* programmed: CPU time between two samples */
	uint64_t heap_sample_bytes; /* mean, VPROF_HEAP_SAMPLE only */
	uint32_t engine_note;	    /* string id: why this engine, or why none */
	uint32_t reserved1;
	/* 152: life */
	uint32_t state;	    /* enum vprof_state */
	uint32_t exit_kind; /* enum vprof_exit_kind */
	int32_t exit_status;
	uint32_t reserved2;
	uint64_t end_ns;
	uint64_t heartbeat_ns; /* last time the helper thread ran */
	uint64_t cpu_ns;       /* CPU time of the process, user and system */
	uint64_t cpu_user_ns;
	uint64_t cpu_system_ns;
	/* 208: CPU sampling totals */
	uint64_t samples;	   /* obtained and charged to the CPU table */
	uint64_t sampled_ns;	   /* sum of their weights */
	uint64_t samples_expected; /* sampled threads' CPU time / period */
	/* 232: heap.  Live totals are as of the last time they were taken (a tick
	 * at most); the sum over the THREADS rows is exact at any time */
	uint64_t live_bytes;
	uint64_t live_blocks;
	uint64_t peak_bytes;  /* highest live_bytes ever */
	uint64_t peak_blocks; /* live_blocks at that moment */
	uint64_t peak_epoch;  /* number of times the peak rose */
	uint64_t peak_ns;     /* when, to the tick */
	/* 280: the library itself */
	uint64_t own_cpu_ns;	   /* CPU time of the helper thread */
	uint64_t own_memory_bytes; /* private heap and tables, resident estimate */
	uint64_t own_heap_bytes;   /* of which private jemalloc arena (allocated) */
	uint64_t events_written;   /* since start */
	uint64_t blocks_reserved;  /* event blocks handed out since start */
	uint64_t blocks_capacity;  /* event blocks in the ring */
	uint64_t timeline_step_ns; /* time between two timeline rows now */
	uint64_t rows_learned;	   /* unwind rows in the table */
	uint64_t unwinds;	   /* stacks walked by the helper (samples) */
	uint64_t full_steps;	   /* frames that needed libunwind's full step */
	/* 360 */
	uint64_t lost[VPROF_LOST_COUNT];
	/* 616 */
	struct vprof_section section[VPROF_SEC_COUNT];
	/* 872: the last search for pointers to live blocks; results in LEAKS */
	uint32_t scan_state;		  /* enum vprof_scan_state */
	uint32_t scan_trigger;		  /* enum vprof_scan_trigger */
	uint32_t scan_note;		  /* string id: what it could not see, or why it failed */
	uint32_t scan_count;		  /* scans so far; LEAKS rows of an older one are void */
	uint64_t scan_t_ns;		  /* when it began */
	uint64_t scan_pause_ns;		  /* time the process stood still for it */
	uint64_t scan_total_ns;		  /* until the results were written */
	uint64_t scan_blocks, scan_bytes; /* live blocks examined */
	uint64_t scan_root_bytes;	  /* memory searched outside of them */
	uint64_t scan_memory_bytes;	  /* resident memory of the scanner, at most */
	uint64_t scan_skipped_bytes;	  /* mapped, but could not be read */
	/* 952 */
	uint64_t pid_namespace; /* inode of /proc/self/ns/pid; 0: not known */
	uint64_t room_ns;	/* VPROF_F_NO_ROOM: when the file last could not grow */
	uint64_t damaged_ns;	/* VPROF_F_DAMAGED: when that was noticed first */
	uint64_t damaged_bytes; /* taken out of the file, where that is known */
	uint64_t reserved3[2];
	/* 1000: live bytes of sites over time, in SERIES */
	uint32_t series_points;	    /* points 0 to this, exclusive, are filled in */
	uint32_t series_clock;	    /* enum vprof_series_clock */
	uint64_t series_step;	    /* ns, or iterations, from one point to the next now */
	uint32_t series_sequence;   /* odd while points are being merged in place */
	uint32_t series_left_out;   /* times a site worth watching found no row */
	uint64_t series_ages_ns;    /* when vprof_series.age was counted; 0: never */
	uint64_t series_iterations; /* marks named "iteration" so far */
	uint64_t series_readings;   /* of all watched sites so far */
	uint64_t series_cost_ns;    /* time they took */
	uint64_t reserved4;
	/* 1064: pauses, and what vprof-report ctl asks for.  The one part of a
	 * file that a reader writes: text and verb, then ctl_asked, while it
	 * holds flock(LOCK_EX); the process answers at its next tick */
	uint32_t paused;	  /* 1: only the timeline is recorded now */
	uint32_t pauses;	  /* so far */
	uint64_t paused_ns;	  /* all that are over, together */
	uint64_t paused_since_ns; /* start of the last one */
	uint32_t ctl_asked;	  /* number of the last request */
	uint32_t ctl_answered;	  /* number of the last answer */
	uint32_t ctl_verb;	  /* enum vprof_ctl_verb */
	int32_t ctl_result;	  /* 0 or -errno */
	char ctl_text[56];	  /* name of a mark, NUL-terminated */
	/* 1160 */
	uint32_t lsan_suppressions; /* string id: what the program's own
				     * __lsan_default_suppressions() said; 0: none */
	uint32_t second_roads;	    /* string id: objects whose calls of an allocator are not
				     * seen, and why; 0: none, or not known */
	/* 1168: what the last search left out, and what was asked for */
	uint32_t scan_rules;   /* 1: scan_unsearched and vprof_leak.because are filled in;
				* 0: an older library, of which that is not known */
	uint32_t scan_when;    /* enum vprof_scan_when, asked for */
	uint32_t scan_every_s; /* leakscan_every; 0: never */
	uint32_t scan_missed;  /* searches since the last complete one that failed */
	uint64_t scan_unsearched[VPROF_UNSEARCHED_COUNT]; /* bytes, by kind */
	/* 1312 */
	uint8_t reserved[4096 - 1312];
};
_Static_assert(sizeof(struct vprof_header) == 4096, "vprof_header");

enum vprof_ctl_verb {
	VPROF_CTL_PAUSE = 1,
	VPROF_CTL_RESUME = 2,
	VPROF_CTL_MARK = 3,
	VPROF_CTL_LEAKSCAN = 4
};

/* At offset 4096: struct vprof_extent extent[VPROF_EXTENTS_MAX]. */
#define VPROF_EXTENT_TABLE_OFFSET 4096u

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
	uint64_t start_routine;		   /* address given to pthread_create, 0: main */
	uint32_t start_module;		   /* its module, VPROF_NONE where unknown */
	uint32_t flags;			   /* bit 0: shard shared with other threads;
					    * bit 1: the library's own helper */
	uint64_t lock_waits, lock_wait_ns; /* contended acquisitions, time blocked */
	/* CPU time during pauses.  In a pause (modulo 2^64) that time less the
	 * thread's CPU time, which is to be added; a thread that started in it
	 * has been in it all the time */
	uint64_t paused_cpu_ns;
	uint64_t reserved[15];
};
_Static_assert(sizeof(struct vprof_thread) == 256, "vprof_thread");
#define VPROF_THREAD_SHARED_SHARD 1u
#define VPROF_THREAD_HELPER	  2u

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

/* SITES: heap totals of one stack in one shard, each row written by that shard
 * alone: what its threads allocated there, and what they freed of it.  A block
 * may be freed in another shard than it was allocated in, so only the sum over
 * the rows of equal `node` (modulo 2^64) has meaning as "live": allocs - frees.
 * Row 0 is the overflow site. */
#define VPROF_LIFETIME_BUCKETS 32u
struct vprof_site {
	uint32_t node;
	uint16_t shard;
	uint16_t flags;
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
	uint64_t reserved;
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

/* LOCKS: waits of one call path for one lock (or condition, or thread to
 * join).  A reader adds rows of equal lock, kind and node.  Row 0 is the
 * overflow row. */
enum vprof_lock_kind {
	VPROF_LOCK_MUTEX = 1,
	VPROF_LOCK_RDLOCK = 2,
	VPROF_LOCK_WRLOCK = 3,
	VPROF_LOCK_COND = 4,
	VPROF_LOCK_JOIN = 5
};
struct vprof_lock {
	uint64_t address; /* of the lock; of the pthread_t for a join */
	uint32_t node;	  /* the waiter's stack */
	uint32_t thread;  /* row in THREADS */
	uint32_t kind;	  /* enum vprof_lock_kind */
	uint32_t reserved0;
	uint64_t waits;	   /* times it blocked */
	uint64_t timeouts; /* of which ended by ETIMEDOUT */
	uint64_t wait_ns, max_ns;
	uint64_t first_ns, last_ns;
	uint64_t reserved[7];
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
	uint64_t reserved[9];
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
	VPROF_EV_WAIT = 5 /* value = wait_ns, arg = row in LOCKS; t_ns: its end */
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
