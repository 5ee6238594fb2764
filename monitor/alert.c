#include "alert.h"

#include <stdbool.h>

/* An alert lasts until the score has come back by the buffer: a score that trembles
 * on the threshold makes one alert, not many. */
static bool is_over(enum mon_alert_state state, double score)
{
	switch (state) {
	case MON_ALERT_IS_BUY:
		return score < MON_ALERT_BUY - MON_ALERT_BUFFER;
	case MON_ALERT_IS_SELL:
		return score > MON_ALERT_SELL + MON_ALERT_BUFFER;
	case MON_ALERT_NONE:
		break;
	}
	return true;
}

enum mon_alert_state mon_alert_update(struct mon_alert *alert, double score)
{
	if (!is_over(alert->state, score))
		return MON_ALERT_NONE;
	alert->state = MON_ALERT_NONE;
	if (score >= MON_ALERT_BUY) {
		alert->state = MON_ALERT_IS_BUY;
		alert->buys++;
	} else if (score <= MON_ALERT_SELL) {
		alert->state = MON_ALERT_IS_SELL;
		alert->sells++;
	}
	return alert->state;
}
