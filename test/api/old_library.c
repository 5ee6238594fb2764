/* What a library of commit 249aa8e gives to a program that uses vprof.h: these six names.
 * It says on stderr what it was asked for. */
#include <stdio.h>

void vprof_v1_start(void)
{
	fputs("start ", stderr);
}

void vprof_v1_stop(void)
{
	fputs("stop ", stderr);
}

void vprof_v1_mark(const char *name)
{
	fprintf(stderr, "mark(%s) ", name);
}

void vprof_v1_begin(const char *key, const char *value)
{
	fprintf(stderr, "begin(%s=%s) ", key, value);
}

void vprof_v1_end(void)
{
	fputs("end ", stderr);
}

int vprof_v1_leak_scan(void)
{
	fputs("leak_scan", stderr);
	return -16;
}
