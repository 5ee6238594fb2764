/* Names that mean something to whoever reads the output: each sink keeps them names. */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "check_main.h"
#include "cli/plain.h"
#include "cli/quote.h"
#include "output/out.h"
#include "output/out_json.h"

static const struct {
	const char *raw, *plain;
} plain[] = {
    {"::error::x", "\\x3a:error::x"},
    {"  ::error::x", "  \\x3a:error::x"},
    {"\xc2\xa0::error::x", "\xc2\xa0\\x3a:error::x"}, /* .NET trims this blank too */
    {"a ::error::x", "a \\x3a:error::x"},	      /* a line may be wrapped there */
    {"std::vector<int>", "std::vector<int>"},
    {"##[error]x", "#\\x23[error]x"},
    {"a ##vso[task]x", "a #\\x23vso[task]x"},
    {"####", "#\\x23#\\x23"},
    {"C#", "C#"},
    {"\xe2\x80\x8bzero", "\\xe2\\x80\\x8bzero"},  /* zero width space */
    {"\xe2\x81\xa6iso", "\\xe2\\x81\\xa6iso"},	  /* bidi isolate */
    {"\xd8\x9c", "\\xd8\\x9c"},			  /* Arabic letter mark */
    {"\xef\xbb\xbf", "\\xef\\xbb\\xbf"},	  /* byte order mark */
    {"\xef\xbf\xbe", "\\xef\\xbf\\xbe"},	  /* no XML may hold it */
    {"\xf3\xa0\x81\x81", "\\xf3\\xa0\\x81\\x81"}, /* a tag */
    {"\xc2\xad", "\\xc2\\xad"},			  /* soft hyphen */
    {"\xe6\x97\xa5 \xc3\xa9", "\xe6\x97\xa5 \xc3\xa9"},
    {"a\nb\x1b[0m", "a\\nb\\x1b[0m"},
};

START_TEST(plain_text)
{
	char *got = vr_plain(plain[_i].raw, VR_PLAIN_NAMES, 0), *again;

	ck_assert_str_eq(got, plain[_i].plain);
	again = vr_plain(got, VR_PLAIN_NAMES, 0);
	ck_assert_str_eq(again, got);
	free(again);
	free(got);
}
END_TEST

typedef void writer(FILE *out, const char *text);

static void github_value(FILE *out, const char *text)
{
	vr_quote_github(out, text, 0);
}

static void github_property(FILE *out, const char *text)
{
	vr_quote_github(out, text, 1);
}

static void csv(FILE *out, const char *text)
{
	static const struct vr_column column = {"k", "k", VR_TEXT, 0};
	struct vr_table *table = vr_table_new(&column, 1);

	vr_table_row(table, &(struct vr_cell){.s = text});
	vr_table_csv(table, out);
	vr_table_free(table);
}

static void json(FILE *out, const char *text)
{
	char *valid = vr_plain_utf8(text);
	json_t *array = json_array();

	json_array_append_new(array, json_string(valid));
	vr_json_print(array, out);
	json_decref(array);
	free(valid);
}

static const struct {
	writer *write;
	const char *raw, *want;
} sinks[] = {
    {csv, "=1+1", "k\r\n'=1+1\r\n"},
    {csv, "+cmd|' /C calc'!A0", "k\r\n'+cmd|' /C calc'!A0\r\n"},
    {csv, "-x", "k\r\n'-x\r\n"},
    {csv, "@SUM(1)", "k\r\n'@SUM(1)\r\n"},
    {csv, " =1", "k\r\n' =1\r\n"},
    {csv,
     "\xef\xbc\x9d"
     "1",
     "k\r\n'\xef\xbc\x9d"
     "1\r\n"},
    {csv, "a;=1+1", "k\r\n\"a;=1+1\"\r\n"},
    {csv, "a\n=1,\"", "k\r\n\"a\\n=1,\"\"\"\r\n"},
    {csv, "\t=1", "k\r\n\\t=1\r\n"},
    {csv, "::error::x", "k\r\n\\x3a:error::x\r\n"},
    {csv, "load", "k\r\nload\r\n"},
    {json, "\xc2\x9b\xff##[error]\xe2\x80\xae\xf3\xa0\x81\x81",
     "[\n  \"\\u009B\xef\xbf\xbd#\\u0023[error]\\u202E\\uDB40\\uDC41\"\n]"},
    {json, "\x7f\x1b\n\"\\", "[\n  \"\\u007F\\u001B\\n\\\"\\\\\"\n]"},
    {vr_quote_xml, "<a b=\"c\">&\x01\xef\xbf\xbf",
     "&lt;a b=&quot;c&quot;&gt;&amp;\\x01\\xef\\xbf\\xbf"},
    {github_value, "50%,a:b\n::x", "50%25,a:b\\n::x"},
    {github_property, "50%,a:b\r", "50%25%2Ca%3Ab\\r"},
    {vr_quote_md_code, "main", "`main`"},
    {vr_quote_md_code, "a`b|c\\", "<code>a&#96;b&#124;c&#92;</code>"},
    {vr_quote_md_code, "`<script>", "<code>&#96;&lt;script></code>"},
    {vr_quote_md_code, "<script>@all](http://x)",
     "<code>&lt;script>&#64;all&#93;(http&#58;//x)</code>"},
    {vr_quote_md_code, "", ""},
    {vr_quote_md_text, "300 B lost in 3 blocks, allocated by load (book.c:12)",
     "300 B lost in 3 blocks, allocated by load (book.c:12)"},
    {vr_quote_md_text, "budget peak_heap: the run has 3", "budget peak_heap: the run has 3"},
    {vr_quote_md_text, "by _x_", "`by _x_`"},
    {vr_quote_md_text, "# head", "`# head`"},
    {vr_quote_md_text, "- item", "`- item`"},
    {vr_quote_md_text, "1. item", "`1. item`"},
    {vr_quote_md_text, "see http://x", "`see http://x`"},
    {vr_quote_md_text, "ask @all", "`ask @all`"},
    {vr_quote_md_text, "a | b", "<code>a &#124; b</code>"},
    {vr_quote_md_text, "[x](http)", "`[x](http)`"},
    {vr_quote_md_text, "***", "`***`"},
    {vr_quote_md_block, "a\n# b", "a\\n# b"},
};

