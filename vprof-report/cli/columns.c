#include "cli/columns.h"

#include <langinfo.h>
#include <stdint.h>
#include <string.h>

#include "cli/plain.h"

int vr_out_utf8(void)
{
	return !strcmp(nl_langinfo(CODESET), "UTF-8");
}

struct codes {
	uint32_t first, last;
};

static int is_among(const struct codes *codes, size_t count, uint32_t code)
{
	for (size_t i = 0; i < count; i++) {
		if (code >= codes[i].first && code <= codes[i].last)
			return 1;
	}
	return 0;
}

static int columns_of(uint32_t code)
{
	static const struct codes none[] = {{0x300, 0x36f},   {0x483, 0x489},	{0x591, 0x5bd},
					    {0x610, 0x61a},   {0x64b, 0x65f},	{0x1ab0, 0x1aff},
					    {0x1dc0, 0x1dff}, {0x200b, 0x200d}, {0x20d0, 0x20ff},
					    {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}};
	static const struct codes two[] = {
	    {0x1100, 0x115f}, {0x2e80, 0x303e},	  {0x3041, 0xa4cf},   {0xa960, 0xa97f},
	    {0xac00, 0xd7a3}, {0xf900, 0xfaff},	  {0xfe30, 0xfe6f},   {0xff00, 0xff60},
	    {0xffe0, 0xffe6}, {0x1f300, 0x1f64f}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};

	if (code < 0x300)
		return 1;
	if (is_among(none, sizeof(none) / sizeof(none[0]), code))
		return 0;
	return is_among(two, sizeof(two) / sizeof(two[0]), code) ? 2 : 1;
}

const char *vr_text_step(const char *text, int *columns)
{
	uint32_t code;
	size_t bytes;

	if (*text > 0) { /* ASCII */
		*columns = 1;
		return text + 1;
	}
	bytes = vr_plain_decode(text, &code);
	*columns = bytes ? columns_of(code) : 1;
	return text + (bytes ? bytes : 1);
}

int vr_text_width(const char *text)
{
	int width = 0, one;

	while (*text) {
		text = vr_text_step(text, &one);
		width += one;
	}
	return width;
}

/* Start of the longest end of `text` that fits `width` columns. */
static const char *fitting_end(const char *text, int total, int width)
{
	int one = 0;

	while (total > width) {
		text = vr_text_step(text, &one);
		total -= one;
	}
	return text;
}

/* End of the longest start of `text` that fits `width` columns. */
static const char *fitting_start(const char *text, int width)
{
	int one, used = 0;

	while (*text) {
		const char *next = vr_text_step(text, &one);

		if (used + one > width)
			break;
		used += one;
		text = next;
	}
	return text;
}

int vr_text_shorten(char *text, int width, int keep_end)
{
	const char *mark = vr_out_utf8() ? "\xe2\x80\xa6" : "...";
	int total = vr_text_width(text), mark_width = vr_text_width(mark);
	const char *from;
	char *to;

	if (total <= width)
		return total;
	if (width <= mark_width) { /* no room to say that something is missing */
		mark = "";
		mark_width = 0;
	}
	if (keep_end) {
		from = fitting_end(text, total, width - mark_width);
		memmove(text + strlen(mark), from, strlen(from) + 1);
		memcpy(text, mark, strlen(mark));
	} else {
		to = text + (fitting_start(text, width - mark_width) - text);
		memcpy(to, mark, strlen(mark) + 1);
	}
	return vr_text_width(text);
}
