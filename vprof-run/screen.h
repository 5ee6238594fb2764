/* What is printed when everything is done. */
#ifndef VRUN_SCREEN_H
#define VRUN_SCREEN_H

#include "session.h"

/* The screen that matters, then the next commands. */
void vrun_screen_print(const struct vrun_session *session);
/* One line on stderr about a run that did not go as it should have, or whose
 * record says little; nothing where all is well. */
void vrun_screen_trouble(const struct vrun_result *result);

#endif
