/* The monitor at work: feed -> markets -> analyses -> alerts and reports, all driven
 * by the event loop; only the analyses run in other threads. */
#ifndef MON_APP_H
#define MON_APP_H

#include "config.h"

/* Runs until the duration is over or a signal asks to stop, then prints what was
 * done. SIGINT and SIGTERM must be blocked by the caller.
 *
 * Returns 0, or -errno after a line on stderr. */
int mon_app_run(const struct mon_config *config);

#endif
