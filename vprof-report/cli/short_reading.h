/* A name as it is read.  Part of cli/short.c. */
#ifndef VR_SHORT_READING_H
#define VR_SHORT_READING_H

#include <string.h>

#include "cli/short.h"

/* Text as it is read: brackets in pairs, operators as words. */
struct reading {
	struct vr_short *name;
	const char *t;
	uint32_t n;
	uint32_t *close;
	uint32_t *depth; /* of each character: brackets around it */
	uint8_t *word;	 /* where an operator begins: its length */
	uint8_t *called; /* 1 behind one */
	uint32_t basic;	 /* where the arguments of the last "basic_string<char>" end */
};

static inline int is_ident(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

static inline int begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static inline int is_conversion(const struct reading *r, uint32_t at)
{
	return r->word[at] == 9 && r->t[at + 8] == ' ';
}

/* Behind the bracket that opens at i, or the next character. */
static inline uint32_t behind(const struct reading *r, uint32_t i)
{
	return r->word[i] ? i + r->word[i] : r->close[i] ? r->close[i] + 1 : i + 1;
}

static inline void leave_out(struct reading *r, uint32_t begin, uint32_t end,
			     enum vr_piece_rank rank)
{
	vr_short_add(r->name, begin, end, r->depth[begin], rank);
}

static inline int is_hex(const char *text, size_t length)
{
	return strspn(text, "0123456789abcdef") == length;
}

#define ANONYMOUS "(anonymous namespace)::"

/* The path of the function itself: its namespaces, class and name, and what is around it. */
void vr_short_read_function(struct reading *r);

#endif
