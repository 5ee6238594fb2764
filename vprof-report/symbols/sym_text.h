/* Reading the line-oriented tables other programs leave: perf maps, kallsyms. */
#ifndef VR_SYM_TEXT_H
#define VR_SYM_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* Reads a regular file (also of /proc, whose size is 0) up to max_bytes and
 * terminates it with a NUL.  Never blocks on a pipe put in its place and does
 * not follow a symbolic link.
 *
 *   text, length  [out] malloc()ed; length without the NUL
 *
 * Returns 0, -ENOMEM, -EINVAL (not a regular file) or open()'s or read()'s -errno. */
int vr_text_read(const char *path, size_t max_bytes, char **text, size_t *length);

/* Parses a hexadecimal number at *at, with or without "0x".
 * Returns 0 and moves *at behind it, or -EINVAL (no digit, or above 64 bits). */
int vr_text_hex(const char **at, uint64_t *value);

#endif
