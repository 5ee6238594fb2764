/* What the pieces of a name are: its brackets, its path, its arguments. */
#include <stdlib.h>
#include <string.h>

#include "cli/short_reading.h"
#include "cli/xalloc.h"

/* Length of an operator's name at `at`; 0: there is none.  Of one to a type ("operator bool")
 * only the word and its blank. */
static uint32_t operator_length(const char *t, uint32_t at)
{
	static const char *const sign[] = {
	    "<=>", "->*", "<<=", ">>=", "\"\" ",  "()",	   "[]",	"->",	    "<<",
	    ">>",  "<=",  ">=",	 "==",	"!=",	  "&&",	   "||",	"++",	    "--",
	    "+=",  "-=",  "*=",	 "/=",	"%=",	  "^=",	   "&=",	"|=",	    "+",
	    "-",   "*",	  "/",	 "%",	"^",	  "&",	   "|",		"~",	    "!",
	    "=",   "<",	  ">",	 ",",	" new[]", " new(", " delete[]", " delete(", " co_await"};
	const char *rest = t + at + 8;

	if (t[at] != 'o' || !begins(t + at, "operator") || (at && is_ident(t[at - 1])))
		return 0;
	for (size_t i = 0; i < sizeof(sign) / sizeof(sign[0]); i++) {
		size_t length = strlen(sign[i]);

		if (begins(rest, sign[i]))
			return 8 + (uint32_t)(length - (length > 4 && sign[i][length - 1] == '('));
	}
	return *rest == ' ' && is_ident(rest[1]) ? 9 : 0;
}

static int kind_of(char c, const char *of)
{
	const char *at = c ? strchr(of, c) : NULL;

	return at ? (int)(at - of) : -1;
}

/* 1 where '<' is a comparison or a shift in an expression. */
static int is_less(const struct reading *r, uint32_t i)
{
	return i && !r->called[i] &&
	       (r->t[i - 1] == ')' || (r->t[i - 1] == '<' && !r->close[i - 1] && i > 1));
}

/* Pairs brackets.  What closes nothing, and what is never closed, is text like any other. */
static void pair_brackets(struct reading *r)
{
	uint32_t *stack = vr_xcalloc(r->n + 1, sizeof(*stack));
	uint32_t top = 0, count[4] = {0};

	for (uint32_t i = 0; i < r->n; i++) {
		int opens = kind_of(r->t[i], "([{<"), closes = kind_of(r->t[i], ")]}>");

		r->depth[i] = top;
		r->word[i] = (uint8_t)operator_length(r->t, i);
		if (r->word[i]) {
			for (uint32_t k = 1; k < r->word[i]; k++)
				r->depth[i + k] = top;
			i += (uint32_t)r->word[i] - 1;
			r->called[i + 1] = 1;
		} else if (opens >= 0 && !(opens == 3 && is_less(r, i))) {
			r->close[i] = 1; /* for is_less(), until it is known */
			count[opens]++;
			stack[top++] = i;
		} else if (closes >= 0 && count[closes] &&
			   (closes != 3 || (r->t[stack[top - 1]] == '<' && r->t[i - 1] != '-'))) {
			int opened;

			do {
				opened = kind_of(r->t[stack[--top]], "([{<");
				count[opened]--;
				r->close[stack[top]] = 0;
			} while (opened != closes);
			r->close[stack[top]] = i;
			r->depth[i] = top;
		}
	}
	while (top)
		r->close[stack[--top]] = 0;
	free(stack);
}

static uint32_t ident_end(const struct reading *r, uint32_t i)
{
	while (i < r->n && is_ident(r->t[i]))
		i++;
	return i;
}

/* --- what is anywhere ----------------------------------------------------------- */

/* Length of a namespace behind "std::" of which nobody knows. */
static uint32_t inline_space(const char *text)
{
	static const char *const inner[] = {"__cxx11::", "__1::", "__ndk1::"};

	for (size_t i = 0; i < sizeof(inner) / sizeof(inner[0]); i++)
		if (begins(text, inner[i]))
			return (uint32_t)strlen(inner[i]);
	return 0;
}

