/* Names of libc, looked up in its own tables: three hundred of them when a process starts, for
 * which the loader would take a third of a millisecond. */
#ifndef VP_BASE_SYMBOLS_H
#define VP_BASE_SYMBOLS_H

/* Finds libc, and what lies between it and us.  Context: before vp_symbols_next(). */
void vp_symbols_begin(void);

/* The next definition after ours, as dlsym would find it, where that is in libc and nothing
 * special; NULL: ask dlsym. */
void *vp_symbols_next(const char *name);

#endif
