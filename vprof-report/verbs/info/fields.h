/* What the header, the sections and the modules of a file have to tell. */
#ifndef VR_INFO_FIELDS_H
#define VR_INFO_FIELDS_H

#include "model/run.h"
#include "text/fields.h"

/* A row of vr_section_fields. */
struct vr_section_row {
	unsigned kind;
	const struct vprof_section *section;
};
extern const struct vr_field vr_section_fields[];
extern const size_t vr_section_fields_count;

/* A row of vr_module_fields. */
struct vr_module_row {
	uint32_t index;
	const struct vprof_module *module;
};
extern const struct vr_field vr_module_fields[];
extern const size_t vr_module_fields_count;

/* The whole document.  Returns a new reference. */
json_t *vr_info_json(struct vr_context *ctx, const struct vr_cpu *cpu);

#endif
