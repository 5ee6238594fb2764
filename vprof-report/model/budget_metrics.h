/* What budgets may be about: one list.  Part of model/budget; others see budget.h. */
#ifndef VR_BUDGET_METRICS_H
#define VR_BUDGET_METRICS_H

#include "model/budget.h"

/* Finds NAME and FIELD (NULL: none was given).  Returns 0, or -EINVAL with a line in err;
 * *in_field: 1 where the name is known and the field is not. */
int vr_metric_find(const char *name, size_t length, const char *field, size_t field_length,
		   struct vr_metric *metric, unsigned *verdicts, int *in_field, struct vr_err *err);

/* The key of that name, or -1. */
int vr_budget_key_of(const char *name, size_t length);

#endif
