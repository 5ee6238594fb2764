/* A server that says in its arguments what each of its processes is, as nginx and postgres
 * do.  The parent and a child write titles over them; a second child has none of its own.
 * titled LONG-ARGUMENT: room for a title. */
#include "probe.h"
#include <sys/wait.h>

static void entitle(char **argv, const char *title)
{
	size_t room = (size_t)(argv[1] + strlen(argv[1]) - argv[0]);

	memset(argv[0], 0, room);
	memcpy(argv[0], title, strlen(title));
}

int main(int argc, char **argv)
{
	if (argc != 2 || strlen(argv[1]) < 40)
		return 1;
	entitle(argv, "titled: master process");
	for (int n = 0; n < 2; n++) {
		pid_t child = fork();

		if (child < 0)
			DIE("fork");
		if (child == 0) {
			if (n == 0)
				entitle(argv, "titled: worker process is shutting down");
			return 0;
		}
		waitpid(child, NULL, 0);
	}
	return 0;
}
