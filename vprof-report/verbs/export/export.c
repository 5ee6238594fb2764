#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "cli/warn.h"
#include "export/sink.h"
#include "model/cpu.h"
#include "text/notes.h"
#include "text/recorded.h"
#include "verbs/export/fill.h"
#include "verbs/verb.h"

enum kind { PPROF, SPEEDSCOPE, CALLGRIND, PSTATS, FOLDED, HEAPTRACK, JSON, TRACE };

static const struct vr_own_format formats[] = {
    {"pprof", PPROF},	{"speedscope", SPEEDSCOPE}, {"callgrind", CALLGRIND},
    {"pstats", PSTATS}, {"folded", FOLDED},	    {"heaptrack", HEAPTRACK},
    {"json", JSON},	{"trace", TRACE},	    {NULL, 0},
};

/* A heaptrack file holds a line or more for each call: this many of them are
 * some 100 MB before compression and a few seconds to read. */
#define HEAPTRACK_CALLS 10000000u

/* Which value a folded file gets.  Returns 0 or VR_EXIT_USAGE. */
static int find_value(struct vr_context *ctx, const struct vr_dump *dump, enum vr_value *value)
{
	const char *name = ctx->opts->value;

	*value = vr_dump_first(dump);
	if (name && ctx->own_format != FOLDED) {
		vr_warn("--value is for --format folded; the other formats hold all values");
		return VR_EXIT_USAGE;
	}
	if (name && vr_value_parse(name, value) < 0) {
		vr_warn("--value '%s' is not valid: samples, cpu, allocs, alloc_bytes, "
			"live_blocks, live_bytes, peak_blocks, peak_bytes or wall",
			name);
		return VR_EXIT_USAGE;
	}
	return 0;
}

static int is_selected(const struct vr_opts *opts)
{
	return vr_opts_given(opts, VR_OPT_THREAD) || vr_opts_given(opts, VR_OPT_SINCE) ||
	       vr_opts_given(opts, VR_OPT_UNTIL) || vr_opts_given(opts, VR_OPT_MODULE) ||
	       vr_opts_given(opts, VR_OPT_LABEL);
}

/* Says what is missing for the format.  Returns 0 or VR_EXIT_USAGE. */
static int check_data(struct vr_context *ctx, const struct vr_dump *dump, enum vr_value value)
{
	const char *path = ctx->profile->file->path;
	int format = ctx->own_format;

	int has_time = dump->has_cpu || dump->has_wall;

	if (ctx->profile->file->n_damages && !has_time && !dump->has_heap)
		return VR_EXIT_USAGE; /* of which one line was said */
	if (value == VR_VALUE_WALL_NS && !ctx->profile->select.wall)
		vr_warn("--value wall needs --clock wall");
	else if (format == TRACE && !dump->times.slices && !dump->times.marks &&
		 !dump->times.readings)
		vr_warn("%s: no span, call, stall or mark%s, which is all that a trace holds", path,
			is_selected(ctx->opts) ? " is selected" : "");
	else if (format == TRACE)
		return 0;
	else if (!has_time && !dump->has_heap && !dump->n_counted)
		vr_warn("%s: nothing to export: no CPU sample and no allocation%s", path,
			is_selected(ctx->opts) ? " is selected" : "");
	else if (format == PSTATS && !has_time && (!dump->n_counted || dump->hooked_only))
		vr_warn("%s: no CPU samples and no counted calls of the program's own functions, "
			"which is all that pstats holds",
			path);
	else if (format == HEAPTRACK && !dump->has_heap)
		vr_warn("%s: no allocations%s, which is all that heaptrack holds", path,
			ctx->profile->select.windowed ? " in a window" : "");
	else if (format == FOLDED && !vr_dump_has(dump, value))
		vr_warn("%s: no %s for --value %s", path,
			value <= VR_VALUE_CPU_NS ? "CPU samples" : "allocations",
			vr_value_name(value));
	else
		return 0;
	return VR_EXIT_USAGE;
}

