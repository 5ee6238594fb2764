#include "model/maps.h"

#include <stdlib.h>

#include "base/map.h"
#include "base/order.h"
#include "cli/xalloc.h"

static uint32_t row_node(const struct vr_profile *profile, uint32_t row)
{
	const struct vprof_map *map = &profile->file->map[row];

	if (map->flags & VPROF_MAP_INHERITED)
		return vr_stacks_pseudo(profile->stacks, VR_PSEUDO_INHERITED);
	if (row == 0 && map->node <= VPROF_NODE_OVERFLOW)
		return vr_stacks_pseudo(profile->stacks, VR_PSEUDO_MAP_FULL);
	if (map->node == VPROF_NODE_ROOT)
		return vr_stacks_pseudo(profile->stacks, VR_PSEUDO_NO_STACK);
	return map->node;
}

static int is_used(const struct vprof_map *map)
{
	if (map->maps || map->mapped_bytes || map->unmaps)
		return 1;
	for (unsigned i = 0; i < VPROF_ADVICE_COUNT; i++)
		if (map->advised[i])
			return 1;
	return 0;
}

static void add_counts(struct vprof_map *to, const struct vprof_map *from)
{
	to->flags |= from->flags;
	to->maps += from->maps;
	to->mapped_bytes += from->mapped_bytes;
	to->unmapped_bytes += from->unmapped_bytes;
	to->unmaps += from->unmaps;
	to->released_bytes += from->released_bytes;
	for (unsigned i = 0; i < VPROF_ADVICE_COUNT; i++) {
		to->advised[i] += from->advised[i];
		to->advised_bytes[i] += from->advised_bytes[i];
	}
}

static void add_site(struct vr_map_site *to, const struct vr_map_site *from)
{
	add_counts(&to->sum, &from->sum);
	to->live_bytes += from->live_bytes;
	to->peak_bytes += from->peak_bytes;
	to->resident_bytes += from->resident_bytes;
}

/* A row read while it was written may be off by a call. */
static uint64_t live_of(const struct vprof_map *row)
{
	return row->mapped_bytes > row->unmapped_bytes ? row->mapped_bytes - row->unmapped_bytes
						       : 0;
}

static uint64_t resident_of(const struct vr_file *file, uint32_t node)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < file->n_residents; i++)
		if (file->resident[i].account &&
		    file->resident[i].account == file->header.account_last &&
		    file->resident[i].node == node)
			bytes += file->resident[i].resident_bytes;
	return bytes;
}

static void add_rows(struct vr_profile *profile, struct vr_maps *maps)
{
	const struct vr_file *file = profile->file;
	const char *glob = profile->select.module;
	size_t room = 0;

	for (uint32_t i = 0; i < file->n_maps; i++) {
		const struct vprof_map *row = &file->map[i];
		struct vr_map_site site = {.node = row_node(profile, i), .sum = *row};

		if (!is_used(row) || (glob && !vr_stacks_touches(profile->stacks, site.node, glob)))
			continue;
		site.live_bytes = live_of(row);
		/* One of an older epoch has not changed since the peak. */
		site.peak_bytes = row->peak_epoch >= file->header.map_peak_epoch ? row->peak_bytes
										 : site.live_bytes;
		site.resident_known = row->node != VPROF_NODE_ROOT && file->header.account_last;
		site.resident_bytes = site.resident_known ? resident_of(file, row->node) : 0;
		maps->site = vr_xgrow(maps->site, maps->n_sites, &room, sizeof(*maps->site));
		maps->site[maps->n_sites++] = site;
		add_site(&maps->all, &site);
	}
}

struct vr_maps *vr_maps_new(struct vr_profile *profile)
{
	const struct vprof_header *header = &profile->file->header;
	struct vr_maps *maps = vr_xcalloc(1, sizeof(*maps));

	maps->known = profile->file->n_maps != 0;
	maps->all.resident_known = header->account_last != 0;
	add_rows(profile, maps);
	if (!profile->select.module)
		maps->all.peak_bytes = header->map_peak_bytes;
	return maps;
}

void vr_maps_free(struct vr_maps *maps)
{
	if (!maps)
		return;
	free(maps->site);
	free(maps);
}

uint64_t vr_map_site_value(const struct vr_map_site *site, enum vr_maps_key key)
{
	switch (key) {
	case VR_MAPS_BYTES:
		return site->sum.mapped_bytes;
	case VR_MAPS_CALLS:
		return site->sum.maps + site->sum.unmaps;
	case VR_MAPS_LIVE:
		return site->live_bytes;
	case VR_MAPS_PEAK:
		return site->peak_bytes;
	}
	return 0;
}

static int by_value(const void *a, const void *b, void *arg)
{
	const struct vr_map_site *x = a, *y = b;
	enum vr_maps_key key = *(enum vr_maps_key *)arg;
	int order = vr_larger_first(vr_map_site_value(x, key), vr_map_site_value(y, key));

	order = order ? order : vr_larger_first(x->sum.maps, y->sum.maps);
	return order ? order : vr_smaller_first(x->node, y->node);
}

size_t *vr_maps_order(const struct vr_maps *maps, enum vr_maps_key key)
{
	return vr_order(maps->site, maps->n_sites, sizeof(*maps->site), by_value, &key);
}
