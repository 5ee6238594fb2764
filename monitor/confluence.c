#include "confluence.h"
#include "vprof.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

const struct mon_analyzer mon_analyzers[MON_FACE_NR] = {
    [MON_FACE_ORDERFLOW] = {"orderflow", 0.25, mon_orderflow_score},
    [MON_FACE_ORDERBOOK] = {"orderbook", 0.20, mon_orderbook_score},
    [MON_FACE_TECHNICAL] = {"technical", 0.20, mon_technical_score},
    [MON_FACE_STRUCTURE] = {"price_structure", 0.15, mon_structure_score},
    [MON_FACE_VOLUME] = {"volume", 0.10, mon_volume_score},
    [MON_FACE_SENTIMENT] = {"sentiment", 0.10, mon_sentiment_score},
};

/* An analysis while its six tasks run. */
struct job {
	struct mon_analysis *analysis;
	void (*done)(void *arg, struct mon_analysis *analysis);
	void *arg;
	atomic_uint left; /* tasks not finished; the last one finishes the job */
};

struct task {
	struct job *job;
	enum mon_face face;
};

int64_t mon_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void mon_analysis_destroy(struct mon_analysis *analysis)
{
	if (!analysis)
		return;
	mon_view_destroy(analysis->view);
	free(analysis);
}

static void weigh(struct mon_analysis *analysis)
{
	struct mon_mix mix = {0};
	double reliability = 0;

	for (int i = 0; i < MON_FACE_NR; i++) {
		mon_mix_add(&mix, mon_analyzers[i].weight, analysis->faces[i].value);
		reliability += mon_analyzers[i].weight * analysis->faces[i].reliability;
	}
	analysis->total = mon_mix_score(&mix);
	analysis->total.reliability = reliability;
}

static void finish_task(struct job *job)
{
	/* acq_rel: the last task sees the scores that the other threads stored. */
	if (atomic_fetch_sub_explicit(&job->left, 1, memory_order_acq_rel) != 1)
		return;
	weigh(job->analysis);
	job->done(job->arg, job->analysis);
	free(job);
}

static void run_task(void *arg)
{
	struct task *task = arg;
	struct mon_analysis *analysis = task->job->analysis;
	struct mon_score *score = &analysis->faces[task->face];

	vprof_begin("symbol", analysis->view->symbol);
	vprof_begin("indicator", mon_analyzers[task->face].name);
	/* Out of memory: this face stays neutral and unreliable. */
	if (mon_analyzers[task->face].score(analysis->view, score))
		*score = (struct mon_score){50, 0};
	vprof_end();
	vprof_end();
	finish_task(task->job);
	free(task);
}

/* A task that cannot be queued is run here: slower, but the job always ends. */
static void submit_face(struct mon_pool *pool, struct job *job, enum mon_face face)
{
	struct task *task = malloc(sizeof(*task));

	if (!task) {
		job->analysis->faces[face] = (struct mon_score){50, 0};
		finish_task(job);
		return;
	}
	*task = (struct task){job, face};
	if (mon_pool_submit(pool, run_task, task))
		run_task(task);
}

int mon_analysis_start(struct mon_pool *pool, size_t market_idx, struct mon_view *view,
		       void (*done)(void *arg, struct mon_analysis *analysis), void *arg)
{
	struct mon_analysis *analysis = calloc(1, sizeof(*analysis));
	struct job *job = malloc(sizeof(*job));

	if (!analysis || !job) {
		free(job);
		free(analysis);
		mon_view_destroy(view);
		return -ENOMEM;
	}
	analysis->market_idx = market_idx;
	analysis->view = view;
	analysis->started_ns = mon_now_ns();
	job->analysis = analysis;
	job->done = done;
	job->arg = arg;
	atomic_init(&job->left, MON_FACE_NR);
	for (int face = 0; face < MON_FACE_NR; face++)
		submit_face(pool, job, (enum mon_face)face);
	return 0;
}
