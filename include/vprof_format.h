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
 * the event section is a ring.
 *
 * Here: the header.  The rows of each section: vprof_format_rows.h and the other
 * vprof_format_*.h, which this one includes. */
#ifndef VPROF_FORMAT_H
#define VPROF_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#define VPROF_MAGIC	     "VPROFRNG" /* 8 bytes, no terminator */
#define VPROF_FORMAT_VERSION 1u
#define VPROF_EXTENT_MIN     (64u << 10) /* power of two, at least this */
#define VPROF_EXTENTS_MAX    1024u
#define VPROF_FILE_MIN	     (1u << 20)
#define VPROF_NONE	     0xffffffffu /* "no row" wherever a row id is stored */

/* Section kinds; VPROF_HEADER_SECTION() finds the header's entry of one. */
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
	/* 13 and 16 are in a record that tests keep, as kinds of some day to come */
	VPROF_SEC_MAPS = 14,
	VPROF_SEC_ACCOUNTS = 15,
	VPROF_SEC_RESIDENT = 17,
	VPROF_SEC_CALLS = 18,
	VPROF_SEC_BOOKS = 19,
	VPROF_SEC_LOOPS = 20,
	VPROF_SEC_STALLS = 21,
	VPROF_SEC_DUMPS = 22,
	VPROF_SEC_SPANS = 23,
	VPROF_SEC_BLAME = 24,
	VPROF_SEC_ORDERS = 25,
	VPROF_SEC_LABELS = 26,
	VPROF_SEC_UNITS = 27,
	VPROF_SEC_COUNTS = 28,
	VPROF_SEC_COPIES = 29,
	VPROF_SEC_DURATIONS = 30,
	VPROF_SEC_HEAP_TIMES = 31,
	VPROF_SEC_END,	     /* kinds from here on are not known to this header */
	VPROF_SEC_MORE = 16, /* kinds below are in vprof_header.section, */
	VPROF_SEC_COUNT = 64 /* those from there to this in section_more */
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
	VPROF_LOST_MAPS = 20, /* calls that mapped or unmapped, without a row or not in the books */
	VPROF_LOST_CALLS = 21,	  /* calls that may block, without a row */
	VPROF_LOST_SWITCHES = 22, /* records of context switches */
	VPROF_LOST_LOOPS = 23,	  /* loops without a row */
	VPROF_LOST_LABELS = 24, /* labels, marks without a name; samples whose label is not known */
	VPROF_LOST_STALLS = 25, /* stalls without a row; the longest are kept */
	VPROF_LOST_GAVE_UP = 26, /* threads that switch too often for a record of each */
	VPROF_LOST_SPANS = 27,	 /* spans without a row of their own, or not seen at all */
	VPROF_LOST_BLAME = 28,	 /* waits whose holders are not known: no room, or no row */
	VPROF_LOST_UNITS = 29,	 /* loops and spans of which no unit is kept */
	VPROF_LOST_COUNTS = 30,	 /* calls that were to be counted, without a row */
	VPROF_LOST_COPIES = 31,	 /* pieces of copies of counters that found no room */
	VPROF_LOST_COUNT = 32
};

/* A write lock (F_OFD_SETLK) on this byte of the file: a living process has it mapped. */
#define VPROF_ALIVE_BYTE 0x7ffffffffffff000ll

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

/* vprof_header.pause_why: why nothing is being recorded, or was last. */
enum vprof_pause_why {
	VPROF_PAUSE_NONE = 0,
	VPROF_PAUSE_START = 1, /* start=paused */
	VPROF_PAUSE_DELAY = 2, /* delay= is not over */
	VPROF_PAUSE_ASKED = 3, /* vprof-report ctl, or the program */
	VPROF_PAUSE_OVER = 4   /* duration= is over */
};

/* vprof_header.args */
enum vprof_args {
	VPROF_ARGS_UNKNOWN = 0, /* an older library: as they were */
	VPROF_ARGS_MASKED = 1,	/* what looks like a secret is *** */
	VPROF_ARGS_ALL = 2,	/* as they were, as was asked for */
	VPROF_ARGS_NONE = 3	/* the program's name only, as was asked for */
};

