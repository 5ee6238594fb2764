/* Bugs on demand, to see whether a profiler finds them. Off unless --plant asks. What the
 * monitor says about its markets stays the same with them. */
#ifndef MON_PLANT_H
#define MON_PLANT_H

#include "cmdline.h"
#include "msg.h"

#include <stdio.h>

/* What the bugs are here:
 *   leak     a copy of every message, its pointer overwritten by the next
 *   cache    a copy of every message in a table that forgets none
 *   hotloop  a cycle compares all pairs of recent prices */

/* To be called for every message, and at every cycle. Context: the loop's thread. */
void mon_plant_message(enum app_plant plant, const struct app_msg *msg);
void mon_plant_cycle(enum app_plant plant);

/* Writes a line of what was really done, the answer to compare with; none for NONE. */
void mon_plant_print(enum app_plant plant, FILE *to);

#endif
