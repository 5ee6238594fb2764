/* CSV fields to a message: the only place that knows the columns of the feed. */
#ifndef APP_PARSE_H
#define APP_PARSE_H

#include "msg.h"

#include <stddef.h>

#define APP_ROW_FIELDS 13  /* of the widest row */
#define APP_ROW_BYTES  512 /* all fields of a row with their NULs */

/* One row while it is collected, field by field. */
struct app_row {
	char text[APP_ROW_BYTES];
	size_t used; /* bytes of text */
	const char *field[APP_ROW_FIELDS];
	size_t field_nr;
	bool too_long; /* a field did not fit: the row is bad */
};

void app_row_clear(struct app_row *row);

/* Appends a field; text need not end with a NUL. */
void app_row_add(struct app_row *row, const char *text, size_t len);

/* Whether this is the line that names the columns. */
bool app_row_is_header(const struct app_row *row);

/* Reads a row.
 *
 *   out  [out] undefined after an error
 *
 * Returns 0, or -EBADMSG: wrong number of columns, unknown type or side, a number
 * that is none or out of its range, an empty or overlong symbol. */
int app_parse_row(const struct app_row *row, struct app_msg *out);

#endif
