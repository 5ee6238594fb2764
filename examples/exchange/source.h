/* Where the markets' messages come from: models, or a recording. */
#ifndef EX_SOURCE_H
#define EX_SOURCE_H

#include "msg.h"

#include <stddef.h>

struct ex_source;

/* Models of these markets. Returns 0, -ENOENT when one is unknown, or -ENOMEM. */
int ex_source_models(const char (*names)[APP_SYMBOL_MAX], size_t nr, uint64_t seed,
		     struct ex_source **out);

/* A recording in the form of examples/feed; it starts over at its end. Returns 0, -ENOMEM, or
 * -errno of open. */
int ex_source_recording(const char *path, struct ex_source **out);

void ex_source_destroy(struct ex_source *source);

/* Says what happened up to a time, of all markets, in order.
 *
 *   until_ms  market time; calls are EX_MODEL_STEP_MS apart
 *   fn        called once a message, which is valid during the call
 *
 * Returns 0, -ENODATA when a recording has no live row, -ENOMEM, or -errno of read. */
int ex_source_advance(struct ex_source *source, int64_t until_ms,
		      void (*fn)(void *arg, const struct app_msg *msg), void *arg);

/* Rows of a recording that were skipped. */
uint64_t ex_source_bad_rows(const struct ex_source *source);

#endif