/* A span in which was recorded. */
#define VPROF_WINDOWS 16u
struct vprof_window {
	uint64_t from_ns, to_ns; /* to_ns 0: it has not ended */
};
_Static_assert(sizeof(struct vprof_window) == 16, "vprof_window");

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
	struct vprof_section section[VPROF_SEC_MORE];
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
	 * holds flock(LOCK_EX); the process answers at its next tick.  More on
	 * when was recorded: windows */
	uint32_t paused;	  /* 1: only the timeline is recorded now */
	uint32_t pauses;	  /* so far */
	uint64_t paused_ns;	  /* all that are over, together */
	uint64_t paused_since_ns; /* start of the last one */
	uint32_t ctl_asked;	  /* number of the last request */
	uint32_t ctl_answered;	  /* number of the last answer */
	uint32_t ctl_verb;	  /* enum vprof_ctl_verb */
	int32_t ctl_result;	  /* 0 or -errno */
	char ctl_text[56];	  /* name of a mark, or key=value; NUL-terminated */
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
	/* 1312: entries of the kinds from VPROF_SEC_MORE on.  Zero in files of
	 * libraries that did not have them: no such section */
	struct vprof_section section_more[VPROF_SEC_COUNT - VPROF_SEC_MORE];
	/* 2080 */
	uint32_t libc_unlike; /* string id: what is switched off because libc is not as the
			       * library knows it; 0: nothing */
	uint32_t called;      /* string id: argv[0] as the program was called; 0: not known */
	/* 2088: whose child this is */
	uint64_t parent_mono_ns; /* start_mono_ns of the process that forked this one;
				  * 0: executed, or an older library */
	uint32_t title;		 /* string id: the arguments as the process has rewritten
				  * them (setproctitle); 0: it has not */
	uint32_t reserved6;
	/* 2104: memory that the program mapped itself, in MAPS */
	uint64_t map_live_bytes;
	uint64_t map_peak_bytes; /* highest map_live_bytes ever */
	uint64_t map_peak_epoch; /* number of times that rose */
	uint64_t map_peak_ns;
	/* 2136: what is resident, in ACCOUNTS and RESIDENT */
	uint32_t accounts;	  /* taken so far; the number of the last one */
	uint32_t account_last;	  /* the last one whose rows are complete; 0: none */
	uint32_t account_peak;	  /* the one with most resident bytes of them all */
	uint32_t account_failed;  /* errno of the last one that could not be taken; 0: none */
	uint64_t account_cost_ns; /* CPU time they took, together */
	/* 2160: when was recorded */
	uint32_t windows;     /* spans so far; 0: an older library, which did not note them */
	uint32_t pause_why;   /* enum vprof_pause_why */
	uint64_t delay_ns;    /* as asked; 0: none */
	uint64_t duration_ns; /* of recording, as asked; 0: to the end */
	uint32_t args;	      /* enum vprof_args: what `cmdline` and `title` are */
	uint32_t reserved7;
	/* 2192: the first spans; the last entry is all that came after them */
	struct vprof_window window[VPROF_WINDOWS];
	/* 2448 */
	char ctl_said[256]; /* why the last request was refused, for people */
	/* 2704: time off the CPU */
	uint32_t layers;      /* enum vprof_layer: what the books of this run rest on */
	uint32_t layers_note; /* string id: which are missing, and why; 0: none */
	uint64_t stall_ns;    /* iterations as long as this are stalls; 0: none are */
	uint64_t hang_ns;     /* after this all threads are dumped; 0: never */
	uint32_t stall_auto;  /* 1: stall_ns is learned from the loops (stall=auto) */
	uint32_t dumps;	      /* so far; the number of the last one */
	uint64_t stalls;      /* so far */
	uint64_t frozen;      /* times the process was stopped, or the machine stood still ... */
	uint64_t frozen_ns;   /* ... and for how long, which is no stall */
	uint64_t late_looks;  /* times the helper came too late to see */
	uint64_t loop_looks;  /* times it looked */
	/* 2776: trace= */
	uint32_t trace_note;	/* string id: what is traced and what is not, and why, by
				 * object; 0: it was not asked for */
	uint32_t traced;	/* functions whose calls are counted for it */
	uint32_t trace_refused; /* functions that were asked for as well */
	uint32_t reserved8;
	/* 2792 */
	uint8_t reserved[4096 - 2792];
};
_Static_assert(sizeof(struct vprof_header) == 4096, "vprof_header");

