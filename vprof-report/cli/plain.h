/* Text that nobody vouches for, made harmless: what counts as harmful, for both
 * command-line programs.  Names come from files, other programs and other people.
 *
 * Harmful is what steers a terminal, reorders or hides text, or ends a line: control
 * characters (C0, DEL, C1), line separators, bidirectional controls, characters without
 * width, tags, noncharacters, and bytes that are no UTF-8. */
#ifndef VR_PLAIN_H
#define VR_PLAIN_H

#include <stddef.h>
#include <stdint.h>

/* Length of the valid UTF-8 sequence at s and its code point; 0 when there is none:
 * overlong forms, surrogates and what is beyond Unicode are not valid. */
size_t vr_plain_decode(const char *s, uint32_t *code);

/* 1 for code points that are never printed as they are. */
int vr_plain_is_harmful(uint32_t code);

enum vr_plain_style {
	VR_PLAIN_HEX,  /* every harmful byte as \xNN */
	VR_PLAIN_NAMES /* \n, \t and their like by name */
};

/* A fresh copy with what is harmful escaped, all of it valid UTF-8; free() it.  Also
 * broken up is what the log of a CI server takes for a command: "::" at the start or after
 * a blank (GitHub, wherever the line is wrapped), "##" anywhere ("##[error]", "##vso[",
 * "##teamcity[").
 *
 *   spare  bytes of room behind the text */
char *vr_plain(const char *text, enum vr_plain_style style, size_t spare);

/* Valid UTF-8 with U+FFFD for each bad byte and nothing else changed; free() it. */
char *vr_plain_utf8(const char *text);

#endif
