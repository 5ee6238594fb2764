/* How the library starts. */
#ifndef VP_HOOKS_ENTRY_H
#define VP_HOOKS_ENTRY_H

/* Starts the library if it has not been: the first hook of a process may run in another
 * object's constructor, before ours.  Context: a hook, or our constructor; errno is kept. */
void vp_entry_start(void);

/* 0: the loader has not been at our addresses yet.  Resolvers of the program's own (ifunc) may
 * run before, and nothing of ours works then. */
int vp_entry_loaded(void);

#endif
