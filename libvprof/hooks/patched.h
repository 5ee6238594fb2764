/* What functions call that are patched (control/trace.h). */
#ifndef VP_HOOKS_PATCHED_H
#define VP_HOOKS_PATCHED_H

/* Counts a call of the function it returns into; keeps all registers, also those that a function
 * of C may change.  Never called from C. */
void vp_patched(void) __attribute__((no_caller_saved_registers, visibility("hidden")));

#endif