/* 1 for an argument that is what the library takes when none is given. */
static int is_default(const struct reading *r, uint32_t at, uint32_t end, uint32_t first,
		      uint32_t first_end)
{
	static const char *const rust[] = {"alloc::alloc::Global",
					   "std::hash::random::RandomState"};
	static const char *const always[] = {"allocator<", "char_traits<", "default_delete<"};
	static const char *const of_first[] = {"less<", "hash<", "equal_to<"};

	for (size_t i = 0; i < sizeof(rust) / sizeof(rust[0]); i++)
		if (begins(r->t + at, rust[i]))
			return 1;
	if (!begins(r->t + at, "std::"))
		return 0;
	at += 5 + inline_space(r->t + at + 5);
	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		if (begins(r->t + at, always[i]))
			return 1;
	for (size_t i = 0; i < sizeof(of_first) / sizeof(of_first[0]); i++) {
		uint32_t length = (uint32_t)strlen(of_first[i]);

		if (begins(r->t + at, of_first[i]) && at + length + first_end - first < end)
			return strncmp(r->t + at + length, r->t + first, first_end - first) == 0;
	}
	return 0;
}

#define ARGUMENTS_MAX 32u /* more are written by machines */

/* Finds where arguments begin, and one behind the last; returns how many. */
static uint32_t split(const struct reading *r, uint32_t open, uint32_t at[ARGUMENTS_MAX + 1])
{
	uint32_t count = 0, end = r->close[open];

	at[count++] = open + 1;
	for (uint32_t i = open + 1; i < end; i = behind(r, i)) {
		if (r->t[i] != ',' || r->t[i + 1] != ' ')
			continue;
		if (count == ARGUMENTS_MAX)
			return 0;
		at[count++] = i + 2;
	}
	if (r->t[end - 1] == ' ')
		end--;
	at[count] = end + 2; /* as if one more followed */
	return count;
}

/* Default arguments at the end of a list; returns how many stay. */
static uint32_t read_defaults(struct reading *r, uint32_t open)
{
	uint32_t at[ARGUMENTS_MAX + 1], count = split(r, open, at);

	while (count > 1 && is_default(r, at[count - 1], at[count] - 2, at[0], at[1] - 2)) {
		leave_out(r, at[count - 1] - 2, at[count] - 2, VR_PIECE_SPELLING);
		count--;
	}
	return count;
}

/* "basic_string<char, ...>" is string, and so are its constructors. */
static void read_basic(struct reading *r, uint32_t i)
{
	uint32_t end = ident_end(r, i), at[ARGUMENTS_MAX + 1];
	const char *t = r->t;

	if (i && is_ident(t[i - 1]))
		return;
	if (i >= 4 && r->basic && r->basic + 3 + (t[i - 1] == '~') == i) {
		/* its constructor or destructor */
	} else if (t[end] == '<' && r->close[end] && end > i + 6) {
		uint32_t count = split(r, end, at);

		while (count > 1 && is_default(r, at[count - 1], at[count] - 2, at[0], at[1] - 2))
			count--;
		if (count != 1 || !begins(t + at[0], "char") || is_ident(t[at[0] + 4]))
			return;
		leave_out(r, end, r->close[end] + 1, VR_PIECE_SPELLING);
		r->basic = r->close[end];
	} else {
		return;
	}
	leave_out(r, i, i + 6, VR_PIECE_SPELLING);
}

/* 1 when "<...>" are arguments of what is before it, not a type of a Rust path. */
static int is_list(const struct reading *r, uint32_t i)
{
	const char *t = r->t;

	if (!i || begins(t + i, "<impl ") || begins(t + i, "<lambda("))
		return 0;
	if (r->called[i] || r->called[i - 1])
		return 1;
	return is_ident(t[i - 1]) || t[i - 1] == ':' || t[i - 1] == '}' || t[i - 1] == ']';
}

/* Behind a word right inside of a bracket; 0: it has none. */
static uint32_t behind_word(const struct reading *r, uint32_t open, const char *word)
{
	uint32_t i = open + 1;

	while (i < r->close[open] && !begins(r->t + i, word))
		i = behind(r, i);
	return i < r->close[open] ? i + (uint32_t)strlen(word) : 0;
}

