/* Bugs on demand, to see whether a profiler finds them. Off unless --plant asks. What the
 * session trades stays the same with them. */
#ifndef VIRT_PLANT_H
#define VIRT_PLANT_H

#include <stdint.h>
#include <stdio.h>

enum virt_plant {
	VIRT_PLANT_NONE,
	VIRT_PLANT_LEAK,    /* a copy of every request, its pointer overwritten by the next */
	VIRT_PLANT_CACHE,   /* a copy of every request in a list that forgets none */
	VIRT_PLANT_HOTLOOP, /* a decision adds up all sums of recent requests anew */
};

/* Finds a bug by its name: leak, cache, hotloop. Returns 0, or -EINVAL. */
int virt_plant_parse(const char *name, enum virt_plant *out);

/* To be called for every request with its text, and at every decision. Context: the
 * strategy's thread. */
void virt_plant_request(enum virt_plant plant, const char *text);
void virt_plant_decision(enum virt_plant plant);

/* Writes a line of what was really done, the answer to compare with; none for NONE.
 * Context: after the strategy was joined. */
void virt_plant_print(enum virt_plant plant, FILE *to);

#endif
