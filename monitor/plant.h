/* Bugs on demand, to see whether a profiler finds them. Off unless --plant asks. What the
 * monitor says about its markets stays the same with them. */
#ifndef MON_PLANT_H
#define MON_PLANT_H

#include "msg.h"

#include <stdio.h>

enum mon_plant {
	MON_PLANT_NONE,
	MON_PLANT_LEAK,	   /* a copy of every message, its pointer overwritten by the next */
	MON_PLANT_CACHE,   /* a copy of every message in a table that forgets none */
	MON_PLANT_HOTLOOP, /* a cycle compares all pairs of recent prices */
};

/* Finds a bug by its name: leak, cache, hotloop. Returns 0, or -EINVAL. */
int mon_plant_parse(const char *name, enum mon_plant *out);

/* To be called for every message, and at every cycle. Context: the loop's thread. */
void mon_plant_message(enum mon_plant plant, const struct mon_msg *msg);
void mon_plant_cycle(enum mon_plant plant);

/* Writes a line of what was really done, the answer to compare with; none for NONE. */
void mon_plant_print(enum mon_plant plant, FILE *to);

#endif
