/* The longest iterations of loops, and spans, and ordinary ones: what threads have noted of them
 * (thread/unit.h), with what the helper knows of that time, in rows of UNITS.
 * Context of everything here: helper thread, unless said otherwise. */
#ifndef VP_HELPER_UNITS_H
#define VP_HELPER_UNITS_H

int vp_units_init(void); /* a fresh file; any thread */

/* Loops that are new get places for their iterations; notes become rows.
 *   last  the process ends: what has only just ended, too */
void vp_units_tick(int last);

#endif
