/* profile.proto, through protobuf-c.  A message may be written in pieces: those
 * of a repeated field add up.  So each row is packed and written by itself. */
#include <profile.pb-c.h>
#include <stdlib.h>

#include "cli/xalloc.h"
#include "export/dump.h"
#include "export/strings.h"

struct pprof {
	const struct vr_dump *dump;
	FILE *out;
	struct vr_strings strings;
	uint8_t *bytes;
	size_t room;
	uint64_t *location; /* of one stack */
	size_t location_room;
	uint64_t *mapping;		     /* by module: its id */
	Vr__Pprof__Label *label, **label_at; /* of one sample */
	size_t labels;
};

static void put(struct pprof *p, const Vr__Pprof__Profile *piece)
{
	size_t size = vr__pprof__profile__get_packed_size(piece);

	if (size > p->room) {
		p->room = size * 2;
		p->bytes = vr_xrealloc(p->bytes, p->room, 1);
	}
	vr__pprof__profile__pack(piece, p->bytes);
	fwrite(p->bytes, 1, size, p->out);
}

static int64_t text(struct pprof *p, const char *string)
{
	return (int64_t)vr_strings_at(&p->strings, string, NULL);
}

/* Names of the values, as heap profiles of Go have them where both exist. */
static const struct {
	const char *type, *unit;
} sample_types[VR_VALUES] = {
    [VR_VALUE_SAMPLES] = {"samples", "count"},
    [VR_VALUE_CPU_NS] = {"cpu", "nanoseconds"},
    [VR_VALUE_ALLOCS] = {"alloc_objects", "count"},
    [VR_VALUE_ALLOC_BYTES] = {"alloc_space", "bytes"},
    [VR_VALUE_LIVE_BLOCKS] = {"inuse_objects", "count"},
    [VR_VALUE_LIVE_BYTES] = {"inuse_space", "bytes"},
    [VR_VALUE_PEAK_BLOCKS] = {"peak_objects", "count"},
    [VR_VALUE_PEAK_BYTES] = {"peak_space", "bytes"},
    [VR_VALUE_WALL_NS] = {"wall", "nanoseconds"},
};

static void put_header(struct pprof *p)
{
	Vr__Pprof__Profile piece = VR__PPROF__PROFILE__INIT;
	Vr__Pprof__ValueType type[VR_VALUES], period = VR__PPROF__VALUE_TYPE__INIT;
	Vr__Pprof__ValueType *types[VR_VALUES];
	const struct vr_dump *dump = p->dump;
	int64_t comment[1];

	text(p, "");
	for (int i = 0; i < vr_dump_values(dump); i++) {
		vr__pprof__value_type__init(&type[i]);
		type[i].type = text(p, sample_types[i].type);
		type[i].unit = text(p, sample_types[i].unit);
		types[i] = &type[i];
	}
	piece.n_sample_type = (size_t)vr_dump_values(dump);
	piece.sample_type = types;
	piece.time_nanos = (int64_t)dump->start_real_ns;
	piece.duration_nanos = (int64_t)dump->duration_ns;
	piece.default_sample_type = text(p, sample_types[vr_dump_first(dump)].type);
	if (dump->has_cpu) {
		period.type = text(p, "cpu");
		period.unit = text(p, "nanoseconds");
		piece.period_type = &period;
		piece.period = (int64_t)dump->period_ns;
	}
	comment[0] = text(p, dump->cmdline);
	piece.n_comment = dump->cmdline[0] ? 1 : 0;
	piece.comment = comment;
	put(p, &piece);
}

/* Readers look their symbols up anew where the flags say there are none. */
static void put_mapping(struct pprof *p, uint64_t id, const struct vr_dump_module *module)
{
	Vr__Pprof__Profile piece = VR__PPROF__PROFILE__INIT;
	Vr__Pprof__Mapping mapping = VR__PPROF__MAPPING__INIT, *mappings = &mapping;

	mapping.id = id;
	mapping.memory_start = module->start;
	mapping.memory_limit = module->end;
	mapping.filename = text(p, module->path);
	mapping.build_id = text(p, module->build_id);
	mapping.has_functions = 1;
	mapping.has_filenames = 1;
	mapping.has_line_numbers = 1;
	mapping.has_inline_frames = 1;
	piece.n_mapping = 1;
	piece.mapping = &mappings;
	put(p, &piece);
}

static void put_mappings(struct pprof *p)
{
	const struct vr_dump *dump = p->dump;
	uint64_t id = 0;

	p->mapping = vr_xcalloc(dump->modules, sizeof(*p->mapping));
	if (dump->main_module != VR_DUMP_NONE) {
		p->mapping[dump->main_module] = ++id;
		put_mapping(p, id, &dump->module[dump->main_module]);
	}
	for (size_t i = 0; i < dump->modules; i++) {
		if (i == dump->main_module)
			continue;
		p->mapping[i] = ++id;
		put_mapping(p, id, &dump->module[i]);
	}
}

