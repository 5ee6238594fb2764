/* What a command is, and what the commands share.
 *
 * A command prints to ctx->out as a table or CSV, or leaves its JSON document
 * in ctx->json; main.c opens files, prints errors and ends the program. */
#ifndef VR_COMMAND_H
#define VR_COMMAND_H

#include <jansson.h>
#include <stdio.h>

#include "model/heap.h"
#include "model/profile.h"
#include "opts.h"
#include "output/out.h"

struct vr_context {
	struct vr_profile *profile;
	const struct vr_opts *opts;
	enum vr_format format;
	int own_format;	     /* index into command.formats, -1: none was asked for */
	int sort;	     /* vr_sort_key.key of the chosen or first key */
	size_t limit;	     /* rows to print, SIZE_MAX for all */
	const char *pattern; /* operand of callers and callees */
	FILE *out;
	int width;    /* of the terminal, 0: unknown */
	void *plan;   /* what the command's begin() left for run() and end() */
	json_t *json; /* [out] for VR_FORMAT_JSON */
};

/* Names of one order; the first entry of a list is its default. */
struct vr_sort_key {
	const char *name; /* NULL ends the list */
	int key;
};

struct vr_command {
	const char *name, *summary;
	const char *usage;		/* operands */
	const char *detail;		/* more help, NULL: none */
	unsigned options;		/* enum vr_option */
	const struct vr_sort_key *sort; /* NULL: --sort is no option */
	size_t limit;			/* rows of a table when -n is not given, 0: all */
	enum vr_format format;		/* default */
	const char *const *formats;	/* NULL: table, csv, json; else names up to a NULL */
	int no_csv;			/* 1: its output is no list of rows */
	int pattern;			/* 1: the first operand is a PATTERN */
	/* Reads its own options before any file is opened; may be NULL.
	 * Returns 0, or VR_EXIT_USAGE after a line on stderr. */
	int (*begin)(struct vr_context *ctx);
	/* After the last file, whatever became of it; frees ctx->plan. */
	void (*end)(struct vr_context *ctx);
	/* After the last file, where all went well: the status, or NULL. */
	int (*last_word)(struct vr_context *ctx);
	/* Returns 0 or enum vr_exit. */
	int (*run)(struct vr_context *ctx);
};

extern const struct vr_command vr_cmd_summary, vr_cmd_flat, vr_cmd_tree, vr_cmd_callers,
    vr_cmd_callees, vr_cmd_heap, vr_cmd_leaks, vr_cmd_timeline, vr_cmd_threads, vr_cmd_locks,
    vr_cmd_labels, vr_cmd_marks, vr_cmd_export, vr_cmd_ctl, vr_cmd_info;

/* ctl, which reads no profile: returns enum vr_exit. */
int vr_ctl(const struct vr_opts *opts);

/* --- print.c: shared by several commands --------------------------------- */

/* 100 * part / whole; 0 when whole is 0. */
double vr_percent(uint64_t part, uint64_t whole);

/* "file:line(function)" as pstats writes it; an object's name stands in for
 * an unknown file.  free() it. */
char *vr_location(const struct vr_function *function, int strip_dirs);
/* "function (file:line)": of a function, and of one frame of a stack with the
 * line that ran; free() it. */
char *vr_function_text(const struct vr_function *function, int strip_dirs);
char *vr_place_text(const struct vr_stacks *stacks, const struct vr_place *place, int strip_dirs);

/* Prints up to `max` frames of a stack, innermost first, one a line.
 * 0: all.  Says how many it left out. */
void vr_print_stack(struct vr_context *ctx, uint32_t node, const char *indent, size_t max);

/* Prints the table in the context's format (not JSON) and frees it. */
void vr_print_table(struct vr_context *ctx, struct vr_table *table);
/* "N more rows; -n 0 shows all" under a cut table; nothing in CSV. */
void vr_print_more(struct vr_context *ctx, size_t shown, size_t all, const char *what);

/* Text with control characters escaped, to ctx->out. */
void vr_print_safe(struct vr_context *ctx, const char *text);
/* The same for several lines. */
void vr_print_lines(struct vr_context *ctx, const char *text);

/* JSON: strings become valid UTF-8, numbers beyond int64 its largest value. */
json_t *vr_json_text(const char *text);
json_t *vr_json_u64(uint64_t value);
json_t *vr_json_hex(const uint8_t *bytes, size_t count);
/* [{"function","file","line","module","inlined"}], innermost first. */
json_t *vr_json_frames(struct vr_stacks *stacks, uint32_t node);
/* Shorthands for json_object_set_new. */
void vr_json_set_u64(json_t *object, const char *key, uint64_t value);
void vr_json_set_text(json_t *object, const char *key, const char *text);

/* A line on stderr, "vprof-report: FILE: ...".  Nothing for a damaged file,
 * about which one line has been said: what else it claims may be damage. */
__attribute__((format(printf, 2, 3))) void vr_note(const struct vr_context *ctx, const char *format,
						   ...);

/* Lines on stderr about what limits the CPU numbers: a window that begins
 * before the oldest event, kernel time unknown in a window. */
struct vr_cpu;
void vr_warn_cpu(const struct vr_context *ctx, const struct vr_cpu *cpu);
/* The same for heap numbers: bypassed malloc, overflow, shared counters. */
void vr_warn_heap(const struct vr_context *ctx, const struct vr_heap *heap);
/* Time in which the program or somebody outside had it record nothing. */
uint64_t vr_paused_ns(const struct vr_file *file);
/* One line when objects on disk are not the ones that ran. */
void vr_warn_rebuilt(const struct vr_context *ctx);

/* "exited with status 0", "killed", "running for 12.3 s", ...; free() it. */
char *vr_status_text(const struct vr_file *file);
const char *vr_engine_name(uint32_t engine);
const char *vr_lost_name(unsigned which); /* NULL: not used */

#endif
