/* What the process calls itself: daemons write over their arguments to say which of their
 * processes one is ("nginx: worker process"). */
#ifndef VP_HELPER_TITLE_H
#define VP_HELPER_TITLE_H

#include <stddef.h>

/* What it was called when it started: `text`, of `len` bytes.
 * Context: before the helper starts. */
void vp_title_start(const char *text, size_t len);

/* Notes in the header what it is called now, if that is new.
 * Context: the helper. */
void vp_title_look(void);

#endif
