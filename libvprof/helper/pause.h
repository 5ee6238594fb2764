/* When is recorded: pauses, and start=, delay= and duration=.  Beside them only the
 * timeline goes on.
 *
 * A forked child goes on where its parent was: paused or not, with what was left of
 * delay and duration; a program that is executed begins anew. */
#ifndef VP_HELPER_PAUSE_H
#define VP_HELPER_PAUSE_H

#include <stdint.h>

/* A fresh file: begins in a pause where that was asked for, or in a child where the parent
 * was in one.  Before anything is recorded.
 * Context: constructor or fork handler, one thread. */
void vp_pause_start(int forked);
/* The helper, which keeps these times, could not be had, or has to go: what would have waited
 * for it begins now, and has no end.
 *   said  1: one line on stderr, which only at the start is sure to be the host's
 * Context: any thread, busy guard held. */
void vp_pause_without_helper(int said);
/* 1: duration= is over, and a forked child has nothing to record. */
int vp_pause_is_over(void);

/* Begins a pause or ends it, as somebody asked; nothing happens where there is nothing to
 * do.  Allocations and waits that begin in a pause are not recorded; frees of blocks
 * that were recorded are, and waits that began before.
 * Returns 0, or -EALREADY: duration= is over.
 * Context: helper thread. */
int vp_pause_ask(int on);
/* The same where there is no helper.  Context: any thread of the host, busy guard held. */
void vp_pause_ask_alone(int on);
/* Recording ends after so much more of it; 0: at the end of the process. */
void vp_pause_limit(uint64_t ns);

/* Begins or ends what is due.  now_ns: CLOCK_MONOTONIC, as is what due() returns: when
 * something will be, ~0 for never.  Context: helper thread. */
void vp_pause_look(uint64_t now_ns);
uint64_t vp_pause_due(void);

#endif
