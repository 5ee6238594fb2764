#include "cli/quote.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cli/plain.h"
#include "cli/xalloc.h"

static char *plain(const char *text)
{
	return vr_plain(text, VR_PLAIN_NAMES, 0);
}

/* --- CSV -------------------------------------------------------------------- */

int vr_quote_is_formula(const char *text)
{
	static const char *const start[] = {
	    "=", "+", "-", "@", "\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d", "\xef\xbc\xa0"};

	text += strspn(text, " ");
	for (size_t i = 0; i < sizeof(start) / sizeof(start[0]); i++)
		if (strncmp(text, start[i], strlen(start[i])) == 0)
			return 1;
	return 0;
}

/* --- XML, GitHub ------------------------------------------------------------ */

void vr_quote_xml(FILE *out, const char *text)
{
	char *clean = plain(text);

	for (const char *c = clean; *c; c++) {
		switch (*c) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		default:
			fputc(*c, out);
		}
	}
	free(clean);
}

void vr_quote_github(FILE *out, const char *text, int property)
{
	char *clean = plain(text);

	for (const char *c = clean; *c; c++) {
		if (*c == '%' || (property && (*c == ':' || *c == ',')))
			fprintf(out, "%%%02X", (unsigned char)*c);
		else
			fputc(*c, out);
	}
	free(clean);
}

/* --- Markdown --------------------------------------------------------------- */

/* What is no markup stays as it is, so that a C++ name can be read; the rest by number.
 * Markdown is looked for within HTML's <code> too. */
static void put_entities(FILE *out, const char *clean)
{
	fputs("<code>", out);
	for (const char *c = clean; *c; c++) {
		int link = strncmp(c, "://", 3) == 0 || strncasecmp(c, "www.", 4) == 0;

		if (*c == '<')
			fputs("&lt;", out);
		else if (!link && ((unsigned char)*c >= 0x80 || isalnum((unsigned char)*c) ||
				   strchr(" ()>.,:;/+-", *c)))
			fputc(*c, out);
		else
			fprintf(out, "&#%d;", *c);
	}
	fputs("</code>", out);
}

void vr_quote_md_code(FILE *out, const char *text)
{
	char *clean = plain(text);

	if (clean[strcspn(clean, "`\\|<&")])
		put_entities(out, clean);
	else if (*clean)
		fprintf(out, "`%s`", clean);
	free(clean);
}

static int is_word(char c)
{
	return isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

/* 1 when no reader of Markdown finds anything in it: what can be markup is not in it, or
 * stands where it is none. */
static int is_prose(const char *clean)
{
	const char *c = clean + strspn(clean, " ");
	size_t number = strspn(c, "0123456789");

	if (*c && !is_word(*c) && *c != '(')
		return 0;
	if (number && (c[number] == '.' || c[number] == ')') &&
	    (!c[number + 1] || c[number + 1] == ' '))
		return 0; /* a numbered list */
	if (c - clean >= 4 || strstr(c, "://") || strcasestr(c, "www."))
		return 0;
	for (; *c; c++) {
		if (is_word(*c) || strchr(" .,;:()%/+-='\"", *c))
			continue;
		if (*c != '_' || c == clean || !is_word(c[-1]) || !is_word(c[1]))
			return 0;
	}
	return 1;
}

void vr_quote_md_text(FILE *out, const char *text)
{
	char *clean = plain(text);

	if (is_prose(clean))
		fputs(clean, out);
	else
		vr_quote_md_code(out, text);
	free(clean);
}

void vr_quote_md_block(FILE *out, const char *text)
{
	char *clean = plain(text);

	fputs(clean, out);
	free(clean);
}

/* --- shells ----------------------------------------------------------------- */

static char *quote_bytes(const char *word)
{
	char *text = vr_plain("", VR_PLAIN_HEX, 4 * strlen(word) + 4);
	char *to = stpcpy(text, "$'");

	for (; *word; word++) {
		unsigned char c = (unsigned char)*word;

		if (c < ' ' || c >= 0x7f)
			to += sprintf(to, "\\%03o", c);
		else if (c == '\'' || c == '\\')
			to += sprintf(to, "\\%c", c);
		else
			*to++ = (char)c;
	}
	strcpy(to, "'");
	return text;
}

static int is_harmless(const char *word)
{
	char *clean = vr_plain(word, VR_PLAIN_HEX, 0);
	int same = strcmp(clean, word) == 0;

	free(clean);
	return same;
}

char *vr_quote_shell(const char *word)
{
	char *text, *to;

	if (!is_harmless(word))
		return quote_bytes(word);
	text = to = vr_plain("", VR_PLAIN_HEX, 4 * strlen(word) + 3);
	if (*word && !word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					"0123456789_-+./:,@%=")])
		return strcpy(text, word);
	*to++ = '\'';
	for (; *word; word++) {
		if (*word == '\'')
			to = stpcpy(to, "'\\''");
		else
			*to++ = *word;
	}
	strcpy(to, "'");
	return text;
}

char *vr_quote_words(char *const *words)
{
	char *all = vr_xstrdup("");

	for (size_t i = 0; words[i]; i++) {
		char *word = vr_quote_shell(words[i]);

		all = vr_xappend(all, "%s%s", i ? " " : "", word);
		free(word);
	}
	return all;
}
