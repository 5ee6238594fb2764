/* Secrets among a program's arguments: passwords, keys and tokens, by the name of what they
 * are given to, by where they stand, or because they look like one. */
#ifndef VP_BASE_SECRETS_H
#define VP_BASE_SECRETS_H

#include <stddef.h>

/* Writes the arguments joined by blanks, with *** in place of what looks like a secret.
 *   words  as /proc/self/cmdline has them: each ended by NUL, the program first
 *   len    bytes, behind which there is a NUL in any case
 * What is masked and what is not: test_vp_secrets.c.  In doubt it is masked.
 * Context: any; allocates nothing. */
struct vp_text;
void vp_secrets_mask(struct vp_text *out, const char *words, size_t len);

#endif
