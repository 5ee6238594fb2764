/* Counters as they were at a mark: what came after it is then exact, however long the program
 * runs on and whatever of its history is overwritten. */
#ifndef VP_TRACK_COPIES_H
#define VP_TRACK_COPIES_H

#include <stdint.h>

/* Copies the counters of all sections that have exact ones into COPIES.  Of each row of theirs
 * it reads a few words and writes none where all are zero: some 0.2 us a row that has counted, and
 * no thread is stopped.  What the calling thread did before is in the copy whole; what others do
 * meanwhile is on either side of it.
 *
 *   mark  row in MARKS
 * Context: any thread, busy guard held; no lock but where an extent is added. */
void vp_copies_take(uint32_t mark);

#endif
