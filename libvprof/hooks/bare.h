/* System calls that may block, made by syscall(). */
#ifndef VP_HOOKS_BARE_H
#define VP_HOOKS_BARE_H

#include "stack/regs.h"

/* 1: the call (number and arguments) is one that may block, and such calls are recorded. */
int vp_bare_blocks(const long call[7]);
/* Makes it, as by libc's function of that name.  Context: the hook of syscall. */
long vp_bare_call(const long call[7], struct vp_regs caller);

#endif
