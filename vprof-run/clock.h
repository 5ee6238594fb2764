#ifndef VRUN_CLOCK_H
#define VRUN_CLOCK_H

/* Monotonic seconds. */
double vrun_now(void);

#endif
