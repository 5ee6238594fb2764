#include "bars.h"

#include <math.h>
#include <string.h>

void virt_bars_add(struct virt_bars *bars, const struct virt_bar *bar)
{
	bars->ring[bars->next] = *bar;
	bars->next = (bars->next + 1) % VIRT_BARS_MAX;
	if (bars->nr < VIRT_BARS_MAX)
		bars->nr++;
}

static struct virt_bar *newest(struct virt_bars *bars)
{
	return bars->nr ? &bars->ring[(bars->next + VIRT_BARS_MAX - 1) % VIRT_BARS_MAX] : NULL;
}

void virt_bars_trade(struct virt_bars *bars, int64_t ts_ms, double price, double size)
{
	struct virt_bar *bar = newest(bars);

	if (!bar || ts_ms >= bar->start_ms + VIRT_BAR_MS) {
		struct virt_bar opened = {
		    ts_ms - ts_ms % VIRT_BAR_MS, price, price, price, price, size,
		};

		virt_bars_add(bars, &opened);
		return;
	}
	bar->high = fmax(bar->high, price);
	bar->low = fmin(bar->low, price);
	bar->close = price;
	bar->volume += size;
}

size_t virt_bars_copy(const struct virt_bars *bars, struct virt_bar *out)
{
	size_t first = (bars->next + VIRT_BARS_MAX - bars->nr) % VIRT_BARS_MAX;
	size_t head = VIRT_BARS_MAX - first; /* bars before the ring's end */

	if (head > bars->nr)
		head = bars->nr;
	memcpy(out, &bars->ring[first], head * sizeof(*out));
	memcpy(out + head, bars->ring, (bars->nr - head) * sizeof(*out));
	return bars->nr;
}
