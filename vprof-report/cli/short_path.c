/* The function itself in its name: return type, namespaces, class, parameters. */
#include <stdlib.h>
#include <string.h>

#include "cli/short_reading.h"
#include "cli/xalloc.h"

struct path {
	uint32_t begin;	 /* of the text it is in */
	uint32_t *start; /* of its parts */
	size_t parts, room;
	uint32_t end; /* of the last one */
	int typed;    /* parameters follow, or what the compiler added */
};

static void add_part(struct path *path, uint32_t start)
{
	path->start = vr_xgrow(path->start, path->parts, &path->room, sizeof(*path->start));
	path->start[path->parts++] = start;
}

/* Behind " const &" and their like. */
static uint32_t behind_qualifiers(const struct reading *r, uint32_t i)
{
	static const char *const word[] = {" const", " volatile", " &&", " &", " noexcept"};

	for (size_t k = 0; k < sizeof(word) / sizeof(word[0]); k++) {
		size_t length = strlen(word[k]);

		if (begins(r->t + i, word[k]) && !is_ident(r->t[i + length])) {
			i += (uint32_t)length;
			k = (size_t)-1;
		}
	}
	return i;
}

/* 1 for what the compiler adds behind a function. */
static int is_tail(const char *text)
{
	return begins(text, " [clone ") || begins(text, " (.") || begins(text, " requires ");
}

/* 1 when a bracket belongs to the word before it: "decltype (x)". */
static int is_of_word(const struct reading *r, uint32_t i)
{
	static const char *const word[] = {"decltype", "decltype ", "noexcept",
					   "sizeof ",  "typeof ",   "alignof "};

	for (size_t k = 0; k < sizeof(word) / sizeof(word[0]); k++) {
		uint32_t length = (uint32_t)strlen(word[k]);

		if (i >= length && begins(r->t + i - length, word[k]))
			return 1;
	}
	return 0;
}

static uint32_t read_path(struct reading *r, uint32_t begin, uint32_t end, struct path *path);

/* A bracket "(" of the path; returns where to go on, `end` where the path is through. */
static uint32_t read_round(struct reading *r, uint32_t i, uint32_t end, struct path *path)
{
	uint32_t close = r->close[i] + 1, after = behind_qualifiers(r, close);

	if (begins(r->t + i, ANONYMOUS) || is_of_word(r, i))
		return close;
	if (begins(r->t + after, "::")) { /* the function in which the rest is */
		leave_out(r, i, after, VR_PIECE_TYPE);
		return after;
	}
	if ((after == end || is_tail(r->t + after)) && i > path->start[path->parts - 1]) {
		leave_out(r, i, after, VR_PIECE_TYPE);
		if (end > after)
			leave_out(r, after, end, VR_PIECE_NOISE);
		path->end = i;
		path->typed = 1;
		return end;
	}
	/* "void (*choose<int>(int))(char)": it returns a pointer to a function. */
	if (r->t[after] == '(' && r->close[after] && (r->t[i + 1] == '*' || r->t[i + 1] == '&')) {
		leave_out(r, path->begin, i + 2, VR_PIECE_TYPE);
		leave_out(r, close - 1, end, VR_PIECE_TYPE);
		path->parts = 0;
		read_path(r, i + 2, close - 1, path);
		return end;
	}
	return close;
}

/* Where the name of a conversion ends, at its parameters. */
static uint32_t behind_conversion(const struct reading *r, uint32_t i, uint32_t end)
{
	for (i += 9; i < end; i = behind(r, i))
		if (r->t[i] == '(' && r->close[i])
			break;
	return i;
}

