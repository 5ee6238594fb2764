/* One reading of everything the timeline shows.  Helper thread only. */
#ifndef VP_HELPER_READING_H
#define VP_HELPER_READING_H

#include <stdint.h>

void vp_reading_open(void);
void vp_reading_close(void);
/* Adds a timeline row, refreshes the header.  Returns the number of threads,
 * the helper apart; 0 where that is unknown.  `last`: all is read again. */
uint32_t vp_reading_take(int last);
/* The rate of samples is about to change: the header still has the old period. */
void vp_reading_rate_changes(void);
/* The program has done what it does: the point of now is the last one, and what the library
 * does at the end of the process is in none. */
void vp_reading_program_ends(void);
/* The process ends, and the helper may have been kept from running: what the
 * CPU time says of samples.  Context: the thread that ends the process. */
void vp_reading_at_end(void);
/* Samples that the engine knows it has lost so far. */
void vp_reading_lost(uint64_t samples);
int vp_reading_names_due(void); /* once a second: thread names change rarely */
int vp_reading_task_alive(int tid);
/* At the last reading, was the helper the only thread left?
 *   status   what the main thread ended with */
int vp_reading_is_alone(int *status);

#endif
