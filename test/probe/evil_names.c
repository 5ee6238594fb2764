/* Threads, labels and marks with names that steer terminals, spreadsheets, CI servers,
 * Markdown and shells; a name of 64 KiB.  It leaks a block a thread. */
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include <vprof.h>

#define LONG 65536u

static const char *const names[] = {
    "\033[31mRED\033]0;own\a",
    "\n::error::hi\n",
    "=1+1|`x`",
    "<script>alert(1)</script>",
    "a\tb\"'\\,;",
    "\xff\xfe\x80"
    "bad",
    "%s%n%s",
    "$(touch PWNED)",
    "+cmd|' /C calc'!A0",
    "@SUM(1)",
    "\xc2\x9b"
    "31mC1",
    "\xe2\x80\xae"
    "rtl",
    "##[error]x",
    "](http://evil/x)",
    "zero\xe2\x80\x8bwidth",
};
#define COUNT (sizeof(names) / sizeof(names[0]))

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static volatile unsigned long sum;

__attribute__((noinline)) static void burn(int rounds)
{
	for (int i = 0; i < rounds; i++)
		sum += (unsigned long)i * (unsigned long)i;
}

__attribute__((noinline)) static void leak(void)
{
	volatile char *block = malloc(1111);

	block[0] = 1;
}

static void *work(void *arg)
{
	const char *name = arg;

	prctl(PR_SET_NAME, name);
	for (int i = 0; i < 20; i++) {
		vprof_begin(name, name);
		pthread_mutex_lock(&mutex);
		burn(200000);
		free(malloc(200));
		pthread_mutex_unlock(&mutex);
		vprof_end();
		vprof_mark(name);
	}
	leak();
	return NULL;
}

int main(void)
{
	char *big = malloc(LONG + 1);
	pthread_t thread[COUNT];

	for (size_t i = 0; i < COUNT; i++)
		pthread_create(&thread[i], NULL, work, (void *)(uintptr_t)names[i]);
	for (size_t i = 0; i < COUNT; i++)
		pthread_join(thread[i], NULL);
	memset(big, 'A', LONG);
	big[LONG] = '\0';
	vprof_begin(big, big);
	burn(1000000);
	vprof_end();
	vprof_mark(big);
	free(big);
	return 0;
}
