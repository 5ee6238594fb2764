/* Small text helpers.  Out of memory ends the program with status 125: before
 * a target is started nothing is lost, after it the ring files are written. */
#ifndef VRUN_TEXT_H
#define VRUN_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define VRUN_UNIT_MAX 32

void *vrun_xcalloc(size_t count, size_t size); /* zeroed */
__attribute__((format(printf, 1, 2))) char *vrun_xprintf(const char *format, ...);

/* "vprof-run: TEXT" on stderr, in one write. */
__attribute__((format(printf, 1, 2))) void vrun_say(const char *format, ...);

/* The part after the last '/'. */
const char *vrun_base(const char *path);
/* Every `what` in `text` replaced by `with`; free() it. */
char *vrun_replace(const char *text, const char *what, const char *with);
/* Words joined by blanks, each quoted for the shell where it needs to be; free() it. */
char *vrun_quote_all(char *const *argv);

/* "1.5 MiB", "12.0 ms", "1 min 5 s", "1,234,567"; return buf. */
const char *vrun_bytes(char buf[VRUN_UNIT_MAX], uint64_t bytes);
const char *vrun_ns(char buf[VRUN_UNIT_MAX], uint64_t ns);
const char *vrun_count(char buf[VRUN_UNIT_MAX], uint64_t count);
const char *vrun_seconds(char buf[VRUN_UNIT_MAX], double seconds);

/* Monotonic seconds. */
double vrun_now(void);

#endif
