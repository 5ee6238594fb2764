/* The exchange on a port of 127.0.0.1, by libwebsockets. */
#ifndef EX_SERVER_H
#define EX_SERVER_H

#include "config.h"
#include "exchange.h"

/* Serves until SIGINT, SIGTERM or the end of the duration. These signals are blocked in the
 * caller.
 *
 * Returns 0, or -errno after one line on stderr. */
int ex_server_run(const struct ex_config *config, struct ex_exchange *exchange);

#endif
