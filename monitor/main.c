#include "app.h"
#include "log.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	struct mon_config config;
	sigset_t signals;

	if (mon_config_parse(&config, argc, argv))
		return EXIT_FAILURE;
	if (config.app.quiet)
		mon_log_set_level(MON_LOG_ERROR);
	/* Before any thread: all inherit the mask, so only the loop's signalfd sees them. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	return mon_app_run(&config) ? EXIT_FAILURE : EXIT_SUCCESS;
}
