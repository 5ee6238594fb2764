#include "text/json.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/text.h"
#include "cli/xalloc.h"
#include "model/responsible.h"

json_t *vr_json_text(const char *text)
{
	char *valid = vr_text_utf8(text);
	json_t *value = json_string(valid);

	free(valid);
	return value;
}

json_t *vr_json_u64(uint64_t value)
{
	return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

void vr_json_set_u64(json_t *object, const char *key, uint64_t value)
{
	json_object_set_new(object, key, vr_json_u64(value));
}

void vr_json_set_text(json_t *object, const char *key, const char *text)
{
	json_object_set_new(object, key, vr_json_text(text));
}

json_t *vr_json_frames(struct vr_stacks *stacks, uint32_t node)
{
	const struct vr_place *found = vr_responsible_frame(stacks, node);
	/* By number: places move when more of them become known. */
	size_t responsible = found ? (size_t)(found - stacks->place) : SIZE_MAX;
	json_t *frames = json_array();

	for (; node != VPROF_NODE_ROOT; node = vr_stacks_parent(stacks, node)) {
		struct vr_places places = vr_stacks_at(stacks, node);

		for (uint32_t i = 0; i < places.count; i++) {
			const struct vr_place *place = &stacks->place[places.first + i];
			const struct vr_function *function = vr_place_function(stacks, place);
			json_t *frame = json_object();

			vr_json_set_text(frame, "function", function->name);
			vr_json_set_text(frame, "file", function->file);
			json_object_set_new(frame, "line", json_integer(place->line));
			vr_json_set_text(frame, "module", function->module);
			json_object_set_new(frame, "inlined", json_boolean(place->inlined));
			if (places.first + i == responsible)
				json_object_set_new(frame, "responsible", json_true());
			json_array_append_new(frames, frame);
		}
	}
	return frames;
}

void vr_json_set_interval(json_t *object, const char *key, const struct vr_interval *interval)
{
	char name[64];

	snprintf(name, sizeof(name), "%s_low", key);
	json_object_set_new(object, name,
			    interval->known ? vr_json_u64(interval->low) : json_null());
	snprintf(name, sizeof(name), "%s_high", key);
	json_object_set_new(object, name,
			    interval->known ? vr_json_u64(interval->high) : json_null());
}
