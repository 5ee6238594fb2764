/* What a recording holds, read from end to end before it is played. */
#ifndef EX_RECORDING_H
#define EX_RECORDING_H

#include "cmdline.h"

/* Reads it once. Without symbols in the options it sets them to those of the recording, up to
 * APP_SYMBOLS_MAX; with some, each has to be there. Rows that are left out are said in a line.
 *
 * Returns 0, or -errno after one line on stderr. */
int ex_recording_look(struct app_options *options);

#endif
