/* The blotter: listens to the copies of reports and books and keeps the accounts. It
 * trusts nobody else's sums. Belongs to the thread of the event loop. */
#ifndef VIRT_BLOTTER_H
#define VIRT_BLOTTER_H

#include "order.h"
#include "position.h"
#include "venue.h"

#include <stdio.h>

#define VIRT_BLOTTER_LINES 8 /* last reports kept as text */

struct virt_blotter {
	const struct virt_venue *venue; /* only for the names, which do not change */
	struct virt_position positions[VIRT_MARKETS_MAX];
	double marks[VIRT_MARKETS_MAX]; /* last middle of the book */
	uint64_t reports[VIRT_STATUS_NR];
	uint64_t books;
	uint64_t bad_lines;
	char *lines[VIRT_BLOTTER_LINES]; /* ring; malloc'd, NULL = none yet */
	uint64_t line_nr;		 /* lines ever written */
};

void virt_blotter_init(struct virt_blotter *blotter, const struct virt_venue *venue);
void virt_blotter_fini(struct virt_blotter *blotter);

/* Take one message in; arg is the blotter. Shaped for virt_wire_receive(). */
void virt_blotter_report(void *arg, const char *line);
void virt_blotter_book(void *arg, const char *line);

/* Realized and unrealized profit less fees, quote currency, of all markets. */
double virt_blotter_pnl(const struct virt_blotter *blotter);

/* Writes the last reports, or the accounts. */
void virt_blotter_print_lines(const struct virt_blotter *blotter, FILE *out);
void virt_blotter_print(const struct virt_blotter *blotter, FILE *out);

#endif
