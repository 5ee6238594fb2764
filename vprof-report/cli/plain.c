#include "cli/plain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/xalloc.h"

size_t vr_plain_decode(const char *s, uint32_t *code)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *p = (const unsigned char *)s;
	size_t bytes = p[0] < 0x80   ? 1
		       : p[0] < 0xc2 ? 0
		       : p[0] < 0xe0 ? 2
		       : p[0] < 0xf0 ? 3
		       : p[0] < 0xf5 ? 4
				     : 0;
	uint32_t c = bytes > 1 ? p[0] & (0x7fu >> bytes) : p[0];

	for (size_t i = 1; i < bytes; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3fu);
	}
	if (!bytes || c < least[bytes] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	*code = c;
	return bytes;
}

struct codes {
	uint32_t first, last;
};

static int is_among(const struct codes *codes, size_t count, uint32_t code)
{
	for (size_t i = 0; i < count; i++)
		if (code >= codes[i].first && code <= codes[i].last)
			return 1;
	return 0;
}

int vr_plain_is_harmful(uint32_t code)
{
	static const struct codes codes[] = {
	    {0, 0x1f},		{0x7f, 0x9f},			      /* C0, DEL, C1 */
	    {0xad, 0xad},	{0x34f, 0x34f},			      /* soft hyphen, joiner */
	    {0x61c, 0x61c},	{0x115f, 0x1160},   {0x17b4, 0x17b5}, /* bidi; fillers */
	    {0x180b, 0x180f},	{0x200b, 0x200f},   {0x2028, 0x202e}, /* no width, bidi, lines */
	    {0x2060, 0x206f},	{0x3164, 0x3164},   {0xfdd0, 0xfdef}, /* the same */
	    {0xfeff, 0xfeff},	{0xffa0, 0xffa0},   {0xfff0, 0xfffb}, /* byte order, annotations */
	    {0xfffe, 0xffff},	{0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, /* shorthand, music */
	    {0xe0000, 0xe0fff},						/* tags, selectors */
	};

	if (code < 0x7f)
		return code < 0x20;
	/* Noncharacters end each plane; no XML may hold them. */
	return (code & 0xfffe) == 0xfffe || is_among(codes, sizeof(codes) / sizeof(codes[0]), code);
}

static int is_blank(uint32_t code)
{
	static const struct codes codes[] = {{' ', ' '},       {0xa0, 0xa0},	 {0x1680, 0x1680},
					     {0x2000, 0x200a}, {0x202f, 0x202f}, {0x205f, 0x205f},
					     {0x3000, 0x3000}};

	return is_among(codes, sizeof(codes) / sizeof(codes[0]), code);
}

/* Writes the escaped form of one byte; returns the end. */
static char *escape(char *out, unsigned char byte, enum vr_plain_style style)
{
	static const char names[] = "abtnvfr"; /* 7..13 */

	*out++ = '\\';
	if (style == VR_PLAIN_NAMES && byte >= 7 && byte <= 13) {
		*out++ = names[byte - 7];
		return out;
	}
	*out++ = 'x';
	*out++ = "0123456789abcdef"[byte >> 4];
	*out++ = "0123456789abcdef"[byte & 15];
	return out;
}

char *vr_plain(const char *text, enum vr_plain_style style, size_t spare)
{
	char *plain = vr_xcalloc(4 * strlen(text) + spare + 1, 1); /* each byte may become \xNN */
	char *out = plain;
	char before = '\0';
	int start = 1; /* of the text, or of what a line may begin with once it is wrapped */

	while (*text) {
		uint32_t code = 0;
		size_t bytes = vr_plain_decode(text, &code);
		size_t step = bytes ? bytes : 1;
		int command =
		    (start && text[0] == ':' && text[1] == ':') || (*text == '#' && before == '#');

		if (bytes && !command && !vr_plain_is_harmful(code)) {
			memcpy(out, text, bytes);
			out += bytes;
		} else {
			for (size_t i = 0; i < step; i++)
				out = escape(out, (unsigned char)text[i], style);
		}
		start = bytes && is_blank(code);
		before = command ? '\0' : *text;
		text += step;
	}
	*out = '\0';
	return plain;
}

char *vr_plain_utf8(const char *text)
{
	char *valid = vr_xcalloc(strlen(text) * 3 + 1, 1);
	char *out = valid;
	uint32_t code;

	while (*text) {
		size_t bytes = vr_plain_decode(text, &code);

		if (bytes) {
			memcpy(out, text, bytes);
			out += bytes;
			text += bytes;
		} else {
			out = stpcpy(out, "\xef\xbf\xbd");
			text++;
		}
	}
	return valid;
}
