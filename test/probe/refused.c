/* Runs a program behind a seccomp filter.
 * refused ACTION CALLS COMMAND...
 *     ACTION  kill, trap, or the number of an error that the calls fail with
 *     CALLS   numbers with commas between: these; after a "+": all but these; after
 *             a "-": as the filter of a container, which refuses clone3 with ENOSYS,
 *             and clone where it makes namespaces
 * REFUSED_PRELOAD becomes the LD_PRELOAD of the command: no other program need live
 * through the filter first. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOAD(field)                                                                                \
	(struct sock_filter)                                                                       \
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define IF(number)  (struct sock_filter) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1)
#define END(action) (struct sock_filter) BPF_STMT(BPF_RET | BPF_K, action)
#define NAMESPACES  0x7e020000u

static struct sock_filter code[2000];
static unsigned short used;

static void add(struct sock_filter one)
{
	code[used++] = one;
}

static unsigned action_of(const char *text)
{
	if (!strcmp(text, "kill"))
		return SECCOMP_RET_KILL_PROCESS;
	if (!strcmp(text, "trap"))
		return SECCOMP_RET_TRAP;
	return SECCOMP_RET_ERRNO | (unsigned)atoi(text);
}

static void add_container(unsigned action)
{
	add(IF(SYS_clone3));
	add(END(SECCOMP_RET_ERRNO | ENOSYS));
	add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 4));
	add(LOAD(args[0]));
	add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, NAMESPACES, 0, 1));
	add(END(action));
	add(END(SECCOMP_RET_ALLOW));
}

int main(int argc, char **argv)
{
	unsigned action, listed, others;
	struct sock_fprog program;
	char *list, *number;

	if (argc < 4 ||
	    (getenv("REFUSED_PRELOAD") && setenv("LD_PRELOAD", getenv("REFUSED_PRELOAD"), 1)))
		return 64;
	action = action_of(argv[1]);
	list = argv[2];
	listed = *list == '+' || *list == '-' ? SECCOMP_RET_ALLOW : action;
	others = listed == action ? SECCOMP_RET_ALLOW : action;
	add(LOAD(nr));
	if (*list == '-')
		add_container(action);
	for (number = strtok(list, ",+-"); number && used < 1990; number = strtok(NULL, ",+-")) {
		add(IF((unsigned)atoi(number)));
		add(END(listed));
	}
	add(END(others));
	program = (struct sock_fprog){used, code};
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) {
		perror("seccomp");
		return 125;
	}
	execvp(argv[3], argv + 3);
	return 126;
}
