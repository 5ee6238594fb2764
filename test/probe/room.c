/* What room is left for the program itself.
 *
 *   fill FILE SITES     writes FILE until there is no more room, then allocates from
 *                       SITES call paths; prints what the paths gave
 *   children N          N children that live at the same time
 *   write FILE MIB      writes so much */
#include <fcntl.h>
#include <sys/wait.h>

#include "probe.h"

static long total;

/* A path of its own for every number: its bits choose the calls. */
__attribute__((noinline)) static void left(unsigned bits, int depth);
__attribute__((noinline)) static void right(unsigned bits, int depth);

static void step(unsigned bits, int depth)
{
	if (!depth) {
		void *block = malloc(24);

		total += block != NULL;
		free(block);
	} else if (bits & 1) {
		right(bits >> 1, depth - 1);
	} else {
		left(bits >> 1, depth - 1);
	}
}

static void left(unsigned bits, int depth)
{
	step(bits, depth);
	total += depth < 0;
}

static void right(unsigned bits, int depth)
{
	step(bits, depth);
	total += depth < 0;
}

static long write_some(const char *path, long most_mib)
{
	static char block[1 << 16];
	int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0600);
	long blocks = 0;

	while (fd >= 0 && (!most_mib || blocks < most_mib * 16) &&
	       write(fd, block, sizeof(block)) == (ssize_t)sizeof(block))
		blocks++;
	return blocks / 16;
}

static int children(int count)
{
	int gate[2], fine = 0, status;
	char byte;

	if (pipe(gate) < 0)
		return 1;
	for (int i = 0; i < count; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			close(gate[1]);
			for (int k = 0; k < 50; k++)
				step((unsigned)k, 6);
			_exit(read(gate[0], &byte, 1) == 0 && total == 50 ? 7 : 8);
		}
	}
	sleep(1);
	close(gate[1]);
	while (wait(&status) > 0)
		fine += WIFEXITED(status) && WEXITSTATUS(status) == 7;
	say("%d children\n", fine);
	return 0;
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";

	if (argc > 3 && strcmp(mode, "fill") == 0) {
		write_some(argv[2], 0);
		for (unsigned i = 0; i < (unsigned)atoi(argv[3]); i++)
			step(i, 16);
		say("%ld blocks\n", total);
		unlink(argv[2]);
		return 5;
	}
	if (argc > 3 && strcmp(mode, "write") == 0) {
		say("%ld MiB\n", write_some(argv[2], atol(argv[3])));
		return 0;
	}
	return argc > 2 && strcmp(mode, "children") == 0 ? children(atoi(argv[2])) : 2;
}
