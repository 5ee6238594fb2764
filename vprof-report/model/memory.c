#include "model/memory.h"

#include <stdlib.h>

#include "cli/xalloc.h"
#include "model/leaks.h"
#include "model/run.h"

/* Of the heap, a level worth a thought; of a process, which has libraries and
 * the profiler in it, four times as much. */
#define HIGH_HEAP     (16ull << 20)
#define HIGH_RESIDENT (64ull << 20)
/* What the profiler may need for more live blocks is no increase. */
#define RESIDENT_RISE (1ull << 20)
/* Longer timelines are folded: finer times than this say no more. */
#define POINTS_MAX 512u
/* A site below this part of what is explained is not worth its line. */
#define SITE_PART 0.1

int vr_memory_has_heap(const struct vr_profile *profile)
{
	const struct vprof_header *h = &profile->file->header;

	return h->heap_mode != VPROF_HEAP_OFF && !(h->flags & VPROF_F_OWN_MALLOC);
}

static struct vr_shape_point shape_point(const struct vprof_point *p, enum vr_memory_series series)
{
	uint64_t shared = p->shared < p->rss ? p->shared : p->rss;
	struct vr_shape_point out = {p->t_ns, p->heap_min, p->heap_live, p->heap_max};

	if (series == VR_MEMORY_RESIDENT) {
		out.low = p->rss_min > shared ? p->rss_min - shared : 0;
		out.value = p->rss - shared;
		out.high = p->rss_max > shared ? p->rss_max - shared : 0;
	}
	if (out.low > out.value || !out.high) /* the range is not known */
		out.low = out.value;
	if (out.high < out.value)
		out.high = out.value;
	return out;
}

/* The peak of the heap is exact, also between two points. */
static void add_peak(const struct vr_profile *profile, struct vr_shape_point *point, size_t count)
{
	const struct vprof_header *h = &profile->file->header;

	for (size_t i = 0; i < count; i++) {
		if (point[i].t_ns < h->peak_ns)
			continue;
		if ((i || point[i].t_ns == h->peak_ns) && point[i].high < h->peak_bytes)
			point[i].high = h->peak_bytes;
		return;
	}
}

static size_t fold(struct vr_shape_point *point, size_t count)
{
	size_t step = (count + POINTS_MAX - 1) / POINTS_MAX;
	size_t used = 0;

	for (size_t i = 0; i < count; i += step) {
		struct vr_shape_point sum = point[i];
		size_t end = i + step < count ? i + step : count;

		for (size_t k = i + 1; k < end; k++) {
			sum.low = point[k].low < sum.low ? point[k].low : sum.low;
			sum.high = point[k].high > sum.high ? point[k].high : sum.high;
			sum.value = point[k].value;
			sum.t_ns = point[k].t_ns;
		}
		point[used++] = sum;
	}
	return used;
}

/* When was recorded. */
struct windows {
	struct vprof_window window[VPROF_WINDOWS];
	size_t count;
	int known; /* 0: it is not, or does not matter */
};

/* Of the heap only what was recorded has a shape. */
static int is_known(const struct vr_profile *profile, const struct windows *windows, uint64_t t_ns)
{
	if (!vr_profile_in_window(profile, t_ns))
		return 0;
	for (size_t i = 0; i < windows->count; i++)
		if (t_ns >= windows->window[i].from_ns && t_ns <= windows->window[i].to_ns)
			return 1;
	return !windows->known;
}

static void judge(const struct vr_profile *profile, enum vr_memory_series series,
		  struct vr_shape *shape)
{
	const struct vr_file *file = profile->file;
	struct windows windows = {0};
	struct vr_shape_point *point =
	    vr_xcalloc(file->n_points ? file->n_points : 1, sizeof(*point));
	size_t count = 0;

	if (series == VR_MEMORY_HEAP)
		windows.count = vr_windows(file, windows.window, &windows.known);
	for (uint32_t i = 0; i < file->n_points; i++)
		if (is_known(profile, &windows, file->point[i].t_ns))
			point[count++] = shape_point(&file->point[i], series);
	if (series == VR_MEMORY_HEAP)
		add_peak(profile, point, count);
	count = fold(point, count);
	vr_shape_find(point, count, series == VR_MEMORY_HEAP ? HIGH_HEAP : HIGH_RESIDENT, shape);
	free(point);
}

/* Keeps the largest VR_MEMORY_SITES. */
static void rank(struct vr_memory_sites *sites, uint32_t node, uint64_t bytes)
{
	size_t at = sites->count;

	while (at > 0 && sites->site[at - 1].bytes < bytes)
		at--;
	if (at == VR_MEMORY_SITES || !bytes)
		return;
	if (sites->count < VR_MEMORY_SITES)
		sites->count++;
	for (size_t i = sites->count - 1; i > at; i--)
		sites->site[i] = sites->site[i - 1];
	sites->site[at] = (struct vr_memory_site){node, bytes};
}

