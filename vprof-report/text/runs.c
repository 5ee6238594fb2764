#include "text/runs.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/order.h"
#include "cli/quote.h"
#include "cli/text.h"
#include "cli/units.h"
#include "cli/xalloc.h"
#include "input/status.h"
#include "text/json.h"
#include "text/print.h"
#include "text/recorded.h"

/* Other processes that are listed; the rest is counted. */
#define OTHERS	       6u
#define OTHERS_COLUMNS 34 /* of such a line before and behind the path */
#define TITLE_LEAST    20 /* columns of a title, however narrow the terminal is */
/* Programs that are named in a sentence. */
#define NAMED 8u
/* Columns from which on a table of processes has all it has to tell. */
#define WIDE 110

char *vr_choice_text(const struct vr_runs *runs, const struct vr_chosen *chosen)
{
	const struct vr_process *process = &runs->process[chosen->process];
	char *name = vr_text_escape(vr_called_name(process->file)), *past, *text = NULL;

	switch (chosen->choice) {
	case VR_CHOICE_PROGRAM:
		past = vr_text_escape(vr_called_name(runs->process[chosen->past].file));
		text = vr_xprintf("%s only started %s", past, name);
		free(past);
		break;
	case VR_CHOICE_HEAVY:
		text = vr_xprintf("%s used %.0f %% of the CPU time", name, chosen->cpu_percent);
		break;
	case VR_CHOICE_FIRST:
		text = vr_xprintf("%s is the first", name);
		break;
	case VR_CHOICE_ONLY:
		text = vr_xprintf("%s is the only one", name);
		break;
	}
	free(name);
	return text;
}

char *vr_end_text(const struct vr_file *file)
{
	const struct vprof_header *h = &file->header;

	switch (file->status) {
	case VR_STATUS_EXITED:
		return vr_xprintf("exit %" PRId32, h->exit_status);
	case VR_STATUS_EXECED:
		return vr_xstrdup("exec");
	case VR_STATUS_KILLED:
		if (h->exit_kind == VPROF_EXIT_SIGNAL)
			return vr_xprintf("signal %" PRId32, h->exit_status);
		break;
	default:
		break;
	}
	return vr_xstrdup(vr_status_name(file->status));
}

char *vr_process_text(const struct vr_file *file)
{
	const char *exe = vr_file_string(file, file->header.exe);
	char *text = vr_xprintf("pid %" PRIu32, file->header.pid);

	/* A link's name and its program's are two. */
	if (*exe && strcmp(vr_text_base(exe), vr_called_name(file)) != 0)
		text = vr_xappend(text, " (%s)", exe);
	if (file->n_members > 1)
		text = vr_xappend(text, " and %zu more", file->n_members - 1);
	return text;
}

char *vr_programs_text(const struct vr_process *process, size_t count)
{
	char *text = vr_xstrdup("");
	size_t named = 0, left = 0;

	for (size_t i = 0; i < count; i++) {
		const char *name = vr_called_name(process[i].file);
		size_t same = 0, before = 0;
		char *safe;

		for (size_t k = 0; k < count; k++) {
			same += strcmp(vr_called_name(process[k].file), name) == 0;
			before += k < i && strcmp(vr_called_name(process[k].file), name) == 0;
		}
		if (before)
			continue;
		if (named == NAMED) {
			left += same;
			continue;
		}
		safe = vr_text_escape(name);
		text = vr_xappend(text, "%s%s", named++ ? ", " : "", safe);
		if (same > 1)
			text = vr_xappend(text, " (%zu)", same);
		free(safe);
	}
	return left ? vr_xappend(text, ", %zu more", left) : text;
}

static int by_cpu(const void *a, const void *b, void *arg)
{
	const struct vr_process *x = a, *y = b;

	(void)arg;
	return vr_larger_first(x->cpu_ns, y->cpu_ns);
}

/* The title of a process, else the name it was called by. */
static const char *title_of(const struct vr_process *process)
{
	const struct vr_file *file = process->file;
	const char *title = file->header.title ? vr_file_string(file, file->header.title) : "";

	return *title ? title : vr_called_name(file);
}

