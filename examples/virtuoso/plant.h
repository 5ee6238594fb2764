/* Bugs on demand, to see whether a profiler finds them. Off unless --plant asks. What the
 * session trades stays the same with them. */
#ifndef VIRT_PLANT_H
#define VIRT_PLANT_H

#include "cmdline.h"

#include <stdint.h>
#include <stdio.h>

/* What the bugs are here:
 *   leak     a copy of every request, its pointer overwritten by the next
 *   cache    a copy of every request in a list that forgets none
 *   hotloop  a decision adds up all sums of recent requests anew */

/* To be called for every request with its text, and at every decision. Context: the
 * strategy's thread. */
void virt_plant_request(enum app_plant plant, const char *text);
void virt_plant_decision(enum app_plant plant);

/* Writes a line of what was really done, the answer to compare with; none for NONE.
 * Context: after the strategy was joined. */
void virt_plant_print(enum app_plant plant, FILE *to);

#endif