static void drop_small(struct vr_memory_sites *sites, uint64_t whole)
{
	while (sites->count &&
	       (double)sites->site[sites->count - 1].bytes < SITE_PART * (double)whole)
		sites->count--;
}

/* Bytes of a row of SERIES inside a time: first, last, lowest, highest. */
struct course {
	uint64_t first, last, low, high;
	uint32_t points;
};

static struct course course_of(const struct vr_file *file, const struct vprof_series *row,
			       uint64_t from_ns, uint64_t to_ns)
{
	struct course c = {.low = UINT64_MAX};

	for (uint32_t i = 0; i < file->series_points; i++) {
		uint64_t bytes = i < row->first ? 0 : row->bytes[i];

		if (file->series[0].bytes[i] < from_ns || file->series[0].bytes[i] > to_ns)
			continue;
		c.first = c.points++ ? c.first : bytes;
		c.last = bytes;
		c.low = bytes < c.low ? bytes : c.low;
		c.high = bytes > c.high ? bytes : c.high;
	}
	return c;
}

/* 1 for what only libc and the like hold there: nobody's to mend. */
static int is_runtime(const struct vr_leaks *leaks, uint32_t node)
{
	int runtime = 0;

	for (size_t i = 0; i < leaks->n_leaks; i++) {
		if (leaks->leak[i].node != node)
			continue;
		if (leaks->leak[i].verdict != VR_RUNTIME)
			return 0;
		runtime = 1;
	}
	return runtime;
}

/* What each site added to the increase, and held all through the baseline. */
static void follow_sites(const struct vr_file *file, const struct vr_leaks *leaks,
			 struct vr_memory *memory)
{
	const struct vr_shape_steady *steady = &memory->shape[VR_MEMORY_HEAP].steady;
	const struct vr_shape_baseline *base = &memory->shape[VR_MEMORY_HEAP].baseline;

	for (uint32_t i = 1; i < file->series_rows; i++) {
		const struct vprof_series *row = &file->series[i];
		struct course c = course_of(file, row, steady->from_ns, steady->to_ns);

		if (steady->found && !memory->grown.found && c.points > 1 && c.last > c.first &&
		    !is_runtime(leaks, row->node))
			rank(&memory->steady, row->node, c.last - c.first);
		c = course_of(file, row, base->from_ns, base->to_ns);
		if (base->found && c.points)
			rank(&memory->baseline, row->node, c.low);
	}
}

/* What each site had more during a spike than before it. */
static void follow_spike(const struct vr_file *file, const struct vr_shape_spike *spike,
			 struct vr_memory_sites *sites)
{
	for (uint32_t i = 1; i < file->series_rows; i++) {
		const struct vprof_series *row = &file->series[i];
		struct course c = course_of(file, row, spike->from_ns, spike->to_ns);
		struct course before = course_of(file, row, 0, spike->from_ns);

		if (c.points && before.points && c.high > before.last)
			rank(sites, row->node, c.high - before.last);
	}
	drop_small(sites, spike->top_bytes - spike->base_bytes);
}

/* Who held memory at the peak of the process: all of a steady increase and of
 * a baseline is in it, and so is the highest spike. */
static void find_sites(const struct vr_profile *profile, const struct vr_heap *heap,
		       struct vr_memory *memory)
{
	const struct vr_shape *shape = &memory->shape[VR_MEMORY_HEAP];
	uint64_t peak_ns = profile->file->header.peak_ns;
	struct vr_memory_sites *spike = NULL;
	uint64_t height = 0;

	memory->followed = profile->file->series_points > 1 && profile->file->series_rows > 1;
	memory->steady.at_peak = memory->baseline.at_peak = !memory->followed;
	if (memory->followed) {
		struct vr_leaks *leaks = vr_leaks_new(profile, heap);

		follow_sites(profile->file, leaks, memory);
		vr_leaks_free(leaks);
	}

	for (size_t i = 0; i < vr_shape_spikes_kept(shape); i++) {
		if (shape->spike[i].from_ns <= peak_ns && peak_ns <= shape->spike[i].to_ns) {
			spike = &memory->spike[i];
			height = shape->spike[i].top_bytes - shape->spike[i].base_bytes;
		}
	}
	for (size_t i = 0; i < heap->n_sites; i++) {
		const struct vr_site *s = &heap->site[i];

		if (shape->steady.found && !memory->grown.found && !memory->followed)
			rank(&memory->steady, s->node, s->peak_bytes);
		if (shape->baseline.found && !memory->followed)
			rank(&memory->baseline, s->node, s->peak_bytes);
		if (spike && s->peak_bytes > s->live_bytes)
			rank(spike, s->node, s->peak_bytes - s->live_bytes);
	}
	if (!memory->grown.found)
		drop_small(&memory->steady, shape->steady.to_bytes - shape->steady.from_bytes);
	drop_small(&memory->baseline, shape->baseline.bytes);
	if (spike)
		drop_small(spike, height);
	for (size_t i = 0; i < vr_shape_spikes_kept(shape) && memory->followed; i++)
		if (&memory->spike[i] != spike)
			follow_spike(profile->file, &shape->spike[i], &memory->spike[i]);
}

