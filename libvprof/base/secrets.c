#include "base/secrets.h"
#include "base/fmt.h"
#include "base/secret_names.h"

#include <string.h>

#define MASK	"***"
#define AWS_KEY 40u /* bytes of one, which may have slashes and look like words */

struct stretch {
	size_t from, to; /* equal: none */
};

static int is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static int is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static int is_alnum(char c)
{
	return is_digit(c) || is_upper(c) || is_lower(c);
}

static int is_name(char c)
{
	return is_alnum(c) || c == '_' || c == '-' || c == '.';
}

/* Of base64, in both of its alphabets, and hexadecimal. */
static int is_random_letter(char c)
{
	return is_alnum(c) || c == '+' || c == '/' || c == '_' || c == '-' || c == '=';
}

/* --- what looks like a secret ---------------------------------------------------- */

static const struct {
	const char *begin;
	size_t least; /* bytes in all */
} known[] = {
    {"AKIA", 20},     {"ASIA", 20},   {"ghp_", 20},	{"gho_", 20},
    {"ghu_", 20},     {"ghs_", 20},   {"ghr_", 20},	{"github_pat_", 20},
    {"glpat-", 16},   {"xoxb-", 16},  {"xoxp-", 16},	{"xoxa-", 16},
    {"xapp-", 16},    {"sk-", 20},    {"sk_live_", 16}, {"sk_test_", 16},
    {"rk_live_", 16}, {"AIza", 35},   {"ya29.", 20},	{"eyJ", 30},
    {"hf_", 20},      {"npm_", 20},   {"SG.", 20},	{"dop_v1_", 20},
    {"pypi-", 20},    {"shpat_", 20}, {"hvs.", 20},	{"AGE-SECRET-KEY-", 20},
};

struct letters {
	size_t upper, lower, digits, other, hex, changes; /* from one class to another */
};

static struct letters count_letters(const char *text, size_t len)
{
	struct letters n = {0};
	int before = -1;

	for (size_t i = 0; i < len; i++) {
		char c = text[i];
		int class = is_upper(c) ? 0 : is_lower(c) ? 1 : is_digit(c) ? 2 : -1;

		n.upper += class == 0;
		n.lower += class == 1;
		n.digits += class == 2;
		n.other += class < 0;
		n.hex += is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
		n.changes += class >= 0 && before >= 0 && class != before;
		before = class >= 0 ? class : before;
	}
	return n;
}

/* The bytes of a token of a known kind at the start of the text, else 0. */
static size_t known_token(const char *text, size_t len)
{
	size_t bytes = 0;

	while (bytes < len && is_name(text[bytes]))
		bytes++;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (bytes >= known[i].least && count_letters(text, bytes).digits &&
		    strncmp(text, known[i].begin, strlen(known[i].begin)) == 0)
			return bytes;
	return 0;
}

/* In words, upper and lower case and digits stand together; by chance they alternate. */
static int is_random(const char *text, size_t len)
{
	struct letters n = count_letters(text, len);
	size_t all = len - n.other;

	if (strncmp(text, "_Z", 2) == 0 || strncmp(text, "_R", 2) == 0)
		return 0; /* a mangled name */
	if (n.hex == len && len >= 32 && n.digits >= 4 && n.upper + n.lower >= 4 &&
	    (!n.upper || !n.lower))
		return 1;
	if (n.upper && n.lower)
		return all >= 20 && n.digits >= 1 && n.upper >= 2 && n.lower >= 2 &&
		       n.changes * 100 >= all * (len == AWS_KEY ? 30
						 : all >= 32	? 40
								: 45);
	return !n.other && all >= 24 && n.digits >= 4 && n.changes * 100 >= all * 25;
}

static int is_path(const char *text, size_t len)
{
	static const char *const ends[] = {".key",  ".pem",  ".crt", ".cert", ".json",
					   ".p12",  ".pfx",  ".jks", ".txt",  ".yml",
					   ".yaml", ".conf", ".ini", ".pub"};

	if (len && (text[0] == '/' || text[0] == '~' || (text[0] == '.' && memchr(text, '/', len))))
		return 1;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		size_t tail = strlen(ends[i]);

		if (len > tail && strncmp(text + len - tail, ends[i], tail) == 0)
			return 1;
	}
	return 0;
}

