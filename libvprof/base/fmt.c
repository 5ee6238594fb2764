#include "base/fmt.h"

#include <errno.h>
#include <string.h>

void vp_text_init(struct vp_text *text, char *buf, size_t size)
{
	text->buf = buf;
	text->size = size;
	text->len = 0;
	text->cut = 0;
	buf[0] = '\0';
}

void vp_text_char(struct vp_text *text, char c)
{
	if (text->len + 1 >= text->size) {
		text->cut = 1;
		return;
	}
	text->buf[text->len++] = c;
	text->buf[text->len] = '\0';
}

void vp_text_mem(struct vp_text *text, const char *mem, size_t len)
{
	for (size_t i = 0; i < len; i++)
		vp_text_char(text, mem[i]);
}

void vp_text_str(struct vp_text *text, const char *str)
{
	vp_text_mem(text, str, strlen(str));
}

void vp_text_u64(struct vp_text *text, uint64_t value)
{
	char digits[20];
	size_t n = 0;

	do {
		digits[n++] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	while (n)
		vp_text_char(text, digits[--n]);
}

void vp_text_i64(struct vp_text *text, int64_t value)
{
	if (value < 0)
		vp_text_char(text, '-');
	vp_text_u64(text, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

int vp_parse_u64(const char *str, size_t len, uint64_t *out)
{
	uint64_t value = 0;

	if (!len)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		if (str[i] < '0' || str[i] > '9')
			return -EINVAL;
		if (__builtin_mul_overflow(value, 10u, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(str[i] - '0'), &value))
			return -EINVAL;
	}
	*out = value;
	return 0;
}

int vp_parse_bytes(const char *str, size_t len, uint64_t *out)
{
	unsigned shift = 0;
	int err;

	if (len) {
		switch (str[len - 1]) {
		case 'K':
		case 'k':
			shift = 10;
			break;
		case 'M':
		case 'm':
			shift = 20;
			break;
		case 'G':
		case 'g':
			shift = 30;
			break;
		default:
			break;
		}
	}
	err = vp_parse_u64(str, len - (shift ? 1 : 0), out);
	if (err)
		return err;
	if (shift && *out >> (64 - shift))
		return -EINVAL;
	*out <<= shift;
	return 0;
}

int vp_parse_seconds(const char *str, size_t len, uint64_t most, uint64_t *ns)
{
	const char *point = memchr(str, '.', len);
	size_t whole = point ? (size_t)(point - str) : len, decimals = point ? len - whole - 1 : 0;
	uint64_t seconds = 0, part = 0;

	if (whole + decimals == 0 || decimals > 9 ||
	    (whole && vp_parse_u64(str, whole, &seconds)) ||
	    (decimals && vp_parse_u64(point + 1, decimals, &part)) || seconds > most)
		return -EINVAL;
	for (; decimals < 9; decimals++)
		part *= 10;
	*ns = seconds * 1000000000u + part;
	return 0;
}

uint64_t vp_parse_next(const char **at)
{
	uint64_t value = 0;

	while (**at == ' ' || **at == '\t')
		(*at)++;
	for (; **at >= '0' && **at <= '9'; (*at)++)
		value = value * 10 + (uint64_t)(**at - '0');
	return value;
}

uint64_t vp_parse_hex(const char **at)
{
	uint64_t value = 0;

	for (;; (*at)++) {
		char c = **at;

		if (c >= '0' && c <= '9')
			value = value << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			value = value << 4 | (uint64_t)(c - 'a' + 10);
		else if (c >= 'A' && c <= 'F')
			value = value << 4 | (uint64_t)(c - 'A' + 10);
		else
			return value;
	}
}
