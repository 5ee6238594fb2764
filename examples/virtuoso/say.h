/* Messages on stderr, one line each. stdout belongs to the results. */
#ifndef VIRT_SAY_H
#define VIRT_SAY_H

/* Writes "virtuoso: text". Context: any thread. */
void virt_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
