/* Buy and sell alerts from the confluence score of one market. */
#ifndef MON_ALERT_H
#define MON_ALERT_H

#include <stdint.h>

#define MON_ALERT_BUY	 68.0 /* score at or above: buy */
#define MON_ALERT_SELL	 35.0 /* score at or below: sell */
#define MON_ALERT_BUFFER 5.0  /* how far it must come back before the next alert */

enum mon_alert_state {
	MON_ALERT_NONE,
	MON_ALERT_IS_BUY,
	MON_ALERT_IS_SELL,
};

/* Zero bytes are a market without alerts. */
struct mon_alert {
	enum mon_alert_state state;
	uint64_t buys, sells; /* alerts so far */
};

/* Takes the next score in.
 *
 * Returns the alert that starts with it, or MON_ALERT_NONE when nothing new did. */
enum mon_alert_state mon_alert_update(struct mon_alert *alert, double score);

#endif
