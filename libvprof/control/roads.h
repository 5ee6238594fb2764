/* Second roads to an allocator: calls that do not come by our hooks.
 *
 * An object opened with RTLD_DEEPBIND, or linked with an allocator of its own,
 * finds another malloc before ours; one opened by dlmopen lives with a libc of
 * its own.  Where a road leads to the very function that our hook goes on to,
 * the slots of the object are redirected (control/slots.h) before dlopen
 * returns; any other road is named in the record. */
#ifndef VP_CONTROL_ROADS_H
#define VP_CONTROL_ROADS_H

#include <stdint.h>

/* What everybody's calls of malloc arrive at, and who is loaded already.
 * Context: one thread, at the start; uses dlsym. */
void vp_roads_init(void);

/* dlopen searches by the run path of its caller, to be found by the return
 * address.  Would it do the same for us?
 *   file     as given to dlopen
 *   caller   an address in the code that called
 * Returns 0 when the hook must leave the stack as it is, and jump.
 * Context: any thread of the host. */
int vp_roads_stands_in(const char *file, const void *caller);

/* Around the real dlopen.  begin returns what done is given.
 *   handle   what dlopen returned; NULL: it failed
 *   mode     as given to dlopen
 * Context: any thread of the host; done takes the loader's lock; errno kept. */
int vp_roads_begin(void);
void vp_roads_done(int begun, void *handle, int mode);
void vp_roads_jumped(int mode);	  /* instead: the hook is about to jump */
extern uint32_t vp_roads_waiting; /* 1: something was opened by a jump */
/* Looks at that.
 *   handle   as given to dlsym */
void vp_roads_catch_up(void *handle);
void vp_roads_other_world(const char *file); /* dlmopen */

void vp_roads_fork_child(void); /* its file gets the names, too */

#endif
