/* Speedscope's own file: JSON, frames shared by several profiles.
 *
 * Each profile opens and closes frames in the order of the call tree, so that
 * the file grows with the tree and not with the depth of its stacks. */
#include <inttypes.h>
#include <stdlib.h>

#include "cli/xalloc.h"
#include "export/json_text.h"
#include "export/paths.h"

/* Threads with a profile of their own, the busiest; all are in the first one. */
#define THREADS_MAX 50u

static void put_frames(const struct vr_dump *dump, FILE *out)
{
	fputs("\"shared\":{\"frames\":[", out);
	for (size_t i = 0; i < dump->functions; i++) {
		const struct vr_dump_function *f = &dump->function[i];

		fputs(i ? ",\n{\"name\":" : "\n{\"name\":", out);
		vr_json_text_put(f->name, out);
		fputs(",\"file\":", out);
		vr_json_text_put(vr_dump_file(f), out);
		if (f->line)
			fprintf(out, ",\"line\":%d", f->line);
		fputc('}', out);
	}
	fputs("]},\n", out);
}

struct events {
	const struct vr_paths *paths;
	enum vr_value value;
	uint64_t at; /* sum of what was passed */
	const char *comma;
	FILE *out;
};

static void put_event(struct events *events, char type, uint32_t path)
{
	fprintf(events->out, "%s\n{\"type\":\"%c\",\"frame\":%" PRIu32 ",\"at\":%" PRIu64 "}",
		events->comma, type, events->paths->path[path].function, events->at);
	events->comma = ",";
}

/* A path without a value is skipped at both ends. */
static int is_shown(const struct events *events, uint32_t path)
{
	return events->paths->path[path].total[events->value] != 0;
}

static void leave(void *arg, uint32_t path)
{
	struct events *events = arg;

	if (is_shown(events, path))
		put_event(events, 'C', path);
}

static void put_events(const struct vr_paths *paths, enum vr_value value, FILE *out)
{
	struct events events = {.paths = paths, .value = value, .comma = "", .out = out};

	for (uint32_t at = paths->path[0].child; at;
	     at = vr_paths_step(paths, at, leave, &events)) {
		if (!is_shown(&events, at))
			continue;
		put_event(&events, 'O', at);
		events.at += paths->path[at].self[value];
	}
}

static void put_profile(const struct vr_paths *paths, enum vr_value value, const char *name,
			const char **comma, FILE *out)
{
	const char *unit = vr_value_unit(value);

	if (!paths->path[0].total[value])
		return;
	fprintf(out, "%s\n{\"type\":\"evented\",\"name\":", *comma);
	vr_json_text_put(name, out);
	fprintf(out, ",\"unit\":\"%s\",\"startValue\":0,\"endValue\":%" PRIu64 ",\"events\":[",
		unit[0] == 'c' ? "none" : unit, paths->path[0].total[value]);
	put_events(paths, value, out);
	fputs("]}", out);
	*comma = ",";
}

static const char *const time_name[] = {"CPU time", "CPU time and waits"};

struct thread_cpu {
	uint32_t thread;
	uint64_t ns;
};

static int busiest_first(const void *a, const void *b)
{
	const struct thread_cpu *x = a;
	const struct thread_cpu *y = b;

	if (x->ns != y->ns)
		return x->ns > y->ns ? -1 : 1;
	return x->thread < y->thread ? -1 : x->thread > y->thread;
}

/* One profile a thread, where there are several. */
static void put_threads(const struct vr_dump *dump, const char **comma, FILE *out)
{
	struct thread_cpu *cpu = vr_xcalloc(dump->threads, sizeof(*cpu));
	enum vr_value time = vr_dump_time(dump);

	for (uint32_t i = 0; i < dump->threads; i++)
		cpu[i].thread = i;
	for (size_t i = 0; i < dump->samples; i++)
		if (dump->sample[i].thread != VR_DUMP_NONE)
			cpu[dump->sample[i].thread].ns += dump->sample[i].value[time];
	if (dump->threads)
		qsort(cpu, dump->threads, sizeof(*cpu), busiest_first);
	for (size_t i = 0; i < dump->threads && i < THREADS_MAX; i++) {
		const struct vr_dump_thread *thread = &dump->thread[cpu[i].thread];
		struct vr_paths *paths;
		char name[96];

		if (!cpu[i].ns || dump->threads < 2 || !cpu[1].ns)
			break;
		paths = vr_paths_new(dump, 0, cpu[i].thread);
		snprintf(name, sizeof(name), "%s, thread %s (%" PRIu32 ")",
			 time_name[dump->has_wall], thread->name, thread->tid);
		put_profile(paths, time, name, comma, out);
		vr_paths_free(paths);
	}
	free(cpu);
}

void vr_write_speedscope(const struct vr_dump *dump, FILE *out)
{
	struct vr_paths *paths = vr_paths_new(dump, 0, VR_DUMP_NONE);
	const char *comma = "";

	fputs("{\"$schema\":\"https://www.speedscope.app/file-format-schema.json\",\n", out);
	fprintf(out, "\"exporter\":\"vprof-report %s\",\n\"name\":", dump->version);
	vr_json_text_put(dump->cmdline[0] ? dump->cmdline : dump->program, out);
	fputs(",\n\"activeProfileIndex\":0,\n", out);
	put_frames(dump, out);
	fputs("\"profiles\":[", out);
	put_profile(paths, vr_dump_time(dump), time_name[dump->has_wall], &comma, out);
	if (dump->threads > 1)
		put_threads(dump, &comma, out);
	put_profile(paths, VR_VALUE_ALLOC_BYTES, "allocated bytes", &comma, out);
	put_profile(paths, VR_VALUE_ALLOCS, "allocations", &comma, out);
	put_profile(paths, VR_VALUE_PEAK_BYTES, "bytes live at the peak", &comma, out);
	put_profile(paths, VR_VALUE_LIVE_BYTES, "bytes live at the end", &comma, out);
	fputs("\n]}\n", out);
	vr_paths_free(paths);
}
