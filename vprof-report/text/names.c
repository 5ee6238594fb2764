#include "text/names.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/text.h"
#include "cli/units.h"
#include "cli/xalloc.h"
#include "model/responsible.h"

/* "libx.so+0x12" */
static int is_place_in_module(const struct vr_function *function)
{
	const char *base = vr_text_base(function->module);
	size_t len = strlen(base);

	return len && strncmp(function->name, base, len) == 0 && function->name[len] == '+';
}

int vr_function_is_nameless(const struct vr_function *function)
{
	return strncmp(function->name, "0x", 2) == 0 || is_place_in_module(function);
}

/* 1 for "libx.so+0x12" and "[kernel]": the name says where it is. */
static int names_its_module(const struct vr_function *function)
{
	return !*vr_text_base(function->module) || strcmp(function->name, function->module) == 0 ||
	       is_place_in_module(function);
}

/* The file, the object where the file is unknown, "~" where that is too. */
static const char *file_of(const struct vr_function *function, int strip_dirs)
{
	const char *file = function->file[0] ? function->file : function->module;

	if (!file[0] || strcmp(file, function->name) == 0)
		return "~";
	return strip_dirs || !function->file[0] ? vr_text_base(file) : file;
}

struct vr_caption vr_location_caption(const struct vr_function *function, int strip_dirs)
{
	return (struct vr_caption){
	    .form = VR_CAPTION_PSTATS,
	    .function = function->name,
	    .place = vr_xprintf("%s:%d", file_of(function, strip_dirs), function->line),
	};
}

static struct vr_caption label_at(const struct vr_function *function, int line, int strip_dirs)
{
	const char *file = file_of(function, strip_dirs || !function->file[0]);
	struct vr_caption label = {.function = function->name};

	if (function->file[0] && line > 0)
		label.place = vr_xprintf("%s:%d", file, line);
	else if (function->file[0] || !names_its_module(function))
		label.place = vr_xstrdup(file);
	return label;
}

struct vr_caption vr_place_caption(const struct vr_stacks *stacks, const struct vr_place *place,
				   int strip_dirs)
{
	return label_at(vr_place_function(stacks, place), place->line, strip_dirs);
}

struct vr_caption vr_function_caption(const struct vr_function *function, int strip_dirs)
{
	return label_at(function, function->line, strip_dirs);
}

struct vr_caption vr_responsible_caption(struct vr_stacks *stacks, uint32_t node, int strip_dirs)
{
	const struct vr_place *place = vr_responsible_frame(stacks, node);

	if (!place)
		return (struct vr_caption){.function = "[no stack]"};
	return vr_place_caption(stacks, place, strip_dirs);
}

void vr_caption_done(struct vr_caption *label)
{
	free((char *)label->place);
	free((char *)label->other);
}

char *vr_caption_full(struct vr_caption label)
{
	char *text = vr_caption_whole(&label);

	vr_caption_done(&label);
	return text;
}

char *vr_caption_short(const struct vr_profile *profile, struct vr_caption label, int room)
{
	char *text;

	label.whole = profile->select.full_names;
	text = vr_caption_fit(&label, room);
	vr_caption_done(&label);
	return text;
}

char *vr_location(const struct vr_function *function, int strip_dirs)
{
	return vr_caption_full(vr_location_caption(function, strip_dirs));
}

char *vr_function_text(const struct vr_function *function, int strip_dirs)
{
	return vr_caption_full(vr_function_caption(function, strip_dirs));
}

char *vr_responsible_text(struct vr_stacks *stacks, uint32_t node, int strip_dirs)
{
	return vr_caption_full(vr_responsible_caption(stacks, node, strip_dirs));
}

char *vr_status_text(const struct vr_file *file)
{
	static const char *const how[] = {
	    [VPROF_EXIT_NONE] = "ended with",	    [VPROF_EXIT_EXIT] = "exited with",
	    [VPROF_EXIT_UNDERSCORE] = "_exit with", [VPROF_EXIT_QUICK] = "quick_exit with",
	    [VPROF_EXIT_EXEC] = "exec with",
	};
	const struct vprof_header *h = &file->header;

	switch (file->status) {
	case VR_STATUS_STARTING:
		return vr_xstrdup("still starting");
	case VR_STATUS_RUNNING:
		return vr_xstrdup("still running");
	case VR_STATUS_EXITED:
		return vr_xprintf("%s status %" PRId32,
				  h->exit_kind <= VPROF_EXIT_EXEC ? how[h->exit_kind] : how[0],
				  h->exit_status);
	case VR_STATUS_EXECED:
		return vr_xstrdup("replaced itself by another program (exec)");
	case VR_STATUS_KILLED:
		if (h->exit_kind == VPROF_EXIT_SIGNAL)
			return vr_xprintf("killed by signal %" PRId32, h->exit_status);
		return vr_xstrdup("killed (it left no exit status)");
	default:
		return vr_xprintf("did not finish: killed, or still running on %s",
				  vr_file_string(file, h->host));
	}
}

