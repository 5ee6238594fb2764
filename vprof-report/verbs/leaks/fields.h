/* What a leak has to tell: one list for table, CSV and JSON. */
#ifndef VR_LEAKS_FIELDS_H
#define VR_LEAKS_FIELDS_H

#include "text/fields.h"
#include "verbs/leaks/leaks.h"

/* Of a struct vr_leak; the model is the struct vr_leaks_view. */
extern const struct vr_field vr_leak_fields[];
extern const size_t vr_leak_fields_count;

/* Of one of vr_leaks.sum; the same model. */
extern const struct vr_field vr_leak_sum_fields[];
extern const size_t vr_leak_sum_fields_count;

#endif
