#include "config.h"
#include "model.h"
#include "recording.h"
#include "say.h"
#include "server.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static void take_all(struct app_options *options)
{
	const char *name;

	while ((name = ex_model_name(options->symbol_nr)) && options->symbol_nr < APP_SYMBOLS_MAX)
		strcpy(options->symbols[options->symbol_nr++], name);
}

static bool is_known(const char *symbol)
{
	const char *name;

	for (size_t i = 0; (name = ex_model_name(i)); i++)
		if (!strcmp(name, symbol))
			return true;
	return false;
}

static int open_source(struct ex_config *config, struct ex_source **out)
{
	struct app_options *options = &config->app;

	if (*options->feed) {
		int err = ex_recording_look(options);

		return err ? err : ex_source_recording(options->feed, out);
	}
	for (size_t i = 0; i < options->symbol_nr; i++) {
		if (is_known(options->symbols[i]))
			continue;
		app_say("unknown symbol '%s': the model has none of that name",
			options->symbols[i]);
		return -ENOENT;
	}
	if (!options->symbol_nr)
		take_all(options);
	return ex_source_models(options->symbols, options->symbol_nr, config->seed, out);
}

int main(int argc, char **argv)
{
	struct ex_config config;
	struct ex_source *source;
	struct ex_exchange *exchange;
	sigset_t signals;
	int err;

	if (ex_config_parse(&config, argc, argv))
		return EXIT_FAILURE;
	/* Only the descriptor in the loop is to see them. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	if (open_source(&config, &source))
		return EXIT_FAILURE;
	err = ex_exchange_create(source, (const char(*)[APP_SYMBOL_MAX])config.app.symbols,
				 config.app.symbol_nr, &exchange);
	if (err) {
		ex_source_destroy(source);
		app_say("cannot begin: %s", strerror(-err));
		return EXIT_FAILURE;
	}
	err = ex_server_run(&config, exchange);
	ex_exchange_destroy(exchange);
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