/* The groups lie where the comments above say. */
#define VPROF_GROUP(field, at)                                                                     \
	_Static_assert(offsetof(struct vprof_header, field) == (at), "vprof_header." #field)
VPROF_GROUP(start_real_ns, 56);
VPROF_GROUP(engine, 112);
VPROF_GROUP(state, 152);
VPROF_GROUP(samples, 208);
VPROF_GROUP(live_bytes, 232);
VPROF_GROUP(own_cpu_ns, 280);
VPROF_GROUP(lost, 360);
VPROF_GROUP(section, 616);
VPROF_GROUP(scan_state, 872);
VPROF_GROUP(pid_namespace, 952);
VPROF_GROUP(series_points, 1000);
VPROF_GROUP(paused, 1064);
VPROF_GROUP(lsan_suppressions, 1160);
VPROF_GROUP(scan_rules, 1168);
VPROF_GROUP(section_more, 1312);
VPROF_GROUP(libc_unlike, 2080);
VPROF_GROUP(parent_mono_ns, 2088);
VPROF_GROUP(map_live_bytes, 2104);
VPROF_GROUP(accounts, 2136);
VPROF_GROUP(windows, 2160);
VPROF_GROUP(window, 2192);
VPROF_GROUP(ctl_said, 2448);
VPROF_GROUP(layers, 2704);
VPROF_GROUP(trace_note, 2776);
VPROF_GROUP(reserved, 2792);
#undef VPROF_GROUP

/* The entry of a kind below VPROF_SEC_COUNT in a header, const or not. */
#define VPROF_HEADER_SECTION(header, kind)                                                         \
	((kind) < VPROF_SEC_MORE ? &(header)->section[kind]                                        \
				 : &(header)->section_more[(kind)-VPROF_SEC_MORE])

enum vprof_ctl_verb {
	VPROF_CTL_PAUSE = 1,
	VPROF_CTL_RESUME = 2,
	VPROF_CTL_MARK = 3,
	VPROF_CTL_LEAKSCAN = 4,
	VPROF_CTL_SET = 5,   /* ctl_text: key=value of VPROF_OPTIONS */
	VPROF_CTL_STACKS = 6 /* what every thread does, into DUMPS */
};

/* At offset 4096: struct vprof_extent extent[VPROF_EXTENTS_MAX]. */
#define VPROF_EXTENT_TABLE_OFFSET 4096u

#include "vprof_format_copies.h"
#include "vprof_format_counts.h"
#include "vprof_format_labels.h"
#include "vprof_format_locks.h"
#include "vprof_format_rows.h"
#include "vprof_format_spans.h"
#include "vprof_format_waits.h"
/* Classes of time are of the one before. */
#include "vprof_format_units.h"

/* A thread's CPU time outside of pauses, as far as its row knows it, in nanoseconds:
 * what its samples should add up to. */
static inline uint64_t vprof_thread_active_ns(const struct vprof_header *header,
					      const struct vprof_thread *thread)
{
	if (header->paused && thread->start_ns >= header->paused_since_ns)
		return 0;
	if (thread->paused_cpu_ns > thread->cpu_ns) { /* in a pause: negative */
		uint64_t active_ns = -thread->paused_cpu_ns;

		return active_ns <= thread->cpu_ns ? active_ns : thread->cpu_ns;
	}
	return thread->cpu_ns - thread->paused_cpu_ns;
}

#endif
