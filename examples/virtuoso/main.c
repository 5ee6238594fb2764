#include "args.h"
#include "session.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	struct virt_args args;
	sigset_t signals;

	if (virt_args_parse(&args, argc, argv))
		return EXIT_FAILURE;
	/* Before any thread: all inherit the mask, so only the signalfd sees them. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	return virt_session_run(&args) ? EXIT_FAILURE : EXIT_SUCCESS;
}
