/* What waits_known.c and its tables share: one call at a time, and a second thread that
 * ends it when its time is over. */
#ifndef WAITS_KNOWN_H
#define WAITS_KNOWN_H

#include "probe.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>

/* What a case is about: a pipe or a pair of sockets, a file, a child ... */
static int in, out; /* a pipe's ends, a pair's, or two descriptors of one file */
static int other;   /* what else the case needs */
static char buffer[1 << 17];
static char path[64]; /* of a fifo, or of a file that is slow */
/* how long the call is to take; when it is to end */
__attribute__((unused)) static struct timespec span, until;
static volatile size_t eight = 8; /* a number that no compiler knows */
static pthread_t caller;
static FILE *stream;
static pid_t child;
__attribute__((
    unused)) static int slow_opcode; /* of the slow file system: the request that takes as long */

/* A case: the call stands in a function of its own, which is what the record is asked for. */
struct known {
	const char *call; /* name of that function */
	const char *kind; /* of the call, as the record has it */
	long bytes;	  /* it moves; -1: not told */
	long want;	  /* it returns */
	void (*set)(void);
	void (*feed)(void); /* when its time is over; NULL: it ends by itself */
	long (*make)(void);
	void (*clear)(void);
};

#define CHECK(what)                                                                                \
	do {                                                                                       \
		if (!(what)) {                                                                     \
			say("%s:%d: %s: %s\n", __FILE__, __LINE__, #what, strerror(errno));        \
			_exit(3);                                                                  \
		}                                                                                  \
	} while (0)

/* A name that no header declares, or that a header would turn into another one. */
#define AS(result, ours, libc_name, ...) extern result ours(__VA_ARGS__) __asm__(libc_name)

static void nothing(void)
{
}

static void close_both(void)
{
	close(in);
	close(out);
}

#endif
