#include "position.h"

#include <math.h>

#define DUST 1e-9 /* base currency: rounding left over from closing */

void virt_position_fill(struct virt_position *position, bool is_buy, double price, double qty,
			double fee)
{
	double change = is_buy ? qty : -qty;
	double held = position->qty;
	double closing = held * change < 0 ? fmin(fabs(held), qty) : 0;

	position->fills++;
	position->fees += fee;
	position->realized += closing * (price - position->entry_price) * (held > 0 ? 1 : -1);
	position->qty += change;
	if (fabs(position->qty) < DUST)
		position->qty = 0;
	else if (closing <= 0)
		position->entry_price =
		    (position->entry_price * fabs(held) + price * qty) / fabs(position->qty);
	else if (qty > closing)
		position->entry_price = price; /* closed and opened the other way */
}

double virt_position_unrealized(const struct virt_position *position, double price)
{
	return position->qty * (price - position->entry_price);
}