static void put_functions(struct pprof *p)
{
	for (size_t i = 0; i < p->dump->functions; i++) {
		const struct vr_dump_function *f = &p->dump->function[i];
		Vr__Pprof__Profile piece = VR__PPROF__PROFILE__INIT;
		Vr__Pprof__Function function = VR__PPROF__FUNCTION__INIT, *functions = &function;

		function.id = i + 1;
		function.name = text(p, f->name);
		function.system_name = function.name;
		function.filename = text(p, f->file);
		function.start_line = f->line;
		piece.n_function = 1;
		piece.function = &functions;
		put(p, &piece);
	}
}

static void put_location(struct pprof *p, size_t index)
{
	const struct vr_dump_frame *frame = &p->dump->frame[index];
	Vr__Pprof__Profile piece = VR__PPROF__PROFILE__INIT;
	Vr__Pprof__Location location = VR__PPROF__LOCATION__INIT, *locations = &location;
	Vr__Pprof__Line *line = vr_xcalloc(frame->count, sizeof(*line));
	Vr__Pprof__Line **lines = vr_xcalloc(frame->count, sizeof(*lines));

	for (uint32_t i = 0; i < frame->count; i++) {
		const struct vr_dump_line *from = &p->dump->line[frame->first + i];

		vr__pprof__line__init(&line[i]);
		line[i].function_id = (uint64_t)from->function + 1;
		line[i].line = from->line;
		lines[i] = &line[i];
	}
	location.id = index + 1;
	location.mapping_id = frame->module == VR_DUMP_NONE ? 0 : p->mapping[frame->module];
	location.address = frame->address;
	location.n_line = frame->count;
	location.line = lines;
	piece.n_location = 1;
	piece.location = &locations;
	put(p, &piece);
	free(line);
	free(lines);
}

static size_t stack_of(struct pprof *p, uint32_t node)
{
	size_t depth = 0;

	for (; node; node = p->dump->node[node].parent) {
		p->location = vr_xgrow(p->location, depth, &p->location_room, sizeof(*p->location));
		p->location[depth++] = (uint64_t)p->dump->node[node].frame + 1;
	}
	return depth;
}

/* The thread, and the program's own pairs.  Returns how many. */
static size_t make_labels(struct pprof *p, const struct vr_dump_sample *from)
{
	static const struct vr_dump_label none = {NULL, 0};
	const struct vr_dump_label *label = from->label ? &p->dump->label[from->label - 1] : &none;
	size_t count = 0;

	if (label->pairs + 2 > p->labels) {
		p->labels = label->pairs + 2;
		p->label = vr_xrealloc(p->label, p->labels, sizeof(*p->label));
		p->label_at = vr_xrealloc(p->label_at, p->labels, sizeof(*p->label_at));
	}
	for (size_t i = 0; i < p->labels; i++) {
		vr__pprof__label__init(&p->label[i]);
		p->label_at[i] = &p->label[i];
	}
	if (from->thread != VR_DUMP_NONE) {
		p->label[count].key = text(p, "thread");
		p->label[count++].str = text(p, p->dump->thread[from->thread].name);
		p->label[count].key = text(p, "tid");
		p->label[count++].num = p->dump->thread[from->thread].tid;
	}
	for (size_t i = 0; i < label->pairs; i++) {
		p->label[count].key = text(p, label->pair[i].key);
		p->label[count++].str = text(p, label->pair[i].value);
	}
	return count;
}

static void put_sample(struct pprof *p, const struct vr_dump_sample *from)
{
	Vr__Pprof__Profile piece = VR__PPROF__PROFILE__INIT;
	Vr__Pprof__Sample sample = VR__PPROF__SAMPLE__INIT, *samples = &sample;
	int64_t value[VR_VALUES];

	for (int i = 0; i < VR_VALUES; i++)
		value[i] = (int64_t)from->value[i];
	sample.n_location_id = stack_of(p, from->node);
	sample.location_id = p->location;
	sample.n_value = (size_t)vr_dump_values(p->dump);
	sample.value = value;
	sample.n_label = make_labels(p, from);
	sample.label = p->label_at;
	piece.n_sample = 1;
	piece.sample = &samples;
	put(p, &piece);
}

static void put_strings(struct pprof *p)
{
	for (size_t i = 0; i < p->strings.count; i++) {
		Vr__Pprof__Profile piece = VR__PPROF__PROFILE__INIT;
		char *string = (char *)(uintptr_t)p->strings.text[i];

		piece.n_string_table = 1;
		piece.string_table = &string;
		put(p, &piece);
	}
}

void vr_write_pprof(const struct vr_dump *dump, FILE *out)
{
	struct pprof p = {.dump = dump, .out = out};

	put_header(&p);
	put_mappings(&p);
	put_functions(&p);
	for (size_t i = 0; i < dump->frames; i++)
		put_location(&p, i);
	for (size_t i = 0; i < dump->samples; i++)
		put_sample(&p, &dump->sample[i]);
	put_strings(&p);
	vr_strings_free(&p.strings);
	free(p.bytes);
	free(p.location);
	free(p.mapping);
	free(p.label);
	free(p.label_at);
}
