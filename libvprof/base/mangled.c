#include "base/mangled.h"
#include "base/fmt.h"

#include <string.h>

/* Where we are in a name.  Every reader leaves `at` behind what it read; `bad` once something
 * is not understood, and then nothing is read any more. */
struct reader {
	const char *at;
	struct vp_text *out;   /* NULL: read, not written */
	size_t last, last_len; /* in out: the last component, for constructors */
	int bad;
	int depth;
};

#define DEEPEST 64

static void read_name(struct reader *reader);

static void fail(struct reader *reader)
{
	reader->bad = 1;
}

static int is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int eat(struct reader *reader, char c)
{
	if (reader->bad || *reader->at != c)
		return 0;
	reader->at++;
	return 1;
}

/* --- what is left out ---------------------------------------------------------- */

/* 0, and it is bad, where the name ends before that. */
static size_t read_length(struct reader *reader)
{
	size_t length = 0;

	while (is_digit(*reader->at) && length < 100000)
		length = length * 10 + (size_t)(*reader->at++ - '0');
	if (length && strnlen(reader->at, length) == length)
		return length;
	fail(reader);
	return 0;
}

/* Up to and with an underscore: the number of a parameter, of a lambda, of a substitution. */
static void skip_number(struct reader *reader)
{
	while (is_digit(*reader->at) || (*reader->at >= 'A' && *reader->at <= 'Z'))
		reader->at++;
	if (!eat(reader, '_'))
		fail(reader);
}

static void skip_to_end(struct reader *reader);
static void skip_type(struct reader *reader);

/* "Li5E", "LN3foo4enumE2E": a type, then the value. */
static void skip_literal(struct reader *reader)
{
	if (*reader->at == '_')
		fail(reader); /* the address of something */
	else
		skip_type(reader);
	while (!reader->bad && *reader->at && *reader->at != 'E')
		reader->at++;
	if (!eat(reader, 'E'))
		fail(reader);
}

/* A lambda, with its arguments, or another type without a name; each with its number. */
static void skip_unnamed(struct reader *reader)
{
	if (eat(reader, 'l'))
		skip_to_end(reader);
	else if (!eat(reader, 't'))
		fail(reader);
	skip_number(reader);
}

/* What is in a function: that, and the name, perhaps with a number. */
static void skip_local(struct reader *reader)
{
	skip_to_end(reader);
	skip_type(reader);
	if (reader->at[0] == '_' && is_digit(reader->at[1]))
		reader->at += 2;
}

/* One word of what stands in template arguments and argument lists.  Returns 1 where it opens
 * something that an E closes, -1 where it is one. */
static int skip_word(struct reader *reader)
{
	char c = *reader->at;

	if (is_digit(c)) {
		reader->at += read_length(reader);
		return 0;
	}
	reader->at += c != '\0';
	switch (c) {
	case 'E':
		return -1;
	case 'I':
	case 'J':
	case 'N':
	case 'F':
	case 'X':
		return 1;
	case 'L':
		skip_literal(reader);
		return 0;
	case 'S':
		if (*reader->at >= 'a' && *reader->at <= 'z')
			reader->at++;
		else
			skip_number(reader);
		return 0;
	case 'T':
		skip_number(reader);
		return 0;
	case 'D':
		if (*reader->at == 'p' || *reader->at == 'n' || *reader->at == 'a' ||
		    *reader->at == 'c' || *reader->at == 'o' || is_digit(*reader->at))
			reader->at++;
		else if (eat(reader, 't') || eat(reader, 'T'))
			return 1;
		else
			fail(reader);
		return 0;
	case 'A':
		skip_number(reader);
		return 0;
	case 'U':
		skip_unnamed(reader);
		return 0;
	case 'Z':
		skip_local(reader);
		return 0;
	case '\0':
		fail(reader);
		return 0;
	default:
		return 0;
	}
}

/* To the E that closes what has been opened. */
static void skip_to_end(struct reader *reader)
{
	int open = 1;

	if (++reader->depth > DEEPEST)
		fail(reader);
	while (open && !reader->bad)
		open += skip_word(reader);
	reader->depth--;
}

/* One type: what qualifies it, and then one word, or all that it opens, and its arguments. */
static void skip_type(struct reader *reader)
{
	if (++reader->depth > DEEPEST)
		fail(reader);
	while (*reader->at && strchr("PROKVrCG", *reader->at))
		reader->at++;
	if (reader->at[0] == 'S' && reader->at[1] == 't')
		reader->at += 2;
	if (!reader->bad && skip_word(reader) > 0)
		skip_to_end(reader);
	if (eat(reader, 'I'))
		skip_to_end(reader);
	reader->depth--;
}

/* --- names ------------------------------------------------------------------------ */

static void put(struct reader *reader, const char *text, size_t length)
{
	if (reader->bad)
		return;
	reader->last = reader->out->len;
	reader->last_len = length;
	vp_text_mem(reader->out, text, length);
	if (reader->out->cut)
		fail(reader);
}

static void put_text(struct reader *reader, const char *text)
{
	put(reader, text, strlen(text));
}

static void read_source_name(struct reader *reader)
{
	size_t length = read_length(reader);

	if (reader->bad)
		return;
	if (length >= 10 && memcmp(reader->at, "_GLOBAL__N", 10) == 0)
		put_text(reader, "(anonymous namespace)");
	else
		put(reader, reader->at, length);
	reader->at += length;
}

/* A constructor, or a destructor: the name of the class once more. */
static void put_class_again(struct reader *reader, const char *before, size_t last, size_t length)
{
	char name[512];

	if (reader->bad || length > sizeof(name)) {
		fail(reader);
		return;
	}
	memcpy(name, reader->out->buf + last, length);
	vp_text_str(reader->out, before);
	put(reader, name, length);
}