const char *vr_engine_name(uint32_t engine)
{
	static const char *const name[] = {
	    [VPROF_ENGINE_OFF] = "off",
	    [VPROF_ENGINE_PERF] = "perf",
	    [VPROF_ENGINE_TIMER] = "timer",
	    [VPROF_ENGINE_PERF_SIGNAL] = "perf-signal",
	};

	return engine < sizeof(name) / sizeof(name[0]) ? name[engine] : "unknown";
}

const char *vr_lost_name(unsigned which)
{
	static const char *const name[VPROF_LOST_COUNT] = {
	    [VPROF_LOST_SAMPLES] = "samples",
	    [VPROF_LOST_THROTTLES] = "throttles",
	    [VPROF_LOST_NODES] = "nodes",
	    [VPROF_LOST_SITES] = "sites",
	    [VPROF_LOST_THREADS] = "threads",
	    [VPROF_LOST_MODULES] = "modules",
	    [VPROF_LOST_CPU_ROWS] = "cpu_rows",
	    [VPROF_LOST_STRINGS] = "strings",
	    [VPROF_LOST_EVENTS] = "events",
	    [VPROF_LOST_BLOCKS] = "blocks",
	    [VPROF_LOST_UNKNOWN_FREES] = "unknown_frees",
	    [VPROF_LOST_REENTRANT] = "reentrant",
	    [VPROF_CUT_NO_INFO] = "cut_no_info",
	    [VPROF_CUT_COPY_END] = "cut_copy_end",
	    [VPROF_CUT_DEPTH] = "cut_depth",
	    [VPROF_CUT_BAD_FRAME] = "cut_bad_frame",
	    [VPROF_LOST_LOCK_ROWS] = "lock_rows",
	    [VPROF_LOST_THREAD_EVENTS] = "thread_events",
	    [VPROF_LOST_MAPS] = "maps",
	    [VPROF_LOST_CALLS] = "calls",
	    [VPROF_LOST_SWITCHES] = "switches",
	    [VPROF_LOST_LOOPS] = "loops",
	    [VPROF_LOST_LABELS] = "labels",
	    [VPROF_LOST_STALLS] = "stalls",
	    [VPROF_LOST_GAVE_UP] = "gave_up",
	    [VPROF_LOST_SPANS] = "spans",
	    [VPROF_LOST_BLAME] = "blame",
	    [VPROF_LOST_COPIES] = "copies",
	    [VPROF_LOST_COUNTS] = "counts",
	    [VPROF_LOST_UNITS] = "units",
	};

	return which < VPROF_LOST_COUNT ? name[which] : NULL;
}