static void write_format(struct vr_context *ctx, const struct vr_dump *dump, enum vr_value value,
			 FILE *out)
{
	uint64_t left;

	switch ((enum kind)ctx->own_format) {
	case PPROF:
		vr_write_pprof(dump, out);
		break;
	case SPEEDSCOPE:
		vr_write_speedscope(dump, out);
		break;
	case CALLGRIND:
		vr_write_callgrind(dump, out);
		break;
	case PSTATS:
		vr_write_pstats(dump, out);
		break;
	case FOLDED:
		vr_write_folded(dump, value, out);
		break;
	case HEAPTRACK:
		left = vr_write_heaptrack(dump, HEAPTRACK_CALLS, out);
		if (left)
			vr_note(ctx,
				"%" PRIu64 " of %" PRIu64 " allocations left out of the heaptrack "
				"file; the bytes of peak and leaks are whole",
				left, dump->total[VR_VALUE_ALLOCS]);
		break;
	case JSON:
		vr_write_json(dump, out);
		break;
	case TRACE:
		vr_write_trace(dump, out);
		break;
	}
}

static int write_file(struct vr_context *ctx, const struct vr_dump *dump, enum vr_value value)
{
	const char *path = ctx->opts->output;
	enum vr_pack pack = ctx->own_format == PPROF ? VR_PACK_GZIP : vr_pack_of(path);
	struct vr_sink sink;
	int ret = vr_sink_open(&sink, path, pack);

	if (ret == 0) {
		write_format(ctx, dump, value, sink.out);
		ret = vr_sink_close(&sink);
	}
	if (ret == 0)
		return 0;
	vr_warn("cannot write %s: %s", path, strerror(-ret));
	return VR_EXIT_USAGE;
}

/* Before any file is opened. */
static int begin(struct vr_context *ctx)
{
	if (ctx->own_format < 0)
		vr_warn("export needs --format pprof, speedscope, callgrind, pstats, folded, "
			"heaptrack, json or trace");
	else if (!ctx->opts->output)
		vr_warn("export needs -o OUT, the file to write (- is standard output)");
	else if (ctx->opts->operands > 1)
		vr_warn("export takes one FILE, not %zu", ctx->opts->operands);
	else
		return 0;
	return VR_EXIT_USAGE;
}

static int run(struct vr_context *ctx)
{
	enum vr_value value = VR_VALUE_CPU_NS;
	char *command = vr_command_text(ctx->profile->file, ctx->args);
	struct vr_dump *dump = vr_dump_new(ctx->profile, command, ctx->own_format == PPROF);
	int ret = find_value(ctx, dump, &value);

	if (ctx->own_format == TRACE)
		vr_dump_add_times(dump, ctx->profile);
	if (ctx->own_format == JSON && !ctx->profile->select.windowed)
		vr_dump_add_spans(dump, ctx->profile);
	if (!ret)
		ret = check_data(ctx, dump, value);
	if (!ret)
		ret = write_file(ctx, dump, value);
	vr_warn_symbols(ctx);
	free(command);
	vr_dump_free(dump);
	return ret;
}

const struct vr_verb vr_verb_export = {
    .name = "export",
    .summary = "The profile in a format that other programs read",
    .usage = "--format F -o OUT [FILE]",
    .detail =
	"Formats: pprof (gzipped), speedscope, callgrind, pstats (Python's .prof: CPU only),\n"
	"folded (stacks for flame graphs, one --value), heaptrack (heap only), json, trace "
	"(spans,\n"
	"calls, waits, iterations and stalls over time, for Perfetto and Chrome's viewers).\n"
	"An OUT that ends in .gz or .zst is compressed.\n"
	"Values: cpu (nanoseconds), samples, allocs, alloc_bytes, live_blocks, live_bytes,\n"
	"peak_blocks, peak_bytes, wall. Heap totals have no times: a window exports time "
	"alone.\n" VR_CLOCK_DETAIL,
    .options = VR_TAKES(VR_OPT_FORMAT, VR_OPT_OUTPUT, VR_OPT_VALUE, VR_OPT_THREAD, VR_OPT_LABEL,
			VR_OPT_WINDOW, VR_OPT_MODULE, VR_OPT_TIMES, VR_OPT_TREE, VR_OPT_NAMING,
			VR_OPT_ARGS),
    .formats = formats,
    .only_own = 1,
    .begin = begin,
    .run = run,
};
