/* What is held of one market, and what it has earned. */
#ifndef VIRT_POSITION_H
#define VIRT_POSITION_H

#include <stdbool.h>
#include <stdint.h>

/* Zero bytes are a flat position. */
struct virt_position {
	double qty;	    /* base currency; negative = short */
	double entry_price; /* average; meaningless while flat */
	double realized;    /* quote currency, without fees */
	double fees;	    /* quote currency, paid */
	uint64_t fills;
};

/* Books a fill: price and fee in the quote currency, qty > 0 in the base currency. */
void virt_position_fill(struct virt_position *position, bool is_buy, double price, double qty,
			double fee);

/* What closing at this price would earn on top, without fees. */
double virt_position_unrealized(const struct virt_position *position, double price);

#endif