/* Of the heap's peak; sites that gain less are no increase of the heap. */
#define GROWN_PART 0.1

/* Adds what a site that grows has gained; steady->to_ns is known. */
static void add_growing(const struct vr_growth *growth, const struct vr_growth_site *site,
			struct vr_memory *memory)
{
	struct vr_shape_steady *steady = &memory->grown;
	uint32_t from = site->first, last = growth->points - 1;
	double by;

	while (from < last && growth->t_ns[from] < site->since_ns)
		from++;
	by = growth->by_iteration && growth->t_ns[last] > growth->t_ns[from]
		 ? (double)growth->iterations * 1e9 / (double)growth->t_ns[last]
		 : 1;
	if (growth->t_ns[from] < steady->from_ns)
		steady->from_ns = growth->t_ns[from];
	steady->from_bytes += site->bytes[from];
	steady->to_bytes += site->bytes[last];
	steady->slope += site->slope * by;
	steady->slope_low += site->low * by;
	steady->slope_high += site->high * by;
	if (site->bytes[last] > site->bytes[from])
		rank(&memory->steady, site->node, site->bytes[last] - site->bytes[from]);
	memory->growing++;
}

/* The sites that grow, where the heap as a whole does not show it. */
static void find_grown(const struct vr_profile *profile, const struct vr_heap *heap,
		       const struct vr_growth *growth, struct vr_memory *memory)
{
	struct vr_leaks *leaks = vr_leaks_new(profile, heap);
	struct vr_shape_steady *grown = &memory->grown;

	*grown = (struct vr_shape_steady){.from_ns = UINT64_MAX,
					  .to_ns = growth->t_ns[growth->points - 1]};
	for (size_t i = 0; i < growth->growing; i++)
		if (!is_runtime(leaks, growth->site[i].node))
			add_growing(growth, &growth->site[i], memory);
	vr_leaks_free(leaks);
	grown->found = memory->growing > 0;
	if (grown->to_bytes > grown->from_bytes)
		drop_small(&memory->steady, grown->to_bytes - grown->from_bytes);
}

/* 1 where that is an increase of the heap, too. */
static int is_of_heap(const struct vr_heap *heap, const struct vr_shape_steady *grown)
{
	return grown->to_bytes > grown->from_bytes &&
	       (double)(grown->to_bytes - grown->from_bytes) >=
		   GROWN_PART * (double)heap->peak_bytes;
}

/* Makes the shape say what the growth of the sites says. */
static void one_voice(const struct vr_profile *profile, const struct vr_heap *heap,
		      const struct vr_growth *growth, struct vr_memory *memory)
{
	struct vr_shape_steady *steady = &memory->shape[VR_MEMORY_HEAP].steady;

	if (profile->select.windowed || !growth || growth->note || !growth->points) {
		memory->rise = steady->found ? VR_RISE_UNKNOWN : VR_RISE_NONE;
		memory->more_s = growth && !growth->by_iteration ? growth->more : 0;
		return;
	}
	if (growth->growing) {
		if (!steady->found)
			find_grown(profile, heap, growth, memory);
		if (is_of_heap(heap, &memory->grown))
			*steady = memory->grown;
		if (steady->found || memory->grown.found)
			memory->rise = VR_RISE_GROWS;
		return;
	}
	if (!steady->found)
		return;
	memory->rise = growth->undecided ? VR_RISE_OPEN : VR_RISE_BOUNDED;
	memory->more_s = growth->by_iteration ? 0 : growth->more;
	memory->risen = *steady;
	steady->found = 0;
}

void vr_memory_judge(const struct vr_profile *profile, const struct vr_heap *heap,
		     const struct vr_growth *growth, struct vr_memory *memory)
{
	struct vr_shape *resident = &memory->shape[VR_MEMORY_RESIDENT];
	const struct vr_shape *live = &memory->shape[VR_MEMORY_HEAP];

	*memory = (struct vr_memory){0};
	judge(profile, VR_MEMORY_RESIDENT, resident);
	if (vr_memory_has_heap(profile))
		judge(profile, VR_MEMORY_HEAP, &memory->shape[VR_MEMORY_HEAP]);
	memory->judged = live->judged || resident->judged;
	if (resident->steady.to_bytes < resident->steady.from_bytes + RESIDENT_RISE)
		resident->steady.found = 0;
	if (live->steady.found)
		resident->steady.found = 0;
	if (live->spikes)
		resident->spikes = 0;
	if (live->baseline.found)
		resident->baseline.found = 0;
	one_voice(profile, heap, growth, memory);
	find_sites(profile, heap, memory);
}

int vr_memory_none(const struct vr_memory *memory)
{
	return !memory->grown.found && vr_shape_none(&memory->shape[VR_MEMORY_HEAP]) &&
	       vr_shape_none(&memory->shape[VR_MEMORY_RESIDENT]);
}
