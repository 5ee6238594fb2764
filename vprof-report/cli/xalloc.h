/* Allocation that never returns NULL: out of memory prints one line and ends the program
 * (cli/program.h).  Sizes are checked for overflow. */
#ifndef VR_XALLOC_H
#define VR_XALLOC_H

#include <stddef.h>

void *vr_xcalloc(size_t count, size_t size);		 /* zeroed */
void *vr_xrealloc(void *old, size_t count, size_t size); /* count * size bytes */
char *vr_xstrdup(const char *text);
__attribute__((format(printf, 1, 2))) char *vr_xprintf(const char *format, ...);
/* Appends to text, which is freed; returns the longer one. */
__attribute__((format(printf, 2, 3))) char *vr_xappend(char *text, const char *format, ...);

/* Makes room for one more element: doubles `*room` when `used` reaches it.
 * Returns the array, moved or not. */
void *vr_xgrow(void *array, size_t used, size_t *room, size_t size);

#endif
