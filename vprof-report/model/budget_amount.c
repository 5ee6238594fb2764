/* The right side of a budget: how it compares, numbers and their units. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/budget_reader.h"

struct unit {
	const char *name;
	double factor;
};
static const struct unit of_bytes[] = {
    {"B", 1},	     {"K", 0x1p10}, {"KiB", 0x1p10}, {"k", 0x1p10},   {"kB", 1e3},
    {"KB", 1e3},     {"M", 0x1p20}, {"MiB", 0x1p20}, {"MB", 1e6},     {"G", 0x1p30},
    {"GiB", 0x1p30}, {"GB", 1e9},   {"T", 0x1p40},   {"TiB", 0x1p40}, {"TB", 1e12}};
static const struct unit of_time[] = {{"ns", 1},  {"us", 1e3},	 {"\302\265s", 1e3}, {"ms", 1e6},
				      {"s", 1e9}, {"min", 60e9}, {"h", 3600e9}};

static const struct unit *find_unit(const struct unit *unit, size_t count, const char *name,
				    size_t length)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(unit[i].name) == length && memcmp(unit[i].name, name, length) == 0)
			return &unit[i];
	return NULL;
}

static int no_such_unit(struct vr_reader *r, size_t at, size_t length, enum vr_dimension in)
{
	static const char *const valid[] = {
	    [VR_IN_COUNTS] = "it is a number without one",
	    [VR_IN_BYTES] = "bytes have K M G T, KiB MiB GiB TiB and kB MB GB TB",
	    [VR_IN_NS] = "time has ns us ms s min h",
	    [VR_IN_PERCENT] = "it is in %",
	};

	if (!length)
		return vr_reader_bad(r, at, "a unit is missing: %s", valid[in]);
	return vr_reader_bad(r, at, "no unit '%.*s' for it: %s", (int)length, r->text + at,
			     valid[in]);
}

/* Behind the number; "/s" of a rate may be written or left out. */
static int read_unit(struct vr_reader *r, struct vr_condition *c, double *value)
{
	size_t blanks = strspn(r->text + r->at, " \t"), at = r->at + blanks, length;
	const struct unit *unit = NULL;

	length = strcspn(r->text + at, " \t\n/.,()<>=");
	if (blanks && (strncmp(r->text + at, "and", length) == 0 ||
		       strncmp(r->text + at, "after", length) == 0 ||
		       strncmp(r->text + at, "until", length) == 0))
		length = 0;
	if (length == 1 && r->text[at] == '%' &&
	    (c->metric.of_wall || c->metric.in == VR_IN_PERCENT)) {
		c->percent = c->metric.in != VR_IN_PERCENT;
		r->at = at + 1;
		return 0;
	}
	if (length && c->metric.in == VR_IN_BYTES)
		unit = find_unit(of_bytes, sizeof(of_bytes) / sizeof(of_bytes[0]), r->text + at,
				 length);
	else if (length && c->metric.in == VR_IN_NS)
		unit =
		    find_unit(of_time, sizeof(of_time) / sizeof(of_time[0]), r->text + at, length);
	if (!unit && (length || (c->metric.in == VR_IN_NS && *value != 0)))
		return no_such_unit(r, at, length, c->metric.in);
	if (length)
		r->at = at + length;
	*value *= unit ? unit->factor : 1;
	if (c->metric.rate && r->text[r->at] == '/' && r->text[r->at + 1] == 's')
		r->at += 2;
	return 0;
}

static int read_amount(struct vr_reader *r, struct vr_condition *c, double *value)
{
	const char *from = r->text + r->at;
	char digits[64], *end;
	size_t length = strspn(from, "0123456789");

	/* "1..2" is no "1." */
	if (from[length] == '.' && isdigit((unsigned char)from[length + 1]))
		length += 1 + strspn(from + length + 1, "0123456789");
	if (length && (from[length] == 'e' || from[length] == 'E')) {
		size_t sign = from[length + 1] == '+' || from[length + 1] == '-';
		size_t power = strspn(from + length + 1 + sign, "0123456789");

		length += power ? 1 + sign + power : 0;
	}
	if (!length || length >= sizeof(digits))
		return vr_reader_bad(r, r->at, "here should be a number");
	memcpy(digits, from, length);
	digits[length] = '\0';
	*value = strtod(digits, &end);
	if (*end || !isfinite(*value))
		return vr_reader_bad(r, r->at, "that is no number");
	r->at += length;
	return read_unit(r, c, value);
}

static int read_op(struct vr_reader *r, struct vr_condition *c)
{
	static const struct {
		const char *text;
		enum vr_budget_op op;
	} ops[] = {{">=", VR_OP_AT_LEAST}, {"<=", VR_OP_AT_MOST}, {"!=", VR_OP_IS_NOT},
		   {"==", VR_OP_IS},	   {">", VR_OP_ABOVE},	  {"<", VR_OP_BELOW},
		   {"=", VR_OP_IS}};

	if (vr_reader_take_word(r, "not")) {
		c->op = VR_OP_NOT_IN;
		return vr_reader_take_word(r, "in")
			   ? 0
			   : vr_reader_bad(r, r->at, "behind 'not' is 'in'");
	}
	if (vr_reader_take_word(r, "in")) {
		c->op = VR_OP_IN;
		return 0;
	}
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		size_t length = strlen(ops[i].text);

		if (strncmp(r->text + r->at, ops[i].text, length) != 0)
			continue;
		c->op = ops[i].op;
		r->at += length;
		vr_reader_blanks(r);
		return 0;
	}
	return vr_reader_bad(r, r->at, "here should be one of > >= < <= = != and in");
}

int vr_reader_test(struct vr_reader *r, struct vr_condition *c)
{
	size_t from;
	int ret = read_op(r, c);

	if (ret == 0)
		ret = read_amount(r, c, &c->low);
	if (ret < 0 || (c->op != VR_OP_IN && c->op != VR_OP_NOT_IN))
		return ret;
	vr_reader_blanks(r);
	if (!vr_reader_take(r, '.') || !vr_reader_take(r, '.'))
		return vr_reader_bad(r, r->at, "a range is written LOW..HIGH");
	vr_reader_blanks(r);
	from = r->at;
	ret = read_amount(r, c, &c->high);
	if (ret == 0 && c->high < c->low)
		return vr_reader_bad(r, from, "the range ends before it begins");
	return ret;
}
