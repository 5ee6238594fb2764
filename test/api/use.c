/* A user of vprof.h, in C and C++, with this header or (OLD) that of commit 249aa8e.
 * use calls | limits | marks; prints what it got. */
#ifdef OLD
#include "vprof-249aa8e.h"
#else
#include <vprof.h>
#endif

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *volatile shown;

static __attribute__((noinline)) void lose(void)
{
	for (int i = 0; i < 3; i++) {
		shown = malloc(1000);
		memset(shown, 0, 1000);
	}
	shown = NULL;
}

static __attribute__((noinline)) void forget(void)
{
	volatile char stack[8192];

	for (unsigned i = 0; i < sizeof(stack); i++)
		stack[i] = 0;
}

static void calls(void)
{
	int ret;

	vprof_begin("side", "one");
	vprof_mark("here");
	vprof_end();
	vprof_stop();
	vprof_start();
	lose();
	forget();
	ret = vprof_leak_scan();
	printf("present %d scan %d", vprof_present(), ret);
#ifndef OLD
	{ /* a library that does not know them makes nothing of them */
		VPROF_SPAN("scope", 1);

		vprof_span_begin("plain", 2);
		vprof_span_end();
		vprof_span_async("async", 3);
		vprof_span_async("async", 3);
	}
	printf(" version %d", vprof_version());
#endif
	puts("");
}

/* Texts longer than they may be, and a new label more often than there may be. */
static void limits(void)
{
#ifndef OLD
	char text[300], number[16];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	vprof_mark(text);
	vprof_begin("key", text);
	vprof_end();
	for (int i = 0; i < VPROF_LABELS_MAX + 99; i++) {
		snprintf(number, sizeof(number), "%d", i);
		vprof_begin("n", number);
		vprof_end();
	}
	printf("%d %d %d %d %d\n", VPROF_MARKS_MAX, VPROF_MARK_BYTES, VPROF_LABELS_MAX,
	       VPROF_LABEL_BYTES, VPROF_LABEL_DEPTH);
#endif
}

/* 5000 names, ten times each. */
static void marks(void)
{
	char name[16];

	for (int i = 0; i < 50000; i++) {
		snprintf(name, sizeof(name), "%d", i % 5000);
		vprof_mark(name);
	}
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "calls"))
		calls();
	else if (!strcmp(what, "limits"))
		limits();
	else if (!strcmp(what, "marks"))
		marks();
	else
		return 1;
	return 0;
}