/* In the columns that are left; what it is comes first, so that the end goes. */
static void print_title(struct vr_context *ctx, const char *title, int used)
{
	int room = ctx->width - used > TITLE_LEAST ? ctx->width - used : TITLE_LEAST;
	int cut = ctx->width && (int)strlen(title) > room;
	char *text = cut ? vr_xprintf("%.*s...", room - 3, title) : vr_xstrdup(title);

	vr_print_safe(ctx, text);
	fputc('\n', ctx->out);
	free(text);
}

void vr_print_others(struct vr_context *ctx)
{
	const struct vr_process *process, *other[OTHERS];
	char *path[OTHERS];
	size_t first, count, shown = 0, *order;
	int width = 0;

	if (!ctx->runs || ctx->process)
		return; /* a file was named, or all are in the sum */
	count = vr_run_processes(ctx->runs, 0, &first);
	if (count < 2)
		return;
	process = ctx->runs->process + first;
	order = vr_order(process, count, sizeof(*process), by_cpu, NULL);
	for (size_t i = 0; i < count && shown < OTHERS; i++) {
		if (first + order[i] == ctx->chosen->process)
			continue;
		other[shown] = &process[order[i]];
		path[shown] = vr_quote_shell(other[shown]->record->path);
		if ((int)strlen(path[shown]) > width)
			width = (int)strlen(path[shown]);
		shown++;
	}
	fprintf(ctx->out, "\nOther processes of this run, by CPU time:\n");
	for (size_t i = 0; i < shown; i++) {
		char cpu[VR_UNIT_MAX];

		fprintf(ctx->out, "%9s  vprof-report summary %-*s  ",
			vr_format_ns(cpu, other[i]->cpu_ns), width, path[i]);
		print_title(ctx, title_of(other[i]), OTHERS_COLUMNS + width);
		free(path[i]);
	}
	if (count - 1 > shown)
		fprintf(ctx->out, "%9s  %zu more: vprof-report ls\n", "", count - 1 - shown);
	fprintf(ctx->out, "All of them added up: vprof-report summary --tree\n");
	free(order);
}

/* --- rows ------------------------------------------------------------------------ */

static const struct vr_process *process_of(const void *row)
{
	return row;
}

static const struct vprof_header *header_of(const void *row)
{
	return &process_of(row)->file->header;
}

static int is_wide(const struct vr_rows *rows)
{
	return rows->ctx->format != VR_FORMAT_TABLE || !rows->ctx->width ||
	       rows->ctx->width >= WIDE;
}

static void get_string(struct vr_value *value, const void *row, uint32_t id)
{
	value->cell.s = id ? vr_file_string(process_of(row)->file, id) : "";
}

/* Indented by what it came of. */
static void get_shown(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_process *process = row;
	int indent = (int)(process->depth < 12 ? process->depth : 12) * 2;

	/* The first row is out of its place: it is the one that is meant. */
	value->text = vr_xprintf("%*s%s", rows->rank == 1 ? 0 : indent, "", title_of(process));
}

static void get_program(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.s = vr_called_name(process_of(row)->file);
}

static void get_exe(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.s = vr_file_string(process_of(row)->file, header_of(row)->exe);
}

static void get_title(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	get_string(value, row, header_of(row)->title);
}

static void get_pid(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	if (rows->ctx->format == VR_FORMAT_TABLE)
		value->text = vr_xprintf("%" PRIu32, header_of(row)->pid);
	else
		value->cell.u = header_of(row)->pid;
}

static void get_ppid(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.u = header_of(row)->ppid;
}

static void get_by(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	static const char *const by[] = {"", "fork", "exec"};

	(void)rows;
	value->cell.s = by[process_of(row)->descent];
}

static void get_run(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.u = process_of(row)->run + 1;
}

static void get_start(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	uint64_t start_ns = header_of(row)->start_real_ns;
	time_t start = (time_t)(start_ns / 1000000000u);
	struct tm tm;
	char text[16] = "-";

	(void)rows;
	if (localtime_r(&start, &tm))
		strftime(text, sizeof(text), "%H:%M:%S", &tm);
	value->text = vr_xstrdup(text);
}

static void get_start_ns(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.u = header_of(row)->start_real_ns;
}

static void get_wall(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.u = vr_file_duration_ns(process_of(row)->file);
}

static void get_peak(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vprof_header *h = header_of(row);

	(void)rows;
	value->cell.null = h->heap_mode == VPROF_HEAP_OFF || h->flags & VPROF_F_OWN_MALLOC;
	value->cell.u = h->peak_bytes;
}

