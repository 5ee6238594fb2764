/* Ids of short texts that come again and again: the same text is in the file once, as far as
 * the last few hundred of them go.
 * Context: helper thread. */
#ifndef VP_RING_NAMES_H
#define VP_RING_NAMES_H

#include <stddef.h>
#include <stdint.h>

/* VPROF_NONE: an empty text, or no room. */
uint32_t vp_name_id(const char *text, size_t len);

int vp_names_init(void); /* a fresh file */

#endif
