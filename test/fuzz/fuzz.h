/* What the fuzz targets share: the whole of vprof-report in this process, on files that
 * are only in memory. */
#ifndef FUZZ_H
#define FUZZ_H

#include <fcntl.h>
#include <getopt.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../golden/mkprof.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int vr_main(int argc, char **argv); /* main() of vprof-report */

#define FZ_PATH 32

/* A file in memory with these bytes; its path goes to `path`.  Returns its descriptor. */
static inline int fz_file(char path[FZ_PATH], const void *bytes, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
		abort();
	snprintf(path, FZ_PATH, "/proc/self/fd/%d", fd);
	return fd;
}

/* A record of the shape, made once. */
static inline const char *fz_record(const char *shape)
{
	static char path[FZ_PATH];

	if (!path[0]) {
		struct mkprof mk;

		if (mk_shape(shape, &mk) < 0)
			abort();
		fz_file(path, mk.bytes, mk_size(&mk));
		mk_free(&mk);
	}
	return path;
}

/* Runs `vprof-report WORD... A B`; words are separated by blanks. */
static inline int fz_run(const char *words, const char *a, const char *b)
{
	char line[512], *argv[64] = {(char[]){"vprof-report"}};
	int argc = 1;

	snprintf(line, sizeof(line), "%s", words);
	for (char *word = strtok(line, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	if (a)
		argv[argc++] = (char *)(uintptr_t)a;
	if (b)
		argv[argc++] = (char *)(uintptr_t)b;
	argv[argc] = NULL;
	optind = 0; /* getopt begins anew */
	return vr_main(argc, argv);
}

#endif
