#include "export/dump.h"

#include <errno.h>
#include <string.h>

static const struct {
	const char *name, *unit;
} value_facts[VR_VALUES] = {
    [VR_VALUE_SAMPLES] = {"samples", "count"},
    [VR_VALUE_CPU_NS] = {"cpu", "nanoseconds"},
    [VR_VALUE_ALLOCS] = {"allocs", "count"},
    [VR_VALUE_ALLOC_BYTES] = {"alloc_bytes", "bytes"},
    [VR_VALUE_LIVE_BLOCKS] = {"live_blocks", "count"},
    [VR_VALUE_LIVE_BYTES] = {"live_bytes", "bytes"},
    [VR_VALUE_PEAK_BLOCKS] = {"peak_blocks", "count"},
    [VR_VALUE_PEAK_BYTES] = {"peak_bytes", "bytes"},
    [VR_VALUE_WALL_NS] = {"wall", "nanoseconds"},
};

const char *vr_value_name(enum vr_value value)
{
	return value_facts[value].name;
}

const char *vr_value_unit(enum vr_value value)
{
	return value_facts[value].unit;
}

int vr_value_parse(const char *name, enum vr_value *value)
{
	for (int i = 0; i < VR_VALUES; i++) {
		if (strcmp(name, value_facts[i].name) == 0) {
			*value = (enum vr_value)i;
			return 0;
		}
	}
	return -EINVAL;
}

int vr_dump_has(const struct vr_dump *dump, enum vr_value value)
{
	if (value == VR_VALUE_WALL_NS)
		return dump->has_wall;
	return value <= VR_VALUE_CPU_NS ? dump->has_cpu : dump->has_heap;
}

int vr_dump_values(const struct vr_dump *dump)
{
	return dump->has_wall ? VR_VALUES : VR_VALUE_WALL_NS;
}

enum vr_value vr_dump_time(const struct vr_dump *dump)
{
	return dump->has_wall ? VR_VALUE_WALL_NS : VR_VALUE_CPU_NS;
}

enum vr_value vr_dump_first(const struct vr_dump *dump)
{
	return dump->has_cpu || dump->has_wall ? vr_dump_time(dump) : VR_VALUE_ALLOC_BYTES;
}

const char *vr_dump_file(const struct vr_dump_function *function)
{
	const char *file = function->file[0] ? function->file : function->module;

	return file[0] && strcmp(file, function->name) != 0 ? file : "~";
}
