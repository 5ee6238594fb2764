/* trace=GLOB: calls of functions that were built with -fpatchable-function-entry.
 *
 * Functions whose names match get a call of ours at their beginning (control/trace_patch.h), in
 * the objects that are loaded when the library starts, and in those that dlopen brings while the
 * program has one thread.  What cannot be had is said in the record, and nothing is patched
 * where trace= does not ask for it. */
#ifndef VP_CONTROL_TRACE_H
#define VP_CONTROL_TRACE_H

/* What patched functions call: it keeps all registers (hooks/mcount.c).
 * Context: before any other call. */
void vp_trace_use(const void *entry);

/* Looks at all that is loaded; in a forked child, whose code is patched already, tells its
 * record so.  Context: one thread; no helper yet. */
void vp_trace_start(int forked);

/* Something was opened.  Context: any thread of the host, busy guard not held; errno kept;
 * takes the loader's lock. */
void vp_trace_opened(void);

#endif