static uint32_t read_path(struct reading *r, uint32_t begin, uint32_t end, struct path *path)
{
	uint32_t i = begin;

	path->begin = begin;
	path->end = end;
	add_part(path, begin);
	while (i < end) {
		if (is_conversion(r, i)) {
			i = behind_conversion(r, i, end);
		} else if (r->t[i] == '(' && r->close[i]) {
			i = read_round(r, i, end, path);
		} else if (is_tail(r->t + i) && i > path->start[path->parts - 1]) {
			leave_out(r, i, end, VR_PIECE_NOISE);
			path->end = i;
			path->typed = 1;
			break;
		} else if (r->t[i] == ' ' && !r->called[i]) {
			path->parts = 0;
			add_part(path, ++i);
		} else if (r->t[i] == ':' && r->t[i + 1] == ':' &&
			   (r->t[i + 2] != '<' || begins(r->t + i + 2, "<impl ") ||
			    begins(r->t + i + 2, "<lambda("))) {
			i += 2;
			add_part(path, i);
		} else {
			i = behind(r, i);
		}
	}
	return end;
}

/* 1 for a part that says nothing without the one it is in: a lambda, a call, a closure. */
static int is_weak(const struct reading *r, const struct path *path, size_t part)
{
	const char *t = r->t + path->start[part];

	if (begins(t, "_FUN"))
		return part && is_weak(r, path, part - 1);
	return begins(t, "operator()") || begins(t, "<lambda(") || *t == '{' || begins(t, "$_") ||
	       begins(t, "'lambda") || !*t;
}

/* What is before the path: a return type, "virtual thunk to". */
static void read_before(struct reading *r, struct path *path)
{
	static const char *const phrase[] = {"non-virtual thunk to ", "virtual thunk to ",
					     "covariant return thunk to ",
					     "transaction clone for "};
	uint32_t start = path->start[0];
	enum vr_piece_rank rank = VR_PIECE_TYPE;

	for (size_t i = 0; i < sizeof(phrase) / sizeof(phrase[0]); i++)
		if (begins(r->t + path->begin, phrase[i]))
			rank = VR_PIECE_NOISE;
	if (path->typed || rank == VR_PIECE_NOISE) {
		leave_out(r, path->begin, start, rank);
	} else { /* no name of C++: "JS:*match book.js:12" */
		path->parts = 0;
		add_part(path, path->begin);
	}
}

/* ".constprop.0" behind a name of C, "::h0123456789abcdef" behind one of Rust. */
static void read_end(struct reading *r, struct path *path)
{
	static const char *const added[] = {".constprop.", ".isra.",	".part.",
					    ".cold",	   ".lto_priv", ".llvm."};
	uint32_t n = path->end;

	if (n > 19 && begins(r->t + n - 19, "::h") && is_hex(r->t + n - 16, 16) &&
	    path->parts > 1) {
		leave_out(r, n - 19, n, VR_PIECE_SPELLING);
		path->parts--;
	}
	for (size_t i = 0; i < sizeof(added) / sizeof(added[0]) && n == r->n; i++) {
		const char *at = strstr(r->t + path->start[path->parts - 1], added[i]);

		if (at && at > r->t + path->start[path->parts - 1] && !strpbrk(at, "/ (<"))
			leave_out(r, (uint32_t)(at - r->t), n, VR_PIECE_NOISE);
	}
}

void vr_short_read_function(struct reading *r)
{
	struct path path = {0};
	size_t own;

	read_path(r, 0, r->n, &path);
	if (path.start[0] > path.begin)
		read_before(r, &path);
	read_end(r, &path);
	own = path.parts - 1;
	while (own && is_weak(r, &path, own))
		own--;
	for (size_t i = 0; i < own; i++)
		leave_out(r, path.start[i], path.start[i + 1],
			  i + 1 < own ? VR_PIECE_NAMESPACE : VR_PIECE_CLASS);
	/* The call of a lambda says no more than the lambda. */
	if (path.parts > own + 1 && begins(r->t + path.start[path.parts - 1], "operator()") &&
	    is_weak(r, &path, path.parts - 2))
		vr_short_add(r->name, path.start[path.parts - 1] - 2, path.end, 0,
			     VR_PIECE_ARGUMENTS);
	r->name->path = path.start[0];
	free(path.start);
}
