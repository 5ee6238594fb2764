#include "helper/switch_rate.h"
#include "sample/engines.h"

#define SECOND 1000000000ull

/* A thread that comes again is not believed as soon. */
#define CALM_SECONDS 2u
#define CALM_MOST    64u

static void begin_second(struct vp_switch_rate *rate, uint64_t slices, uint64_t now_ns)
{
	rate->second_ns = now_ns;
	rate->slices = slices;
}

static void begin_often(struct vp_switch_rate *rate)
{
	uint32_t calm = rate->calm_most ? rate->calm_most * 4u : CALM_SECONDS;

	rate->often = 1;
	rate->calm = 0;
	rate->calm_most = (uint16_t)(calm < CALM_MOST ? calm : CALM_MOST);
}

int vp_switch_rate_look(struct vp_switch_rate *rate, uint64_t slices, uint64_t now_ns)
{
	uint64_t ns = now_ns - rate->second_ns, more = slices - rate->slices;

	if (!slices)
		return 0;
	if (!rate->second_ns) {
		begin_second(rate, slices, now_ns);
		return 0;
	}
	/* Of a second that is not over, all that it may have. */
	if (more * SECOND > VP_SWITCHES_OFTEN * (ns > SECOND ? ns : SECOND)) {
		begin_second(rate, slices, now_ns);
		if (!rate->often)
			begin_often(rate);
		rate->calm = 0;
		return 1;
	}
	if (ns < SECOND)
		return 0;
	begin_second(rate, slices, now_ns);
	rate->calm = more * SECOND < VP_SWITCHES_CALM * ns ? (uint16_t)(rate->calm + 1) : 0;
	if (rate->often && rate->calm >= rate->calm_most)
		rate->often = 0;
	return 0;
}