/* What a loss means to the reader of a report, around its count: "1 stack cut by ...". */
static const struct {
	const char *before, *noun, *after, *after_one; /* NULL: as after more */
} loss_text[VPROF_LOST_COUNT] = {
    [VPROF_LOST_SAMPLES] = {"", " CPU sample", ""},
    [VPROF_LOST_THROTTLES] = {"sampling throttled ", " time", ""},
    [VPROF_LOST_NODES] = {"", " stack", " cut by a full stack table"},
    [VPROF_LOST_SITES] = {"", " heap event", " without a site of their own",
			  " without a site of its own"},
    [VPROF_LOST_THREADS] = {"", " thread", " without a row"},
    [VPROF_LOST_MODULES] = {"", " module", ""},
    [VPROF_LOST_CPU_ROWS] = {"", " sample", " without a stack of their own",
			     " without a stack of its own"},
    [VPROF_LOST_STRINGS] = {"", " name", ""},
    [VPROF_LOST_EVENTS] = {"", " event", ""},
    [VPROF_LOST_BLOCKS] = {"", " heap block", " not tracked"},
    [VPROF_LOST_UNKNOWN_FREES] = {"", " free", " of blocks from before the start"},
    [VPROF_LOST_REENTRANT] = {"", " event", " inside the profiler"},
    [VPROF_CUT_NO_INFO] = {"", " stack", " cut at code without unwind rules"},
    [VPROF_CUT_COPY_END] = {"", " stack", " cut at the end of their copy",
			    " cut at the end of its copy"},
    [VPROF_CUT_DEPTH] = {"", " stack", " cut at the depth limit"},
    [VPROF_CUT_BAD_FRAME] = {"", " stack", " cut at a bad frame"},
    [VPROF_LOST_LOCK_ROWS] = {"", " wait", " for locks without a row of their own",
			      " for locks without a row of its own"},
    [VPROF_LOST_THREAD_EVENTS] = {"", " thread", " without CPU samples"},
    [VPROF_LOST_MAPS] = {"", " call", " of mmap and the like"},
    [VPROF_LOST_CALLS] = {"", " call", " that may block, without a row"},
    [VPROF_LOST_SWITCHES] = {"", " record", " of context switches"},
    [VPROF_LOST_LOOPS] = {"", " loop", " without a row"},
    [VPROF_LOST_LABELS] = {"", " label", ""},
    [VPROF_LOST_STALLS] = {"", " stall", " without a row (the longest have one)"},
    [VPROF_LOST_GAVE_UP] =
	{"", " thread", " too busy switching for a record of each time; sampled a fiftieth of it"},
    [VPROF_LOST_SPANS] = {"", " span", " without a row of their own", " without a row of its own"},
    [VPROF_LOST_BLAME] = {"", " wait", " whose holders are not known",
			  " whose holder is not known"},
    [VPROF_LOST_COPIES] = {"", " counter", " not copied at a mark"},
    [VPROF_LOST_COUNTS] = {"", " call", " of the program's own functions not counted"},
    [VPROF_LOST_UNITS] = {"", " loop", " of which no iteration is kept"},
};

/* A forked child may free what its parent's record has: nothing is lost by that. */
static const char *loss_after(const struct vr_file *file, unsigned which, uint64_t lost)
{
	if (which == VPROF_LOST_UNKNOWN_FREES && file->header.flags & VPROF_F_FORKED)
		return " of blocks that the parent's record has";
	return lost == 1 && loss_text[which].after_one ? loss_text[which].after_one
						       : loss_text[which].after;
}

char *vr_losses_text(const struct vr_file *file)
{
	char *text = vr_xstrdup("");

	for (unsigned i = 0; i < VPROF_LOST_COUNT; i++) {
		uint64_t lost = file->header.lost[i];
		char count[VR_UNIT_MAX];

		if (lost && loss_text[i].noun)
			text =
			    vr_xappend(text, "%s%s%s%s%s%s", *text ? ", " : "", loss_text[i].before,
				       vr_format_count(count, lost), loss_text[i].noun,
				       vr_plural(lost), loss_after(file, i, lost));
	}
	if (file->header.flags & VPROF_F_NO_ROOM) {
		char when[VR_UNIT_MAX];

		text = vr_xappend(text, "%sno room for the file to grow at %s", *text ? ", " : "",
				  vr_format_ns(when, file->header.room_ns));
	}
	if (*text)
		return text;
	free(text);
	return NULL;
}

const char *vr_layer_name(unsigned bit)
{
	static const char *const name[] = {"schedstat", "switches", "page",
					   "calls",	"looks",    "faults"};

	return bit < sizeof(name) / sizeof(name[0]) ? name[bit] : NULL;
}

char *vr_layers_text(uint32_t layers)
{
	char *text = vr_xstrdup("");

	for (unsigned i = 0; vr_layer_name(i); i++)
		if (layers & 1u << i)
			text = vr_xappend(text, "%s%s", *text ? ", " : "", vr_layer_name(i));
	return text;
}

const char *vr_heap_mode_name(uint32_t mode)
{
	static const char *const name[] = {"off", "exact", "sample"};

	return mode <= VPROF_HEAP_SAMPLE ? name[mode] : "unknown";
}

const char *vr_sym_state_text(enum vr_sym_state state)
{
	switch (state) {
	case VR_SYM_OK:
		return "symbols";
	case VR_SYM_STRIPPED:
		return "stripped";
	case VR_SYM_MISSING:
		return "missing";
	case VR_SYM_REPLACED:
		return "replaced";
	case VR_SYM_NOT_TRIED:
		return "unused";
	}
	return "unknown";
}
