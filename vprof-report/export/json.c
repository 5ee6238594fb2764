/* The dump as it is, for programs of one's own; docs/json.md describes it. */
#include <inttypes.h>

#include "export/dump.h"
#include "export/json_text.h"

static void put_values(const struct vr_dump *dump, const uint64_t *value, FILE *out)
{
	for (int v = 0; v < vr_dump_values(dump); v++)
		fprintf(out, "%s%" PRIu64, v ? "," : "[", value[v]);
	fputc(']', out);
}

static void put_key_text(const char *key, const char *text, FILE *out)
{
	fprintf(out, "\"%s\":", key);
	vr_json_text_put(text, out);
}

static void put_process(const struct vr_dump *dump, FILE *out)
{
	fputs("\"process\":{", out);
	put_key_text("program", dump->program, out);
	fputc(',', out);
	put_key_text("cmdline", dump->cmdline, out);
	fprintf(out,
		",\"pid\":%" PRIu32 ",\"start_real_ns\":%" PRIu64 ",\"duration_ns\":%" PRIu64
		",\"cpu_period_ns\":%" PRIu64 ",\"peak_ns\":%" PRIu64 "},\n",
		dump->pid, dump->start_real_ns, dump->duration_ns, dump->period_ns, dump->peak_ns);
}

static void put_types(const struct vr_dump *dump, FILE *out)
{
	fputs("\"values\":[", out);
	for (int v = 0; v < vr_dump_values(dump); v++)
		fprintf(out, "%s{\"name\":\"%s\",\"unit\":\"%s\"}", v ? "," : "",
			vr_value_name((enum vr_value)v), vr_value_unit((enum vr_value)v));
	fputs("],\n\"totals\":", out);
	put_values(dump, dump->total, out);
	fprintf(out, ",\n\"has_cpu\":%s,\"has_heap\":%s,\"heap_sampled\":%s,\n",
		dump->has_cpu ? "true" : "false", dump->has_heap ? "true" : "false",
		dump->heap_sampled ? "true" : "false");
}

static void put_tables(const struct vr_dump *dump, FILE *out)
{
	fputs("\"modules\":[", out);
	for (size_t i = 0; i < dump->modules; i++) {
		fputs(i ? ",\n{" : "\n{", out);
		put_key_text("path", dump->module[i].path, out);
		fputc(',', out);
		put_key_text("build_id", dump->module[i].build_id, out);
		fprintf(out, ",\"start\":%" PRIu64 ",\"end\":%" PRIu64 "}", dump->module[i].start,
			dump->module[i].end);
	}
	fputs("],\n\"threads\":[", out);
	for (size_t i = 0; i < dump->threads; i++) {
		fputs(i ? ",\n{" : "\n{", out);
		put_key_text("name", dump->thread[i].name, out);
		fprintf(out, ",\"tid\":%" PRIu32 "}", dump->thread[i].tid);
	}
	fputs("],\n\"functions\":[", out);
	for (size_t i = 0; i < dump->functions; i++) {
		const struct vr_dump_function *f = &dump->function[i];

		fputs(i ? ",\n{" : "\n{", out);
		put_key_text("name", f->name, out);
		fputc(',', out);
		put_key_text("file", f->file, out);
		fprintf(out, ",\"line\":%d,", f->line);
		put_key_text("module", f->module, out);
		fputc('}', out);
	}
}

/* A row number, or null. */
static void put_row(uint32_t row, FILE *out)
{
	if (row == VR_DUMP_NONE)
		fputs("null", out);
	else
		fprintf(out, "%" PRIu32, row);
}

static void put_frames(const struct vr_dump *dump, FILE *out)
{
	fputs("],\n\"frames\":[", out);
	for (size_t i = 0; i < dump->frames; i++) {
		const struct vr_dump_frame *frame = &dump->frame[i];

		/* Kernel addresses are above what JSON numbers are sure to hold. */
		fprintf(out, "%s\n{\"address\":\"0x%" PRIx64 "\",\"module\":", i ? "," : "",
			frame->address);
		put_row(frame->module, out);
		fputs(",\"lines\":[", out);
		for (uint32_t k = 0; k < frame->count; k++) {
			const struct vr_dump_line *line = &dump->line[frame->first + k];

			fprintf(out, "%s{\"function\":%" PRIu32 ",\"line\":%d}", k ? "," : "",
				line->function, line->line);
		}
		fputs("]}", out);
	}
}

static void put_samples(const struct vr_dump *dump, FILE *out)
{
	fputs("],\n\"stacks\":[\n{\"parent\":null,\"frame\":null}", out);
	for (size_t i = 1; i < dump->nodes; i++)
		fprintf(out, ",\n{\"parent\":%" PRIu32 ",\"frame\":%" PRIu32 "}",
			dump->node[i].parent, dump->node[i].frame);
	fputs("],\n\"samples\":[", out);
	for (size_t i = 0; i < dump->samples; i++) {
		const struct vr_dump_sample *sample = &dump->sample[i];

		fprintf(out, "%s\n{\"stack\":%" PRIu32 ",\"thread\":", i ? "," : "", sample->node);
		put_row(sample->thread, out);
		fputs(",\"values\":", out);
		put_values(dump, sample->value, out);
		fputc('}', out);
	}
	fputs("]", out);
}

static void put_spans(const struct vr_dump *dump, FILE *out)
{
	fputs(",\n\"spans\":[", out);
	for (size_t i = 0; i < dump->spans; i++) {
		const struct vr_dump_span *span = &dump->span[i];

		fputs(i ? ",\n{" : "\n{", out);
		put_key_text("name", span->name, out);
		fputs(",\"thread\":", out);
		put_row(span->thread, out);
		fputc(',', out);
		put_key_text("label", span->label, out);
		fprintf(out,
			",\"async\":%s,\"count\":%" PRIu64 ",\"time_ns\":%" PRIu64
			",\"self_ns\":%" PRIu64 ",\"max_ns\":%" PRIu64 "}",
			span->async ? "true" : "false", span->count, span->time_ns, span->self_ns,
			span->max_ns);
	}
	fputs("]}\n", out);
}

void vr_write_json(const struct vr_dump *dump, FILE *out)
{
	fputs("{\"format\":\"vprof-export\",\"version\":1,\n", out);
	put_process(dump, out);
	put_types(dump, out);
	put_tables(dump, out);
	put_frames(dump, out);
	put_samples(dump, out);
	put_spans(dump, out);
}
