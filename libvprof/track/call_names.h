/* What the longest call of a row of CALLS waited for, where that is a descriptor: found out by
 * the helper soon after, and kept only if it was not closed meanwhile. */
#ifndef VP_TRACK_CALL_NAMES_H
#define VP_TRACK_CALL_NAMES_H

#include <stdint.h>

/* Context: any thread of the host, busy guard held. */
void vp_call_wants_name(uint32_t row_id, int tid);

void vp_call_names_tick(int last); /* Context: helper thread */
int vp_call_names_init(void);	   /* a fresh file; 0 */

#endif
