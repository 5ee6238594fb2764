/* A profile in plain arrays, which is all that the writers of other programs'
 * formats know.
 *
 * Knows no ring file: verbs/export/fill.c fills it.  Text is UTF-8 without
 * control characters, never NULL, and "" where unknown. */
#ifndef VR_DUMP_H
#define VR_DUMP_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define VR_DUMP_NONE 0xffffffffu

/* What is counted at a stack; the order is that of the pprof export. */
enum vr_value {
	VR_VALUE_SAMPLES,
	VR_VALUE_CPU_NS,
	VR_VALUE_ALLOCS,
	VR_VALUE_ALLOC_BYTES,
	VR_VALUE_LIVE_BLOCKS, /* at the end */
	VR_VALUE_LIVE_BYTES,
	VR_VALUE_PEAK_BLOCKS, /* when the process was at its highest */
	VR_VALUE_PEAK_BYTES,
	VR_VALUE_WALL_NS, /* on a CPU or off it; the last: many profiles have none */
	VR_VALUES
};

struct vr_dump_module {
	const char *path, *build_id; /* hexadecimal */
	uint64_t start, end;	     /* mapped addresses */
};

/* Functions differ in name or file (without a file: in name or module). */
struct vr_dump_function {
	const char *name, *file, *module;
	int line; /* the lowest one seen, 0: unknown */
};

struct vr_dump_line {
	uint32_t function;
	int line; /* that ran, 0: unknown */
};

/* One address: the functions inlined there, innermost first, and the one that
 * exists as code. */
struct vr_dump_frame {
	uint64_t address;      /* of the instruction or the call, 0: unknown */
	uint32_t module;       /* VR_DUMP_NONE where it has none */
	uint32_t first, count; /* in vr_dump.line; count >= 1 */
};

/* A stack is its innermost node.  Parents have smaller ids; node 0 is the
 * root, which has no frame. */
struct vr_dump_node {
	uint32_t parent, frame;
};

struct vr_dump_thread {
	const char *name;
	uint32_t tid;
};

/* A label that threads had: pairs of a key and a value, the outermost first. */
struct vr_dump_pair {
	const char *key, *value;
};
struct vr_dump_label {
	const struct vr_dump_pair *pair;
	size_t pairs;
};

struct vr_dump_sample {
	uint32_t node, thread; /* thread VR_DUMP_NONE: of no single one */
	uint64_t temporary;    /* allocations freed before the thread's next one */
	uint64_t value[VR_VALUES];
	uint32_t label; /* number of vr_dump.label, from 1; 0: none, or they are not told apart */
};

/* Calls of one function by another that were counted, each of them. */
struct vr_dump_calls {
	uint32_t caller, callee; /* functions; caller VR_DUMP_NONE: not known */
	uint64_t calls;
	uint64_t primitive; /* of them, not within another of the same function */
};

/* Something that took time in one thread, for formats with an axis of it. */
enum vr_slice_kind {
	VR_SLICE_SPAN,
	VR_SLICE_CALL, /* that may block */
	VR_SLICE_LOCK, /* a wait for it */
	VR_SLICE_ITERATION,
	VR_SLICE_STALL,
	VR_SLICES
};
struct vr_dump_slice {
	uint64_t begin_ns, ns; /* since the start */
	enum vr_slice_kind kind;
	uint32_t thread;
	const char *name;  /* of the span, the function of libc, the lock, the loop */
	const char *where; /* the function that it was in, or what made it long; "" */
	const char *label; /* pairs that were in force; "" */
	uint32_t loop;	   /* whose iterations and stalls these are, a number of it */
	uint64_t size;	   /* of a span, as the program said; 0: it did not */
};

struct vr_dump_moment {
	uint64_t at_ns;
	uint32_t thread;
	const char *name;
};

/* A reading of the whole process. */
struct vr_dump_reading {
	uint64_t at_ns, rss_bytes, heap_bytes, threads;
	double cpu_percent; /* of one CPU, since the reading before */
};

