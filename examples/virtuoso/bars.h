/* The last 1000 one-minute bars of a market, in a ring. */
#ifndef VIRT_BARS_H
#define VIRT_BARS_H

#include <stddef.h>
#include <stdint.h>

#define VIRT_BARS_MAX 1000
#define VIRT_BAR_MS   60000

struct virt_bar {
	int64_t start_ms;
	double open, high, low, close;
	double volume;
};

/* Zero bytes are an empty ring. */
struct virt_bars {
	struct virt_bar ring[VIRT_BARS_MAX];
	size_t next; /* where the next bar goes */
	size_t nr;
};

void virt_bars_add(struct virt_bars *bars, const struct virt_bar *bar);

/* Adds a trade to the bar of its minute, which it opens if need be. */
void virt_bars_trade(struct virt_bars *bars, int64_t ts_ms, double price, double size);

/* Copies all bars, oldest first. Returns how many. */
size_t virt_bars_copy(const struct virt_bars *bars, struct virt_bar *out);

#endif
