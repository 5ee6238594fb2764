/* L4  One reading of everything the timeline shows.  Helper thread only. */
#ifndef VP_READING_H
#define VP_READING_H

void vp_reading_open(int private_files);
void vp_reading_close(void);
void vp_reading_take(void);      /* adds a timeline row, refreshes the header */
int vp_reading_names_due(void);  /* once a second: thread names change rarely */
int vp_reading_task_alive(int tid);

#endif