static int read_operator(struct reader *reader)
{
	static const char names[] =
	    "nw new,na new[],dl delete,da delete[],ps +,ng -,ad &,de *,co ~,pl +,mi -,ml *,dv /,"
	    "rm %,an &,or |,eo ^,aS =,pL +=,mI -=,mL *=,dV /=,rM %=,aN &=,oR |=,eO ^=,ls <<,"
	    "rs >>,lS <<=,rS >>=,eq ==,ne !=,lt <,gt >,le <=,ge >=,nt !,aa &&,oo ||,pp ++,mm --,"
	    "cm \x01,pm ->*,pt ->,cl (),ix [],ss <=>,aw co_await,";
	const char *at = names;
	char text[32];
	size_t length;

	for (; *at; at += strcspn(at, ",") + 1) {
		if (at[0] != reader->at[0] || at[1] != reader->at[1])
			continue;
		reader->at += 2;
		at += 3;
		length = strcspn(at, ",");
		memcpy(text, "operator ", 9);
		memcpy(text + 8 + (*at >= 'a' && *at <= 'z'), at, length);
		length += *at >= 'a' && *at <= 'z' ? 9u : 8u;
		if (text[8] == '\x01')
			text[8] = ',';
		put(reader, text, length);
		return 1;
	}
	return 0;
}

static void read_lower(struct reader *reader)
{
	if (reader->at[0] == 'c' && reader->at[1] == 'v') {
		reader->at += 2;
		put_text(reader, "operator");
		skip_type(reader);
	} else if (reader->at[0] == 'l' && reader->at[1] == 'i') {
		reader->at += 2;
		if (!reader->bad)
			vp_text_str(reader->out, "operator\"\" ");
		read_source_name(reader);
	} else if (!read_operator(reader)) {
		fail(reader);
	}
}

static void read_unnamed(struct reader *reader)
{
	const char *what = *reader->at == 'l' ? "{lambda}" : "{unnamed}";

	skip_unnamed(reader);
	put_text(reader, what);
}

/* Abbreviations of the standard library; their constructors are of the class they stand for. */
static void read_standard(struct reader *reader)
{
	static const char *const name[] = {['a' - 'a'] = "allocator", ['b' - 'a'] = "basic_string",
					   ['d' - 'a'] = "iostream",  ['i' - 'a'] = "istream",
					   ['o' - 'a'] = "ostream",   ['s' - 'a'] = "string"};
	int at = *reader->at - 'a';

	if (at < 0 || at > 's' - 'a' || !name[at]) {
		fail(reader);
		return;
	}
	reader->at++;
	if (!reader->bad)
		vp_text_str(reader->out, "std::");
	put_text(reader, name[at]);
}

/* One component, without "::" before it.  last, length: the one before. */
static void read_component(struct reader *reader, size_t last, size_t length)
{
	char c = *reader->at;

	if (c == 'L')
		c = *++reader->at;
	if (is_digit(c)) {
		read_source_name(reader);
	} else if (c >= 'a' && c <= 'z') {
		read_lower(reader);
	} else if (c == 'U') {
		reader->at++;
		read_unnamed(reader);
	} else if (c == 'C' && is_digit(reader->at[1]) && length) {
		reader->at += 2;
		put_class_again(reader, "", last, length);
	} else if (c == 'D' && is_digit(reader->at[1]) && length) {
		reader->at += 2;
		put_class_again(reader, "~", last, length);
	} else {
		fail(reader);
	}
	while (eat(reader, 'B'))
		reader->at += read_length(reader);
}

static void put_colons(struct reader *reader)
{
	if (!reader->bad)
		vp_text_str(reader->out, "::");
}

static void read_nested(struct reader *reader)
{
	int parts = 0;

	while (*reader->at && strchr("rVKRO", *reader->at))
		reader->at++;
	while (!reader->bad && !eat(reader, 'E')) {
		if (parts && eat(reader, 'I')) {
			skip_to_end(reader);
			continue;
		}
		if (parts && eat(reader, 'M'))
			continue;
		if (parts++)
			put_colons(reader);
		if (parts == 1 && reader->at[0] == 'S') {
			reader->at++;
			if (eat(reader, 't'))
				put_text(reader, "std");
			else
				read_standard(reader);
			continue;
		}
		read_component(reader, reader->last, parts > 1 ? reader->last_len : 0);
	}
	if (!parts)
		fail(reader);
}

/* A name within a function: that, its arguments, and what is in it. */
static void read_local(struct reader *reader)
{
	read_name(reader);
	skip_to_end(reader);
	if (*reader->at == 's') {
		fail(reader); /* a string */
		return;
	}
	if (eat(reader, 'd'))
		skip_number(reader);
	put_colons(reader);
	read_name(reader);
}

static void read_name(struct reader *reader)
{
	if (++reader->depth > DEEPEST) {
		fail(reader);
	} else if (eat(reader, 'N')) {
		read_nested(reader);
	} else if (eat(reader, 'Z')) {
		read_local(reader);
	} else {
		if (reader->at[0] == 'S' && reader->at[1] == 't') {
			reader->at += 2;
			put_text(reader, "std");
			put_colons(reader);
		}
		read_component(reader, 0, 0);
		if (eat(reader, 'I'))
			skip_to_end(reader);
	}
	reader->depth--;
}

size_t vp_mangled_plain(const char *name, char *out, size_t size)
{
	struct vp_text text;
	struct reader reader = {.at = name, .out = &text};

	vp_text_init(&text, out, size);
	if (!eat(&reader, '_') || !eat(&reader, 'Z'))
		return 0;
	read_name(&reader);
	if (reader.bad || text.cut) {
		out[0] = '\0';
		return 0;
	}
	return text.len;
}
