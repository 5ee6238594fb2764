#include "helper/recent.h"

void vp_recent_put(struct vp_recent *recent, uint64_t begin_ns, uint64_t end_ns, uint32_t class)
{
	uint64_t n = recent->head++ % VP_RECENT;

	recent->off[n].begin_ns = begin_ns;
	recent->off[n].end = end_ns << 4 | class;
}

static uint64_t oldest(const struct vp_recent *recent)
{
	return recent->head > VP_RECENT ? recent->head - VP_RECENT : 0;
}

void vp_recent_faults(struct vp_recent *recent, uint64_t since_ns)
{
	for (uint64_t n = recent->head; n > oldest(recent); n--) {
		uint64_t *end = &recent->off[(n - 1) % VP_RECENT].end;

		if (*end >> 4 < since_ns)
			return;
		if ((*end & 15) == VPROF_CLASS_UNHOOKED)
			*end = (*end & ~15ull) | VPROF_CLASS_FAULT;
	}
}

int vp_recent_between(const struct vp_recent *recent, uint64_t from_ns, uint64_t to_ns,
		      uint64_t ns[VPROF_CLASS_COUNT])
{
	for (uint64_t n = recent->head; n > oldest(recent); n--) {
		uint64_t begin = recent->off[(n - 1) % VP_RECENT].begin_ns;
		uint64_t end = recent->off[(n - 1) % VP_RECENT].end;
		uint32_t class = end & 15;

		end >>= 4;
		if (end <= from_ns)
			return from_ns >= recent->from_ns;
		begin = begin > from_ns ? begin : from_ns;
		end = end < to_ns ? end : to_ns;
		if (end > begin && class < VPROF_CLASS_COUNT)
			ns[class] += end - begin;
	}
	return recent->head <= VP_RECENT && from_ns >= recent->from_ns;
}
