/* Text into a caller's buffer, without stdio, locale or allocation. */
#ifndef VP_BASE_FMT_H
#define VP_BASE_FMT_H

#include <stddef.h>
#include <stdint.h>

/* A bounded, always terminated string under construction.  What does not fit
 * is dropped and remembered in `cut`. */
struct vp_text {
	char *buf;
	size_t size, len;
	int cut;
};

void vp_text_init(struct vp_text *text, char *buf, size_t size);
void vp_text_char(struct vp_text *text, char c);
void vp_text_str(struct vp_text *text, const char *str);
void vp_text_mem(struct vp_text *text, const char *mem, size_t len);
void vp_text_u64(struct vp_text *text, uint64_t value);
void vp_text_i64(struct vp_text *text, int64_t value);

/* Parses a whole decimal number.  Returns 0, or -EINVAL on anything else. */
int vp_parse_u64(const char *str, size_t len, uint64_t *out);
/* The same with an optional K, M or G (powers of 1024). */
int vp_parse_bytes(const char *str, size_t len, uint64_t *out);
/* Seconds with up to nine decimals, "2", "0.5" or ".25", into nanoseconds; `most` seconds at
 * most.  Returns 0 or -EINVAL. */
int vp_parse_seconds(const char *str, size_t len, uint64_t most, uint64_t *ns);
/* The digits at *at, after blanks, and the hexadecimal ones, as /proc writes them; *at is
 * left behind them. */
uint64_t vp_parse_next(const char **at);
uint64_t vp_parse_hex(const char **at);

#endif
