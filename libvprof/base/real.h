/* The functions our hooks stand in front of, and the only calls of dlsym.
 *
 * The table is usable from the first instruction of the process: each entry starts as a
 * resolver that looks up all of them and goes on to the real one, so that hooks never ask
 * whether they are initialised.  Where libc has no such function the entry fails as that
 * function would. */
#ifndef VP_BASE_REAL_H
#define VP_BASE_REAL_H

#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>
#include <threads.h>
#include <time.h>

typedef const struct timespec vp_deadline;

struct vp_real {
#define REAL(name, result, parameters, arguments, lacking) result(*name) parameters;
#include "base/real.def"
};
extern struct vp_real vp_real __attribute__((visibility("hidden")));

/* Looks everything up, if nobody has: for those who want to know where a function is.
 * Context: any thread. */
void vp_real_resolve(void);

/* The same by `next`, which returns the definition of a name, of a version or (NULL) of
 * the one that a new program would get, or NULL.  For tests; the above calls it once. */
void vp_real_resolve_by(void *(*next)(const char *name, const char *version));

/* The function behind a hook of something that is no part of libc.  Where it was not there when
 * everything was looked up, it is looked for among what `caller` would have been linked to, and
 * kept: as an entry, and loaded.
 *   entry	 of vp_real; returns what it is now
 * Context: the hook of that name; takes the loader's lock until it is found. */
void *vp_real_late(void *entry, const char *name, const void *caller);

/* The default definition of a name in the process, as the host would see it. */
void *vp_real_default(const char *name);
/* A library in a scope of its own; NULL when it cannot be loaded. */
void *vp_real_open(const char *soname);
void *vp_real_symbol(void *library, const char *name);

#endif