static void read_angle(struct reading *r, uint32_t i)
{
	const char *t = r->t;
	uint32_t begin = i, close = r->close[i];

	if (close > i + 2 && t[close - 1] == ' ' && t[close - 2] == '>')
		leave_out(r, close - 1, close, VR_PIECE_SPELLING);
	if (is_list(r, i)) {
		if (t[i - 1] == ':')
			begin = i - 2;
		else if (t[i - 1] == ' ')
			begin = i - 1;
		leave_out(r, begin, close + 1, VR_PIECE_ARGUMENTS);
		read_defaults(r, i);
	} else if (begins(t + i, "<impl ") && behind_word(r, i, " for ")) {
		leave_out(r, i + 1, behind_word(r, i, " for "), VR_PIECE_NAMESPACE);
	} else if (begins(t + close, ">::") && behind_word(r, i, " as ")) {
		leave_out(r, behind_word(r, i, " as ") - 4, close, VR_PIECE_NAMESPACE);
	} else if (is_ident(t[i + 1]) && !begins(t + i + 1, "impl ") &&
		   !begins(t + i + 1, "dyn ")) {
		if (begins(t + close, ">::")) { /* "<app::Book>::match" */
			leave_out(r, i, i + 1, VR_PIECE_SPELLING);
			leave_out(r, close, close + 1, VR_PIECE_SPELLING);
		}
	}
}

/* Namespaces in front of a name inside of brackets; returns where the name is. */
static uint32_t read_inner_path(struct reading *r, uint32_t i)
{
	uint32_t at = i, end;

	for (;;) {
		end = ident_end(r, at);
		if (end == at || r->t[end] != ':' || r->t[end + 1] != ':' || !r->t[end + 2] ||
		    r->t[end + 2] == '{' || r->t[end + 2] == '<') /* "main::{lambda()#1}" */
			break;
		at = end + 2;
	}
	if (at > i)
		leave_out(r, i, at, VR_PIECE_ARGUMENT_SPACE);
	return end > at ? end : at > i ? at : i + 1;
}

#define CRATE_HASH 12u /* digits, at least */

/* "[abi:cxx11]", and a crate's "[0123456789abcdef]". */
static void read_square(struct reading *r, uint32_t i)
{
	uint32_t inside = r->close[i] - i - 1;

	if (begins(r->t + i, "[abi:") ||
	    (inside >= CRATE_HASH && i && is_ident(r->t[i - 1]) && is_hex(r->t + i + 1, inside)))
		leave_out(r, i, r->close[i] + 1, VR_PIECE_SPELLING);
}

static void read_everywhere(struct reading *r)
{
	uint32_t path_end = 0; /* of the last path inside of brackets */

	for (uint32_t i = 0; i < r->n; i++) {
		char c = r->t[i];

		if (r->word[i]) {
			i += (uint32_t)r->word[i] - 1;
			continue;
		}
		if (c == 's' && begins(r->t + i, "std::") && (!i || !is_ident(r->t[i - 1])))
			leave_out(r, i + 5, i + 5 + inline_space(r->t + i + 5), VR_PIECE_SPELLING);
		if (c == 'b' && begins(r->t + i, "basic_"))
			read_basic(r, i);
		if (c == '(' && begins(r->t + i, ANONYMOUS))
			leave_out(r, i, i + (uint32_t)strlen(ANONYMOUS), VR_PIECE_NOISE);
		else if (c == '<' && r->close[i])
			read_angle(r, i);
		else if (c == '[' && r->close[i])
			read_square(r, i);
		else if (c == '{' && begins(r->t + i, "{lambda(") && r->close[i + 7])
			leave_out(r, i + 7, r->close[i + 7] + 1, VR_PIECE_TYPE);
		else if (r->depth[i] && i >= path_end && is_ident(c) && !is_ident(r->t[i - 1]))
			path_end = read_inner_path(r, i);
	}
}

void vr_short_read(struct vr_short *name)
{
	struct reading r = {.name = name, .t = name->text, .n = name->length};

	r.close = name->close;
	r.depth = vr_xcalloc(r.n + 1, sizeof(*r.depth));
	r.word = vr_xcalloc(r.n + 1, 1);
	r.called = vr_xcalloc(r.n + 1, 1);
	pair_brackets(&r);
	read_everywhere(&r);
	vr_short_read_function(&r);
	free(r.depth);
	free(r.word);
	free(r.called);
}
