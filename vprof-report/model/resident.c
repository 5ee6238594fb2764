/* Accounts of resident memory. */
#include <stdlib.h>

#include "base/order.h"
#include "cli/xalloc.h"
#include "model/maps.h"

const char *vr_resident_kind_name(uint32_t kind)
{
	static const char *const name[VPROF_RESIDENT_KINDS] = {
	    [VPROF_RESIDENT_OTHER] = "other",	    [VPROF_RESIDENT_CODE] = "code",
	    [VPROF_RESIDENT_DATA] = "data",	    [VPROF_RESIDENT_MALLOC] = "malloc",
	    [VPROF_RESIDENT_STACKS] = "stacks",	    [VPROF_RESIDENT_MMAP] = "mmap",
	    [VPROF_RESIDENT_FILES] = "files",	    [VPROF_RESIDENT_SHARED] = "shared",
	    [VPROF_RESIDENT_PROFILER] = "profiler",
	};

	return kind < VPROF_RESIDENT_KINDS && name[kind] ? name[kind] : "unknown";
}

uint64_t vr_account_sum(const struct vprof_account *account)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < VPROF_RESIDENT_KINDS; i++)
		sum += account->resident[i];
	return sum;
}

uint64_t vr_account_gap(const struct vprof_account *account)
{
	uint64_t has = account->resident[VPROF_RESIDENT_MALLOC];

	return has > account->heap_live ? has - account->heap_live : 0;
}

static int by_resident(const void *a, const void *b)
{
	const struct vprof_resident *x = a, *y = b;
	int order = vr_larger_first(x->resident_bytes, y->resident_bytes);

	order = order ? order : vr_larger_first(x->mapped_bytes, y->mapped_bytes);
	order = order ? order : vr_smaller_first(x->kind, y->kind);
	order = order ? order : vr_smaller_first(x->node, y->node);
	return order ? order : vr_smaller_first(x->name, y->name);
}

static const struct vprof_account *find_account(const struct vr_file *file, uint32_t number)
{
	for (uint32_t i = 0; number && i < file->n_accounts; i++)
		if (file->account[i].number == number)
			return &file->account[i];
	return NULL;
}

/* So much below the highest is as high. */
#define AS_HIGH 0.98

static const struct vprof_account *usual_account(const struct vr_file *file)
{
	const struct vprof_account *best = NULL;
	uint64_t highest = 0;

	for (uint32_t i = 0; i < file->n_accounts; i++) {
		uint64_t sum = vr_account_sum(&file->account[i]);

		highest = sum > highest ? sum : highest;
	}
	for (uint32_t i = 0; i < file->n_accounts; i++) {
		const struct vprof_account *account = &file->account[i];

		if ((double)vr_account_sum(account) >= AS_HIGH * (double)highest &&
		    (!best || account->heap_live > best->heap_live))
			best = account;
	}
	return best;
}

static const struct vprof_account *account_of(const struct vr_file *file,
					      enum vr_resident_when when)
{
	switch (when) {
	case VR_RESIDENT_LAST:
		return find_account(file, file->header.account_last);
	case VR_RESIDENT_PEAK:
		return find_account(file, file->header.account_peak);
	case VR_RESIDENT_USUAL:
		break;
	}
	return usual_account(file);
}

struct vr_resident *vr_resident_new(struct vr_profile *profile, enum vr_resident_when when)
{
	const struct vr_file *file = profile->file;
	const struct vprof_account *account = account_of(file, when);
	struct vr_resident *resident;
	size_t room = 0;

	if (!account)
		return NULL;
	resident = vr_xcalloc(1, sizeof(*resident));
	resident->account = *account;
	resident->sum = vr_account_sum(account);
	resident->cost_ns = file->header.account_cost_ns;
	resident->partly = file->header.pauses != 0;
	for (uint32_t i = 0; i < file->n_residents; i++) {
		if (file->resident[i].account != account->number)
			continue;
		resident->row =
		    vr_xgrow(resident->row, resident->n_rows, &room, sizeof(*resident->row));
		resident->row[resident->n_rows++] = file->resident[i];
	}
	if (resident->n_rows)
		qsort(resident->row, resident->n_rows, sizeof(*resident->row), by_resident);
	return resident;
}

void vr_resident_free(struct vr_resident *resident)
{
	if (!resident)
		return;
	free(resident->row);
	free(resident);
}
