/* The messages between the strategy and the gateway: requests one way, reports the
 * other, both JSON texts. */
#ifndef VIRT_ORDER_H
#define VIRT_ORDER_H

#include "symbol.h"

#include <stdbool.h>
#include <stdint.h>

#define VIRT_ORDER_ID_MAX 24 /* bytes with the NUL */

struct virt_request {
	bool is_cancel; /* else a new order */
	bool is_market; /* takes at once; else a limit order that only makes */
	bool is_buy;
	char id[VIRT_ORDER_ID_MAX];
	char symbol[APP_SYMBOL_MAX];
	double price; /* limit; 0 for a market order */
	double qty;   /* base currency */
	int64_t ts_ms;
};

enum virt_status {
	VIRT_STATUS_NEW,
	VIRT_STATUS_FILLED,
	VIRT_STATUS_CANCELED,
	VIRT_STATUS_REJECTED,
	VIRT_STATUS_NR,
};

struct virt_report {
	enum virt_status status;
	bool is_buy;
	char id[VIRT_ORDER_ID_MAX];
	char symbol[APP_SYMBOL_MAX];
	double price, qty; /* FILLED: average price and amount */
	double fee;	   /* quote currency */
	int64_t ts_ms;
	char reason[32]; /* REJECTED: why; "" otherwise */
};

/* Write a message. Return it malloc'd, or NULL when memory ran out. */
char *virt_request_text(const struct virt_request *request);
char *virt_report_text(const struct virt_report *report);

/* Read a message. Return 0, -EBADMSG, or -ENOMEM. */
int virt_request_parse(const char *text, struct virt_request *out);
int virt_report_parse(const char *text, struct virt_report *out);

#endif
