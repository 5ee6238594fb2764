#include "text/resident.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/units.h"
#include "cli/xalloc.h"
#include "input/file.h"
#include "text/json.h"

/* Below these the line says what everybody knows: a small program is mostly its files. */
#define LINE_BYTES_MIN	 (8u << 20)
#define LINE_PERCENT_MIN 25.0 /* of it is not the live heap */
#define KIND_PERCENT_MIN 2.0

static const char *const about[VPROF_RESIDENT_KINDS] = {
    [VPROF_RESIDENT_OTHER] = "libc's, the loader's or not known",
    [VPROF_RESIDENT_CODE] = "program and libraries: their files",
    [VPROF_RESIDENT_DATA] = "program and libraries: their data",
    [VPROF_RESIDENT_STACKS] = "of threads, and kept for later ones",
    [VPROF_RESIDENT_MMAP] = "mapped past malloc: heap --kind mmap",
    [VPROF_RESIDENT_FILES] = "mapped files: page cache",
    [VPROF_RESIDENT_SHARED] = "shared memory",
    [VPROF_RESIDENT_PROFILER] = "vprof's: not there without it",
};

/* "50.0 MiB live, 30.0 MiB free or fragmented" */
static char *malloc_text(const struct vr_resident *resident)
{
	const struct vprof_account *account = &resident->account;
	uint64_t has = account->resident[VPROF_RESIDENT_MALLOC];
	char live[VR_UNIT_MAX], gap[VR_UNIT_MAX];

	vr_format_bytes(live, account->heap_live);
	if (account->heap_live > has)
		return vr_xprintf("%s live, not all touched", live);
	return vr_xprintf(resident->partly ? "%s recorded and live, %s not recorded, or free"
					   : "%s live, %s free or fragmented",
			  live, vr_format_bytes(gap, has - account->heap_live));
}

char *vr_resident_kind_text(const struct vr_resident *resident, uint32_t kind)
{
	if (kind == VPROF_RESIDENT_MALLOC)
		return malloc_text(resident);
	return vr_xstrdup(about[kind] ? about[kind] : "");
}

static char *add_kind(char *text, const struct vr_resident *resident, const char *name,
		      uint64_t bytes)
{
	double percent = vr_percent(bytes, resident->sum);
	char size[VR_UNIT_MAX];

	if (percent < KIND_PERCENT_MIN)
		return text;
	return vr_xappend(text, ", %s %s (%.0f%%)", name, vr_format_bytes(size, bytes), percent);
}

static char *line_of(const struct vr_resident *resident)
{
	const uint64_t *kind = resident->account.resident;
	char *text, *heap;
	char a[VR_UNIT_MAX], b[VR_UNIT_MAX], c[VR_UNIT_MAX];

	if (resident->sum < LINE_BYTES_MIN ||
	    vr_percent(resident->account.heap_live, resident->sum) > 100.0 - LINE_PERCENT_MIN)
		return NULL;
	heap = malloc_text(resident);
	text = vr_xprintf("%s at %s: malloc %s (%s)", vr_format_bytes(a, resident->sum),
			  vr_format_ns(b, resident->account.t_ns),
			  vr_format_bytes(c, kind[VPROF_RESIDENT_MALLOC]), heap);
	text = add_kind(text, resident, "mmap", kind[VPROF_RESIDENT_MMAP]);
	text = add_kind(text, resident, "program and libraries",
			kind[VPROF_RESIDENT_CODE] + kind[VPROF_RESIDENT_DATA]);
	text = add_kind(text, resident, "mapped files", kind[VPROF_RESIDENT_FILES]);
	text = add_kind(text, resident, "shared memory", kind[VPROF_RESIDENT_SHARED]);
	text = add_kind(text, resident, "stacks", kind[VPROF_RESIDENT_STACKS]);
	text = add_kind(text, resident, "profiler", kind[VPROF_RESIDENT_PROFILER]);
	text = add_kind(text, resident, "other", kind[VPROF_RESIDENT_OTHER]);
	free(heap);
	return text;
}

char *vr_resident_line(struct vr_profile *profile)
{
	struct vr_resident *resident = vr_resident_new(profile, VR_RESIDENT_USUAL);
	char *line = resident ? line_of(resident) : NULL;

	vr_resident_free(resident);
	return line;
}

char *vr_own_memory_text(struct vr_profile *profile, const struct vr_overhead *cost)
{
	struct vr_resident *resident = vr_resident_new(profile, VR_RESIDENT_USUAL);
	char size[VR_UNIT_MAX], *text;

	if (resident)
		text = vr_xprintf(
		    "%s of memory with the record",
		    vr_format_bytes(size, resident->account.resident[VPROF_RESIDENT_PROFILER]));
	else
		text =
		    vr_xprintf("%s in heap and tables", vr_format_bytes(size, cost->memory_bytes));
	vr_resident_free(resident);
	return text;
}

char *vr_resident_none_text(const struct vr_file *file)
{
	if (!file->n_maps)
		return vr_xstrdup("resident memory was not looked at (an older library)");
	if (file->header.account_failed)
		return vr_xprintf("resident memory could not be looked at: %s",
				  strerror((int)file->header.account_failed));
	return vr_xstrdup("resident memory was not looked at: the run was too short, or had no "
			  "helper");
}

json_t *vr_resident_json(struct vr_profile *profile)
{
	struct vr_resident *resident = vr_resident_new(profile, VR_RESIDENT_USUAL);
	json_t *root;

	if (!resident)
		return json_null();
	root = json_object();
	vr_json_set_u64(root, "t_ns", resident->account.t_ns);
	vr_json_set_u64(root, "resident_bytes", resident->sum);
	vr_json_set_u64(root, "heap_live_bytes", resident->account.heap_live);
	vr_json_set_u64(root, "malloc_beyond_live_bytes", vr_account_gap(&resident->account));
	for (uint32_t kind = 0; kind <= VPROF_RESIDENT_PROFILER; kind++) {
		char key[64];

		snprintf(key, sizeof(key), "%s_bytes", vr_resident_kind_name(kind));
		vr_json_set_u64(root, key, resident->account.resident[kind]);
	}
	vr_resident_free(resident);
	return root;
}