/* Words and numbers that are no secret, whatever they are given to. */
static int is_harmless(const char *text, size_t len)
{
	static const char words[] = " true false yes no on off none null basic digest auto ask ";
	size_t digits = 0;

	for (size_t i = 0; i < len; i++)
		digits += is_digit(text[i]) != 0;
	if (digits == len)
		return len < 2; /* --pass=1; longer ones may be a PIN */
	for (const char *at = words + 1; *at; at += strcspn(at, " ") + 1)
		if (strcspn(at, " ") == len && strncmp(at, text, len) == 0)
			return 1;
	return 0;
}

static int is_number_list(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!is_digit(text[i]) && !strchr(",.:-nr", text[i]))
			return 0;
	return 1;
}

static int hides(enum vp_secret_name name, const char *value, size_t len)
{
	if (name == VP_NAME_PLAIN || !len || is_harmless(value, len))
		return 0;
	return name == VP_NAME_SECRET || !(is_path(value, len) || is_number_list(value, len));
}

/* --- inside of an argument --------------------------------------------------------- */

/* Behind "scheme://" at `at`: USER:SECRET@HOST, or SECRET@HOST. */
static struct stretch in_url(const char *text, size_t len, size_t at)
{
	size_t from = at + 3, end = from, host = 0, colon = 0;

	for (; end < len && !strchr("/?# \t\"'", text[end]); end++) {
		if (text[end] == '@')
			host = end;
		else if (text[end] == ':' && !colon)
			colon = end;
	}
	if (!host)
		return (struct stretch){0, 0};
	if (colon && colon < host)
		return (struct stretch){colon + 1, host};
	if (host - from >= 20 || known_token(text + from, host - from))
		return (struct stretch){from, host};
	return (struct stretch){0, 0};
}

/* What follows NAME= or NAME: whose sign is at `at`, where the name says that it is secret. */
static struct stretch behind_name(const char *text, size_t len, size_t at)
{
	size_t end = at, from, to = at + 1;
	enum vp_secret_name kind;
	const char *stops = text[at] == '=' ? "&; \t\n\"'" : "\n\"'";

	if (end && strchr("\"'", text[end - 1]))
		end--;
	for (from = end; from && is_name(text[from - 1]); from--)
		;
	kind = vp_secret_name(text + from, end - from);
	while (to < len && strchr(" \t\"'", text[to]))
		to++;
	for (from = to; to < len && !strchr(stops, text[to]); to++)
		;
	if (kind == VP_NAME_DOUBTFUL && text[at] == ':')
		kind = VP_NAME_PLAIN;
	return hides(kind, text + from, to - from) ? (struct stretch){from, to}
						   : (struct stretch){0, 0};
}

/* A run of letters that begins at `at`; of NAME=VALUE each by itself, of a URL's path, too. */
static struct stretch in_run(const char *text, size_t len, size_t at)
{
	size_t end = at;

	while (end < len && is_random_letter(text[end]))
		end++;
	while (at < end) {
		size_t whole = at, part;

		while (whole < end && text[whole] != '=')
			whole++;
		if (is_random(text + at, whole - at))
			return (struct stretch){at, whole};
		for (part = at; part < whole && text[part] != '/'; part++)
			;
		if (is_random(text + at, part - at))
			return (struct stretch){at, part};
		at = part + 1;
	}
	return (struct stretch){0, 0};
}

/* What begins here, by its looks. */
static struct stretch by_looks(const char *text, size_t len, size_t at)
{
	size_t token = 0;

	if (is_alnum(text[at]) && (!at || !is_alnum(text[at - 1])))
		token = known_token(text + at, len - at);
	if (token)
		return (struct stretch){at, at + token};
	if (is_random_letter(text[at]) && (!at || !is_random_letter(text[at - 1])))
		return in_run(text, len, at);
	return (struct stretch){0, 0};
}

/* The first secret at or behind `at`. */
static struct stretch find(const char *text, size_t len, size_t at)
{
	int path = is_path(text, len);