/* Known where a search was completed at the end, or nothing was left to search. */
static void get_lost(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_file *file = process_of(row)->file;
	const struct vprof_header *h = &file->header;
	int searched = h->scan_state == VPROF_SCAN_COMPLETE && h->scan_count &&
		       (h->scan_trigger == VPROF_SCAN_AT_EXIT ||
			h->scan_trigger == VPROF_SCAN_AT_TERM || file->status == VR_STATUS_RUNNING);
	int nothing = h->heap_mode == VPROF_HEAP_EXACT && !(h->flags & VPROF_F_OWN_MALLOC) &&
		      !h->live_blocks && file->status == VR_STATUS_EXITED;

	(void)rows;
	value->cell.u = searched ? file->head_lost_bytes : 0;
	/* Of what was allocated in a pause nothing is known. */
	value->cell.null = (!searched && !nothing) || (h->pauses && !value->cell.u);
}

static void get_end(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->text = vr_end_text(process_of(row)->file);
}

static void get_status(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.s = vr_status_name(process_of(row)->file->status);
}

/* On disk: nearly all of a record that is being written is a hole. */
static void get_size(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_file *file = process_of(row)->file;

	(void)rows;
	value->cell.u = file->used_bytes < file->size_bytes ? file->used_bytes : file->size_bytes;
}

static void get_file(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.s = process_of(row)->record->path;
}

static int with_args(const struct vr_rows *rows)
{
	return rows->ctx->args != VR_ARGS_USUAL;
}

static void get_command(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	value->text = vr_command_text(process_of(row)->file, rows->ctx->args);
}

const struct vr_field vr_process_fields[] = {
    {"run", "", VR_COUNT, VR_IN_CSV, .get = get_run},
    {"shown", "program", VR_TEXT, VR_IN_TABLE, .get = get_shown, .elastic = 2},
    {"program", "", VR_TEXT, VR_IN_DATA, .get = get_program},
    {"exe", "", VR_TEXT, VR_IN_DATA, .get = get_exe},
    {"title", "", VR_TEXT, VR_IN_DATA, .get = get_title},
    {"pid", "pid", VR_TEXT, VR_IN_TABLE, .get = get_pid, .applies = is_wide},
    {"pid", "", VR_COUNT, VR_IN_DATA, .get = get_pid},
    {"ppid", "", VR_COUNT, VR_IN_DATA, .get = get_ppid},
    {"depth", "", VR_COUNT, VR_IN_DATA, VR_MEMBER(struct vr_process, depth)},
    {"by", "", VR_TEXT, VR_IN_DATA, .get = get_by},
    {"start_real_ns", "", VR_NS, VR_IN_DATA, .get = get_start_ns},
    {"started", "started", VR_TEXT, VR_IN_TABLE, .get = get_start, .applies = is_wide},
    {"wall_ns", "wall", VR_NS, VR_IN_ALL, .get = get_wall},
    {"cpu_ns", "cpu", VR_NS, VR_IN_ALL, VR_MEMBER(struct vr_process, cpu_ns)},
    {"peak_bytes", "peak heap", VR_BYTES, VR_IN_ALL, .get = get_peak},
    {"lost_bytes", "lost", VR_BYTES, VR_IN_ALL, .get = get_lost, .applies = is_wide},
    {"status", "", VR_TEXT, VR_IN_DATA, .get = get_status},
    {"end", "end", VR_TEXT, VR_IN_ALL, .get = get_end},
    {"record_bytes", "size", VR_BYTES, VR_IN_ALL, .get = get_size, .applies = is_wide},
    {"path", "file", VR_TEXT, VR_IN_ALL, .get = get_file, .elastic = 1},
    {"command", "command", VR_TEXT, VR_IN_TABLE, .get = get_command, .applies = with_args},
    {"command", "", VR_TEXT, VR_IN_DATA, .get = get_command},
};
const size_t vr_process_fields_count = sizeof(vr_process_fields) / sizeof(vr_process_fields[0]);

json_t *vr_processes_json(struct vr_context *ctx, const struct vr_process *process, size_t count)
{
	const struct vr_rows rows = {.ctx = ctx};
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, vr_json_fields(&rows, vr_process_fields,
							   vr_process_fields_count, &process[i]));
	return list;
}