/* What is known of when: in the order of time. */
struct vr_dump_times {
	struct vr_dump_slice *slice;
	struct vr_dump_moment *mark;
	struct vr_dump_reading *reading;
	char **text; /* owns names and places */
	size_t slices, marks, readings, texts;
};

/* Spans of one name that one thread ended under one label. */
struct vr_dump_span {
	const char *name, *label; /* pairs, blanks between; "" */
	uint32_t thread;	  /* VR_DUMP_NONE: of all that had no row of their own */
	int async;
	uint64_t count, time_ns, self_ns, max_ns;
};

struct vr_dump {
	struct vr_dump_times times; /* where it was asked for */
	struct vr_dump_span *span;  /* of the whole run; none with a window */
	size_t spans;
	struct vr_dump_calls *counted; /* by callee, then caller, each pair once */
	struct vr_dump_module *module;
	struct vr_dump_function *function;
	struct vr_dump_line *line;
	struct vr_dump_frame *frame;
	struct vr_dump_node *node;
	struct vr_dump_thread *thread;
	struct vr_dump_sample *sample; /* a node may have several: one a thread, and heap */
	struct vr_dump_label *label;   /* where they are told apart */
	size_t n_counted;	       /* 0: no calls were counted */
	int hooked_only;	       /* of libc's functions alone, where they are hooked */
	size_t modules, functions, lines, frames, nodes, threads, samples, labels;
	uint64_t total[VR_VALUES];
	int has_cpu, has_heap, has_wall;
	int heap_sampled;	       /* the heap's values are estimates */
	const char *program, *cmdline; /* path, arguments joined by blanks */
	const char *version;	       /* of this program */
	uint32_t pid, main_module;     /* VR_DUMP_NONE: unknown */
	uint64_t start_real_ns, duration_ns, period_ns;
	uint64_t peak_ns;		     /* 0: unknown */
	uint64_t page_bytes, peak_rss_bytes; /* 0: unknown */
};

/* "cpu", "alloc_bytes", ... and what it is counted in. */
const char *vr_value_name(enum vr_value value);
const char *vr_value_unit(enum vr_value value); /* "count", "bytes", "nanoseconds" */
/* Returns 0, or -EINVAL for a name that is none. */
int vr_value_parse(const char *name, enum vr_value *value);
/* 1 when the profile has numbers of this kind at all. */
int vr_dump_has(const struct vr_dump *dump, enum vr_value value);

/* How many kinds of values are written where all are: all but the wall clock's where there
 * is none. */
int vr_dump_values(const struct vr_dump *dump);
/* The time that formats with one kind of it hold, and the value that is shown first. */
enum vr_value vr_dump_time(const struct vr_dump *dump);
enum vr_value vr_dump_first(const struct vr_dump *dump);

/* The file as formats without modules name it: the module's path where the
 * file is unknown, "~" where that is too (as Python names its own). */
const char *vr_dump_file(const struct vr_dump_function *function);

/* Writers.  Each writes the whole document to `out`; errors stay in ferror(). */
void vr_write_folded(const struct vr_dump *dump, enum vr_value value, FILE *out);
void vr_write_pstats(const struct vr_dump *dump, FILE *out);
void vr_write_callgrind(const struct vr_dump *dump, FILE *out);
void vr_write_speedscope(const struct vr_dump *dump, FILE *out);
void vr_write_pprof(const struct vr_dump *dump, FILE *out); /* not yet compressed */
void vr_write_json(const struct vr_dump *dump, FILE *out);
void vr_write_trace(const struct vr_dump *dump, FILE *out); /* Chrome's trace events */

/* The format of heaptrack tells of every call, so it gets calls that add up to
 * what is known of each site.
 *   max_calls  if there were more, some that were freed again are left out; and
 *              more blocks that live at the peak or the end become fewer, larger ones
 * Returns how many allocations it left out. */
uint64_t vr_write_heaptrack(const struct vr_dump *dump, uint64_t max_calls, FILE *out);

#endif
