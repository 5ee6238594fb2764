/* Text for people: the box that shows one market. */
#ifndef MON_REPORT_H
#define MON_REPORT_H

#include "alert.h"
#include "confluence.h"
#include "str.h"

/* Appends the box of one analysis, 62 columns wide.
 *
 *   color  with terminal colours
 *
 * Returns 0, or -ENOMEM with part of the box missing. */
int mon_report_box(struct mon_str *str, const struct mon_analysis *analysis,
		   const struct mon_alert *alert, bool color);

/* Whether stdout is a terminal and NO_COLOR is not set. */
bool mon_report_wants_color(void);

#endif
