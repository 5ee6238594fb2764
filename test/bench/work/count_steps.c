/* Instructions that a program executes in each turn of a loop, counted one by one.
 *
 *   count_steps loop|whole PLACES [NAME=VALUE...] PROGRAM [ARGUMENT...]
 *
 * The program is run step by step (ptrace): `loop` between its marks, see steps.h, and at full
 * speed before and after; `whole` from its start to its end, as one turn.  So it is the real
 * library in a real process, with libc's own allocator and locks, and no machine's counter is
 * needed; valgrind runs no program that has our helper in it. Only the thread with the marks is
 * counted, and what it executes itself: no kernel, no other thread.  Addresses are not randomised.
 * Prints the median, the mean and the most of a turn.
 *
 * PLACES is `-`, or a file that gets "FILE OFFSET COUNT" for each instruction met. */
#include "places.h"
#include "steps.h"

#include <stddef.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define TURNS_MAX 100000

static double turn[TURNS_MAX];
static size_t turns;
static const char *places; /* NULL: not asked for */

static void become(char **argv, int fd)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", fd);
	setenv(STEPS_FD, number, 1);
	while (argv[0] && strchr(argv[0], '='))
		putenv(*argv++);
	personality(ADDR_NO_RANDOMIZE);
	if (argv[0] && ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0)
		execvp(argv[0], argv);
	_exit(127);
}

/* Lets the program go on by `request` until it stops or ends; a signal for it is handed on.
 * Returns the signal it stopped with, 0 when it has ended. */
static int go_on(pid_t pid, int request, int stop, int *status)
{
	long signal = stop == SIGTRAP ? 0 : stop;

	if (ptrace(request, pid, NULL, signal) || waitpid(pid, status, __WALL) != pid)
		return 0;
	return WIFSTOPPED(*status) ? WSTOPSIG(*status) : 0;
}

static void note_place(pid_t pid)
{
	if (places)
		place_count((uint64_t)ptrace(PTRACE_PEEKUSER, pid,
					     offsetof(struct user_regs_struct, rip), 0));
}

static void note_turn(uint64_t steps)
{
	if (turns < TURNS_MAX)
		turn[turns++] = (double)steps;
}

/* Steps from a mark to the end of the loop.  Returns the last stop, 0 when it has ended. */
static int step_loop(pid_t pid, const volatile struct steps_page *page, int *status)
{
	uint64_t steps = 0, seen = page->turn;
	int stop = SIGTRAP;

	while ((stop = go_on(pid, PTRACE_SINGLESTEP, stop, status))) {
		uint64_t now = page->turn;

		steps++;
		if (seen)
			note_place(pid);
		if (now == seen)
			continue;
		if (seen)
			note_turn(steps);
		if (now == 0)
			return places && place_write(places, pid) ? 0 : stop;
		steps = 0;
		seen = now;
	}
	return 0;
}

/* Steps to the end, which the program is stopped before once more, for its mappings. */
static int step_whole(pid_t pid, int *status)
{
	uint64_t steps = 0;
	int stop = SIGTRAP;

	ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACEEXIT);
	while ((stop = go_on(pid, PTRACE_SINGLESTEP, stop, status))) {
		if (*status >> 8 == (SIGTRAP | PTRACE_EVENT_EXIT << 8)) {
			if (places && place_write(places, pid))
				return 0;
			continue;
		}
		steps++;
		note_place(pid);
	}
	note_turn(steps);
	return 0;
}

/* Returns 0 when the program ended well. */
static int watch(pid_t pid, const volatile struct steps_page *page, int whole)
{
	int status, stop = SIGTRAP;

	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		return -1;
	if (whole)
		stop = step_whole(pid, &status);
	while (stop && (stop = go_on(pid, PTRACE_CONT, stop, &status)))
		if (stop == SIGTRAP && page->begin)
			stop = step_loop(pid, page, &status);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

int main(int argc, char **argv)
{
	int fd = memfd_create("steps", 0);
	struct steps_page *page;
	double sum = 0;
	pid_t pid;

	if (argc < 4 || fd < 0 || ftruncate(fd, sizeof(*page)))
		return 1;
	places = strcmp(argv[2], "-") ? argv[2] : NULL;
	page = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	pid = page == MAP_FAILED ? -1 : fork();
	if (pid == 0)
		become(argv + 3, fd);
	if (pid < 0 || watch(pid, page, !strcmp(argv[1], "whole")) || !turns)
		return 1;
	for (size_t i = 0; i < turns; i++)
		sum += turn[i];
	printf("%.1f ", bench_median(turn, turns));
	printf("%.1f %.0f\n", sum / (double)turns, turn[turns - 1]);
	return 0;
}
