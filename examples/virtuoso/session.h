/* One session: the threads, the wires between them, and the event loop. */
#ifndef VIRT_SESSION_H
#define VIRT_SESSION_H

#include "args.h"

/* Trades until the duration is over or a signal asks to stop, then prints the
 * accounts. SIGINT and SIGTERM must be blocked by the caller.
 *
 * Returns 0, or -errno after a line on stderr. */
int virt_session_run(const struct virt_args *args);

#endif