START_TEST(sinks_keep_names)
{
	char *text;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	sinks[_i].write(out, sinks[_i].raw);
	fclose(out);
	ck_assert_str_eq(text, sinks[_i].want);
	free(text);
}
END_TEST

/* What bash makes of the word is the word. */
START_TEST(shell_words)
{
	static const char *const words[] = {"plain-word.1",  "",	 "two words", "it's",
					    "$(touch x)",    "\033[31m", "a\nb'",     "\xff\\",
					    "\xe2\x80\xaex", "`id`"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		char *quoted = vr_quote_shell(words[i]), *command = NULL, got[64] = "";
		FILE *in;

		for (const char *c = quoted; *c; c++)
			ck_assert((unsigned char)*c >= ' ' && *c != 0x7f);
		ck_assert_int_ge(asprintf(&command,
					  "bash -c \"$(cat <<'%s'\nprintf %%s %s\n%s\n)\"", "END",
					  quoted, "END"),
				 0);
		in = popen(command, "r");
		ck_assert_ptr_nonnull(in);
		got[fread(got, 1, sizeof(got) - 1, in)] = '\0';
		pclose(in);
		ck_assert_str_eq(got, words[i]);
		free(command);
		free(quoted);
	}
}
END_TEST

/* Noise made of what hurts most: no sink lets a control through. */
START_TEST(noise)
{
	static const char *const part[] = {
	    "\033", "\n",   "\r",	    "::", "##[", "`",	 "|",	    "<",  "&",
	    "\xc2", "\x9b", "\xe2\x80\xae", "=",  "@",	 "\xff", " ",	    "\"", "\\",
	    "x",    "%",    "\xef\xbf\xbf", "](", ";",	 ",",	 "\xc2\xa0"};
	writer *const all[] = {csv,  vr_quote_xml,     github_value,	github_property,
			       json, vr_quote_md_code, vr_quote_md_text};

	srand((unsigned)_i);
	for (int round = 0; round < 300; round++) {
		char raw[128] = "", *text;
		size_t length;
		FILE *out = open_memstream(&text, &length);

		for (int i = 0; i < 20; i++)
			strcat(raw, part[(size_t)rand() % (sizeof(part) / sizeof(part[0]))]);
		all[round % 7](out, raw);
		fclose(out);
		for (const char *c = text; *c;) {
			uint32_t code = 0;
			size_t bytes = vr_plain_decode(c, &code);

			ck_assert(bytes > 0);
			ck_assert(code == '\n' || code == '\r' || !vr_plain_is_harmful(code));
			c += bytes;
		}
		ck_assert_ptr_null(strstr(text, "##"));
		free(text);
	}
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_loop_test(tests, plain_text, 0, (int)(sizeof(plain) / sizeof(plain[0])));
	tcase_add_loop_test(tests, sinks_keep_names, 0, (int)(sizeof(sinks) / sizeof(sinks[0])));
	tcase_add_test(tests, shell_words);
	tcase_add_loop_test(tests, noise, 0, 10);
}

int main(void)
{
	return check_main("quote", cases);
}
