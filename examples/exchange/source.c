#include "source.h"
#include "cmdline.h"
#include "feed.h"
#include "model.h"

#include <errno.h>
#include <stdlib.h>

struct ex_source {
	struct ex_model *models[APP_SYMBOLS_MAX];
	size_t model_nr;
	struct app_feed *feed; /* or NULL */
};

int ex_source_models(const char (*names)[APP_SYMBOL_MAX], size_t nr, uint64_t seed,
		     struct ex_source **out)
{
	struct ex_source *source = calloc(1, sizeof(*source));
	int err = source ? 0 : -ENOMEM;

	for (size_t i = 0; i < nr && !err; i++) {
		err = ex_model_create(names[i], seed, &source->models[i]);
		source->model_nr += !err;
	}
	if (err)
		ex_source_destroy(source);
	else
		*out = source;
	return err;
}

int ex_source_recording(const char *path, struct ex_source **out)
{
	struct ex_source *source = calloc(1, sizeof(*source));
	int err = source ? app_feed_open(path, &source->feed) : -ENOMEM;

	if (err)
		free(source);
	else
		*out = source;
	return err;
}

void ex_source_destroy(struct ex_source *source)
{
	if (!source)
		return;
	for (size_t i = 0; i < source->model_nr; i++)
		ex_model_destroy(source->models[i]);
	app_feed_close(source->feed);
	free(source);
}

int ex_source_advance(struct ex_source *source, int64_t until_ms,
		      void (*fn)(void *arg, const struct app_msg *msg), void *arg)
{
	int64_t done;

	if (source->feed) {
		done = app_feed_advance(source->feed, until_ms, 0, fn, arg);
		return done < 0 ? (int)done : 0;
	}
	for (size_t i = 0; i < source->model_nr; i++)
		ex_model_step(source->models[i], until_ms, fn, arg);
	return 0;
}

uint64_t ex_source_bad_rows(const struct ex_source *source)
{
	struct app_feed_stats stats = {0};

	if (source->feed)
		app_feed_stats(source->feed, &stats);
	return stats.bad_rows;
}
