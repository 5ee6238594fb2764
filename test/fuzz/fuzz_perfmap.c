/* A perf map, /tmp/perf-PID.map: anybody may have written it. */
#include "fuzz.h"

#include "symbols/sym_perfmap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vr_perfmap map = {0};
	char *text = malloc(size + 1);

	memcpy(text, data, size);
	text[size] = '\0';
	if (vr_perfmap_parse(&map, text, size) < 0)
		return 0;
	for (uint64_t address = 1; address; address <<= 1) {
		const char *name = vr_perfmap_find(&map, address - 1);

		if (name && strlen(name) > size)
			abort();
	}
	for (size_t i = 0; i < map.ranges.count && i < 1000; i++)
		vr_perfmap_find(&map, map.ranges.range[i].lo);
	vr_perfmap_free(&map);
	return 0;
}