	for (size_t i = at; i < len; i++) {
		struct stretch found = {0, 0};

		if (strncmp(text + i, "-----BEGIN", 10) == 0)
			return (struct stretch){i, len};
		if (strncmp(text + i, "://", 3) == 0)
			found = in_url(text, len, i);
		else if (text[i] == '=' || text[i] == ':')
			found = behind_name(text, len, i);
		if (found.from == found.to && !path)
			found = by_looks(text, len, i);
		if (found.from < found.to)
			return found;
	}
	return (struct stretch){len, len};
}

static void put_parts(struct vp_text *out, const char *text, size_t len)
{
	size_t at = 0;

	while (at < len) {
		struct stretch found = find(text, len, at);

		vp_text_mem(out, text + at, found.from - at);
		if (found.from < found.to)
			vp_text_str(out, MASK);
		at = found.to;
	}
}

/* --- one argument after the other -------------------------------------------------- */

/* What the argument before says of this one. */
enum next { NEXT_ANY, NEXT_SECRET, NEXT_DOUBTFUL, NEXT_USER };

struct state {
	const char *program;
	enum next next;
};

/* USER:SECRET or USER%SECRET; without a user's end all of it. */
static void put_user(struct vp_text *out, const char *value, size_t len)
{
	size_t user = 0;

	while (user < len && value[user] != ':' && value[user] != '%')
		user++;
	if (user < len)
		vp_text_mem(out, value, user + 1);
	vp_text_str(out, MASK);
}

static int put_next(struct vp_text *out, const struct state *state, const char *text, size_t len)
{
	enum vp_secret_name name = state->next == NEXT_DOUBTFUL ? VP_NAME_DOUBTFUL : VP_NAME_SECRET;

	if (state->next == NEXT_ANY || (text[0] == '-' && (text[1] == '-' || len == 2)))
		return 0;
	if (state->next == NEXT_USER)
		put_user(out, text, len);
	else if (hides(name, text, len))
		vp_text_str(out, MASK);
	else
		return 0;
	return 1;
}

/* Options that single programs have. */
static int put_option(struct vp_text *out, struct state *state, const char *text, size_t len)
{
	size_t bytes = 0;
	enum vp_secret_option kind = vp_secret_option(state->program, text, &bytes);

	if (kind == VP_OPTION_NONE)
		return 0;
	if (len == bytes) {
		if (kind != VP_OPTION_ATTACHED)
			state->next = kind == VP_OPTION_USER ? NEXT_USER : NEXT_SECRET;
		return 0;
	}
	bytes += text[bytes] == '=';
	vp_text_mem(out, text, bytes);
	if (kind == VP_OPTION_USER)
		put_user(out, text + bytes, len - bytes);
	else
		vp_text_str(out, MASK);
	return 1;
}

static void put_argument(struct vp_text *out, struct state *state, const char *text, size_t len)
{
	size_t name = 0;
	enum vp_secret_name kind;
	int done = put_next(out, state, text, len);

	state->next = NEXT_ANY;
	if (done || put_option(out, state, text, len))
		return;
	while (name < len && is_name(text[name]))
		name++;
	kind = vp_secret_name(text, name);
	if (name < len && text[name] == '=' && hides(kind, text + name + 1, len - name - 1)) {
		vp_text_mem(out, text, name + 1);
		vp_text_str(out, MASK);
		return;
	}
	if (name == len && text[0] == '-' && kind != VP_NAME_PLAIN)
		state->next = kind == VP_NAME_SECRET ? NEXT_SECRET : NEXT_DOUBTFUL;
	put_parts(out, text, len);
}

void vp_secrets_mask(struct vp_text *out, const char *words, size_t len)
{
	struct state state = {words, NEXT_ANY};
	size_t at = 0;

	while (at < len) {
		size_t bytes = strnlen(words + at, len - at);

		if (at) {
			vp_text_char(out, ' ');
			put_argument(out, &state, words + at, bytes);
		} else {
			vp_text_mem(out, words, bytes);
		}
		at += bytes + 1;
	}
}
