/* Chrome's trace events as JSON, which Perfetto, speedscope and others open: what took time, when,
 * on the track of its thread.
 *
 * Slices of one track have to lie within each other.  Spans, calls and waits of a thread do;
 * iterations of its loop may begin in one span and end in another, and have a track of their
 * own. */
#include <inttypes.h>

#include "export/dump.h"
#include "export/json_text.h"

/* Microseconds, to the nanosecond. */
static void put_time(const char *key, uint64_t ns, FILE *out)
{
	fprintf(out, ",\"%s\":%" PRIu64 ".%03u", key, ns / 1000, (unsigned)(ns % 1000));
}

static void put_text(const char *key, const char *text, FILE *out)
{
	fprintf(out, ",\"%s\":", key);
	vr_json_text_put(text, out);
}

struct trace {
	const struct vr_dump *dump;
	const char *comma;
	FILE *out;
};

static void begin_event(struct trace *trace, const char *phase)
{
	fprintf(trace->out, "%s\n{\"ph\":\"%s\",\"pid\":%" PRIu32, trace->comma, phase,
		trace->dump->pid);
	trace->comma = ",";
}

static void put_thread(struct trace *trace, uint32_t thread)
{
	fprintf(trace->out, ",\"tid\":%" PRIu32, trace->dump->thread[thread].tid);
}

static void put_names(struct trace *trace)
{
	const struct vr_dump *dump = trace->dump;

	begin_event(trace, "M");
	fputs(",\"name\":\"process_name\",\"args\":{\"name\":", trace->out);
	vr_json_text_put(dump->program, trace->out);
	fputs("}}", trace->out);
	for (uint32_t i = 0; i < dump->threads; i++) {
		if (!dump->thread[i].tid)
			continue;
		begin_event(trace, "M");
		put_thread(trace, i);
		fputs(",\"name\":\"thread_name\",\"args\":{\"name\":", trace->out);
		vr_json_text_put(dump->thread[i].name, trace->out);
		fputs("}}", trace->out);
	}
}

static const char *const category[VR_SLICES] = {
    [VR_SLICE_SPAN] = "span",		[VR_SLICE_CALL] = "call",   [VR_SLICE_LOCK] = "lock",
    [VR_SLICE_ITERATION] = "iteration", [VR_SLICE_STALL] = "stall",
};

/* Speedscope takes what has other arguments for another frame: none that is always another. */
static void put_args(struct trace *trace, const struct vr_dump_slice *slice)
{
	const char *comma = "";

	if (!*slice->where && !*slice->label && !slice->size)
		return;
	fputs(",\"args\":{", trace->out);
	if (*slice->where) {
		fputs("\"where\":", trace->out);
		vr_json_text_put(slice->where, trace->out);
		comma = ",";
	}
	if (*slice->label) {
		fprintf(trace->out, "%s\"label\":", comma);
		vr_json_text_put(slice->label, trace->out);
		comma = ",";
	}
	if (slice->size)
		fprintf(trace->out, "%s\"size\":%" PRIu64, comma, slice->size);
	fputc('}', trace->out);
}

/* One of those that have a track of their own: its beginning or its end. */
static void put_end(struct trace *trace, const struct vr_dump_slice *slice, const char *phase,
		    uint64_t at_ns)
{
	begin_event(trace, phase);
	put_thread(trace, slice->thread);
	put_time("ts", at_ns, trace->out);
	put_text("cat", category[slice->kind], trace->out);
	fprintf(trace->out, ",\"id\":%" PRIu32, slice->loop);
	put_text("name", slice->name, trace->out);
	if (*phase == 'b')
		put_args(trace, slice);
	fputc('}', trace->out);
}

static void put_slice(struct trace *trace, const struct vr_dump_slice *slice)
{
	if (slice->kind == VR_SLICE_ITERATION || slice->kind == VR_SLICE_STALL) {
		put_end(trace, slice, "b", slice->begin_ns);
		put_end(trace, slice, "e", slice->begin_ns + slice->ns);
		return;
	}
	begin_event(trace, "X");
	put_thread(trace, slice->thread);
	put_time("ts", slice->begin_ns, trace->out);
	put_time("dur", slice->ns, trace->out);
	put_text("cat", category[slice->kind], trace->out);
	put_text("name", slice->name, trace->out);
	put_args(trace, slice);
	fputc('}', trace->out);
}

static void put_mark(struct trace *trace, const struct vr_dump_moment *mark)
{
	begin_event(trace, "i");
	put_thread(trace, mark->thread);
	put_time("ts", mark->at_ns, trace->out);
	fputs(",\"s\":\"p\",\"cat\":\"mark\"", trace->out);
	put_text("name", mark->name, trace->out);
	fputc('}', trace->out);
}

static void put_reading(struct trace *trace, const struct vr_dump_reading *reading)
{
	begin_event(trace, "C");
	put_time("ts", reading->at_ns, trace->out);
	fprintf(trace->out,
		",\"name\":\"memory\",\"args\":{\"rss\":%" PRIu64 ",\"heap\":%" PRIu64 "}}",
		reading->rss_bytes, reading->heap_bytes);
	begin_event(trace, "C");
	put_time("ts", reading->at_ns, trace->out);
	fprintf(trace->out, ",\"name\":\"CPU\",\"args\":{\"percent\":%.1f}}", reading->cpu_percent);
	begin_event(trace, "C");
	put_time("ts", reading->at_ns, trace->out);
	fprintf(trace->out, ",\"name\":\"threads\",\"args\":{\"threads\":%" PRIu64 "}}",
		reading->threads);
}

void vr_write_trace(const struct vr_dump *dump, FILE *out)
{
	const struct vr_dump_times *times = &dump->times;
	struct trace trace = {.dump = dump, .comma = "", .out = out};

	fprintf(out,
		"{\"displayTimeUnit\":\"ns\",\n\"otherData\":{\"exporter\":\"vprof-report %s\"",
		dump->version);
	put_text("command", dump->cmdline, out);
	fputs("},\n\"traceEvents\":[", out);
	put_names(&trace);
	for (size_t i = 0; i < times->slices; i++)
		put_slice(&trace, &times->slice[i]);
	for (size_t i = 0; i < times->marks; i++)
		put_mark(&trace, &times->mark[i]);
	for (size_t i = 0; i < times->readings; i++)
		put_reading(&trace, &times->reading[i]);
	fputs("\n]}\n", out);
}
