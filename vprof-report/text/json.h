/* Values of the JSON documents.  Their shape is a contract: docs/json.md. */
#ifndef VR_JSON_H
#define VR_JSON_H

#include <jansson.h>

#include "model/interval.h"
#include "model/stacks.h"

/* Strings become valid UTF-8, numbers beyond int64 its largest value. */
json_t *vr_json_text(const char *text);
json_t *vr_json_u64(uint64_t value);
/* [{"function","file","line","module","inlined"}], innermost first; the responsible one
 * (model/responsible.h) has "responsible": true, too. */
json_t *vr_json_frames(struct vr_stacks *stacks, uint32_t node);
/* Shorthands for json_object_set_new. */
void vr_json_set_u64(json_t *object, const char *key, uint64_t value);
void vr_json_set_text(json_t *object, const char *key, const char *text);
/* KEY_low and KEY_high; null without an interval. */
void vr_json_set_interval(json_t *object, const char *key, const struct vr_interval *interval);

#endif
