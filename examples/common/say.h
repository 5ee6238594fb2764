/* Messages of the example programs on stderr, one line each. stdout belongs to the
 * results. */
#ifndef APP_SAY_H
#define APP_SAY_H

/* The name of the program; each has its own. */
extern const char app_name[];

/* Writes "NAME: text", cut at 512 bytes. Context: any thread; one write a line, so threads do
 * not mix theirs. */
void app_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
