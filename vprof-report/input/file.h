/* A ring file, read wholly into memory (input/read.h) and validated.
 *
 * This directory is the only parser of ring files: what it hands out is safe
 * to use without another look.  Every id in a row is in range, every node's
 * parent is smaller than the node, every string is terminated.  What was not
 * is dropped, counted and described in `damage`. */
#ifndef VR_FILE_H
#define VR_FILE_H

#include <stddef.h>
#include <stdint.h>

#include <vprof_format.h>

enum vr_status {
	VR_STATUS_STARTING,   /* the library had not finished its start */
	VR_STATUS_RUNNING,    /* the process is alive now */
	VR_STATUS_EXITED,     /* header.exit_kind and exit_status are valid */
	VR_STATUS_EXECED,     /* replaced itself by another program */
	VR_STATUS_KILLED,     /* gone without a word: SIGKILL, a crash, reboot */
	VR_STATUS_UNFINISHED, /* from another machine: killed or still running */
	VR_STATUS_COUNT
};

/* Rows that could not be used. */
struct vr_damage {
	char reason[96];
	uint64_t offset;      /* of the first bad byte range in the file */
	uint64_t kept, total; /* rows; 0 of 0 where rows have no meaning */
};

#define VR_NODE_UNREADABLE VPROF_NONE /* parent of a node that was damaged */

/* A row of UNITS: what it is, its first member tells. */
union vr_unit_row {
	uint16_t kind; /* enum vprof_unit_kind */
	struct vprof_unit kept;
	struct vprof_unit_more more;
	struct vprof_unit_sums sums;
	struct vprof_unit_others others; /* unit: a row of its kind, or VPROF_NONE */
};

struct vr_file {
	char *path;
	uint64_t size_bytes; /* of the file on disk */
	uint64_t used_bytes; /* of which are no holes, as the file system counts them */
	struct vprof_header header;
	enum vr_status status;
	int same_boot; /* 1: written in this boot of this machine */

	struct vprof_module *module;
	struct vprof_thread *thread; /* names are terminated */
	struct vprof_node *node;     /* parent < id, or VR_NODE_UNREADABLE */
	struct vprof_site *site;
	struct vprof_cpu *cpu;
	struct vprof_lock *lock;   /* kinds of enum vprof_lock_kind, 0 for row 0 */
	struct vprof_blame *blame; /* what 0: void; threads are rows or VPROF_NONE */
	struct vprof_leak *leak;   /* verdicts of enum vprof_leak_verdict; scan 0: void */
	struct vprof_mark *mark;   /* names are strings */
	struct vprof_copy *copy;   /* of marks and rows that there are; words 0: void */
	struct vprof_map *map;
	struct vprof_account *account;	 /* in the order of time; numbers are not 0 */
	struct vprof_resident *resident; /* kinds below VPROF_RESIDENT_KINDS; account 0: void */
	struct vprof_point *point;	 /* t_ns never decreases */
	/* Of these five a row is void where it is all zeros: not filled in yet, or damaged.
	 * Classes, kinds and states are those of their enums; strings are there or none. */
	struct vprof_call *call;
	struct vprof_book *book; /* at most one a thread */
	struct vprof_loop *loop;
	struct vprof_stall *stall;	 /* of one loop, no two at the same time */
	struct vprof_dump *dump;	 /* of one number, at most one a thread */
	struct vprof_order *order;	 /* thread 0: void; else a lock is taken and one held */
	struct vprof_span *span;	 /* row 0 has no name; others are NAMED, or void */
	struct vprof_count *count;	 /* where 0: void; hows of their enum */
	struct vprof_duration *duration; /* where 0: void */
	/* Rows of one kind each; what they name is there, `more` is a row that is of this one.
	 * VPROF_UNIT_VOID: not filled in, being written, or damaged. */
	union vr_unit_row *unit;
	struct vprof_label_loop *label_loop; /* of loops that there are; label 0: void */
	struct vprof_heap_time *heap_time;   /* row 0 is the head; to_ns 0: void */
	struct vprof_series *series;	     /* row 0 is the clock, which never runs
					      * backwards; `first` <= series_points */
	struct vprof_event *event;	     /* in the order of their blocks; of waits,
					      * arg is a row of `lock`, of calls one of `call`,
					      * of marks one of `mark`, of CPU samples a
					      * string id */
	uint32_t n_modules, n_threads, n_nodes, n_sites, n_cpus, n_locks, n_leaks, n_points,
	    n_marks, n_maps, n_accounts, n_residents, n_calls, n_books, n_loops, n_stalls, n_dumps,
	    n_orders, n_copies, n_spans, n_blames, n_counts, n_durations, n_units, n_heap_times,
	    n_label_loops;
	uint32_t series_rows, series_points; /* 0: there is no series */
	size_t n_events;
	uint64_t oldest_event_ns; /* start of the history that is kept */
	int wrapped;		  /* older events were overwritten */

	struct vr_damage *damage;
	size_t n_damages, damage_room;

	/* of several records added up (input/merge.h), else none */
	struct vr_file **member; /* their heads; live_blocks and live_bytes are exact */
	size_t n_members;
	uint32_t *module_pid; /* of each module, not 0: code without an object, of that process */
	char *other_builds;   /* names of objects of which there were several builds, or NULL */
	uint64_t together_bytes; /* most the heaps held at one time, as the readings tell */

	uint64_t head_lost_bytes; /* of vr_file_open_head() alone: lost or indirect */

	/* the raw rows of STRINGS, extents back to back */
	char *strings;
	uint64_t strings_bytes, strings_extent_bytes;
	uint32_t string_row_bytes;
};

/* Flag of a thread, in memory only: its time in the kernel was not sampled, whatever the
 * others' was. */
#define VR_THREAD_USER_ONLY 0x80000000u

void vr_file_close(struct vr_file *file); /* NULL is fine */
/* Frees the rows of all tables but strings. */
void vr_file_drop_rows(struct vr_file *file);

/* The string with this id; "" for VPROF_NONE and for damaged ids.  Any bytes
 * but NUL may be in it. */
const char *vr_file_string(const struct vr_file *file, uint32_t id);

/* Ids that a row may hold are below this. */
uint32_t vr_file_string_ids(const struct vr_file *file);

/* End of the recorded time in ns since the start: end_ns of a finished
 * process, the last sign of life of any other. */
uint64_t vr_file_duration_ns(const struct vr_file *file);

#endif
