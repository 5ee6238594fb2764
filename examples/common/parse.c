#include "parse.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum column {
	COL_TS_MS,
	COL_SYMBOL,
	COL_TYPE,
	COL_SIDE,
	COL_PRICE,
	COL_SIZE,
	COL_SEQ,
	COL_OPEN,
	COL_HIGH,
	COL_LOW,
	COL_BUY_SIZE,
	COL_FUNDING,
	COL_LONG_RATIO,
};

struct type_rule {
	const char *name;
	size_t field_nr;
	const char *buy_name; /* NULL: the side is empty */
	const char *sell_name;
};

static const struct type_rule type_rules[] = {
    [APP_MSG_KLINE] = {"kline", COL_BUY_SIZE + 1, NULL, NULL},
    [APP_MSG_SNAPSHOT] = {"snapshot", COL_SEQ + 1, "bid", "ask"},
    [APP_MSG_DELTA] = {"delta", COL_SEQ + 1, "bid", "ask"},
    [APP_MSG_TRADE] = {"trade", COL_SEQ + 1, "buy", "sell"},
    [APP_MSG_TICKER] = {"ticker", COL_LONG_RATIO + 1, NULL, NULL},
};

void app_row_clear(struct app_row *row)
{
	row->used = 0;
	row->field_nr = 0;
	row->too_long = false;
}

void app_row_add(struct app_row *row, const char *text, size_t len)
{
	char *copy = row->text + row->used;

	if (row->field_nr == APP_ROW_FIELDS || len >= APP_ROW_BYTES - row->used) {
		row->too_long = true;
		return;
	}
	memcpy(copy, text, len);
	copy[len] = '\0';
	row->field[row->field_nr++] = copy;
	row->used += len + 1;
}

bool app_row_is_header(const struct app_row *row)
{
	return row->field_nr && !strcmp(row->field[COL_TS_MS], "ts_ms");
}

static int parse_number(const char *text, double min, double max, double *out)
{
	char *end;

	errno = 0;
	*out = strtod(text, &end);
	if (end == text || *end || errno || !isfinite(*out) || *out < min || *out > max)
		return -EBADMSG;
	return 0;
}

static int parse_seq(const char *text, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 10);
	/* strtoull takes "-1" for a large number. */
	return end == text || *end || errno || *text == '-' ? -EBADMSG : 0;
}

static int parse_ts(const char *text, int64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoll(text, &end, 10);
	return end == text || *end || errno ? -EBADMSG : 0;
}

static int parse_type(const char *text, enum app_msg_type *out)
{
	for (size_t i = 0; i < sizeof(type_rules) / sizeof(type_rules[0]); i++) {
		if (!strcmp(text, type_rules[i].name)) {
			*out = (enum app_msg_type)i;
			return 0;
		}
	}
	return -EBADMSG;
}

static int parse_side(const char *text, const struct type_rule *rule, bool *is_buy)
{
	*is_buy = rule->buy_name && !strcmp(text, rule->buy_name);
	if (!rule->buy_name)
		return *text ? -EBADMSG : 0;
	return *is_buy || !strcmp(text, rule->sell_name) ? 0 : -EBADMSG;
}

static int parse_symbol(const char *text, char *out)
{
	size_t len = strlen(text);

	if (!len || len >= APP_SYMBOL_MAX)
		return -EBADMSG;
	memcpy(out, text, len + 1);
	return 0;
}

static int parse_kline(const struct app_row *row, struct app_msg *out)
{
	if (parse_number(row->field[COL_OPEN], 0, INFINITY, &out->open) ||
	    parse_number(row->field[COL_HIGH], 0, INFINITY, &out->high) ||
	    parse_number(row->field[COL_LOW], 0, INFINITY, &out->low) ||
	    parse_number(row->field[COL_BUY_SIZE], 0, out->size, &out->buy_size))
		return -EBADMSG;
	return out->low <= out->high ? 0 : -EBADMSG;
}

static int parse_ticker(const struct app_row *row, struct app_msg *out)
{
	if (parse_number(row->field[COL_FUNDING], -1, 1, &out->funding) ||
	    parse_number(row->field[COL_LONG_RATIO], 0, 1, &out->long_ratio))
		return -EBADMSG;
	return 0;
}

int app_parse_row(const struct app_row *row, struct app_msg *out)
{
	const struct type_rule *rule;

	*out = (struct app_msg){0};
	if (row->too_long || row->field_nr <= COL_SEQ ||
	    parse_type(row->field[COL_TYPE], &out->type))
		return -EBADMSG;
	rule = &type_rules[out->type];
	if (row->field_nr != rule->field_nr || parse_ts(row->field[COL_TS_MS], &out->ts_ms) ||
	    parse_symbol(row->field[COL_SYMBOL], out->symbol) ||
	    parse_side(row->field[COL_SIDE], rule, &out->is_buy) ||
	    parse_number(row->field[COL_PRICE], 0, INFINITY, &out->price) ||
	    parse_number(row->field[COL_SIZE], 0, INFINITY, &out->size) ||
	    parse_seq(row->field[COL_SEQ], &out->seq))
		return -EBADMSG;
	if (out->type == APP_MSG_KLINE)
		return parse_kline(row, out);
	if (out->type == APP_MSG_TICKER)
		return parse_ticker(row, out);
	return 0;
}
