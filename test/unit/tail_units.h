/* Runs of a made-up loop, and of them what the library keeps: the 64 longest iterations, and
 * 1,024 by chance. */
#ifndef TEST_UNIT_TAIL_UNITS_H
#define TEST_UNIT_TAIL_UNITS_H

#include <stdlib.h>
#include <string.h>

#include "model/tail.h"
#include "random.h"

#define US 1e3
#define MS 1e6

enum {
	T_PARSE, /* CPU */
	T_REBUILD,
	T_FSYNC, /* calls */
	T_LOCK,
	T_SEND,
	T_PREEMPTED,
	T_FAULT,
	T_SMALL, /* the first of ten calls now and then */
	T_COMPONENTS = T_SMALL + 10
};

struct tail_run {
	size_t units;
	double load; /* autocorrelated, log */
	double at_ns;
	double *ns; /* units * T_COMPONENTS */
	struct vr_tail_unit *unit;
	int *cause; /* planted; -1: none */
};

static inline double lognormal(double median, double sigma)
{
	return median * exp(sigma * normal());
}

static inline struct tail_run tail_run_new(size_t units)
{
	return (struct tail_run){.units = units,
				 .ns = calloc(units * T_COMPONENTS, sizeof(double)),
				 .unit = calloc(units, sizeof(struct vr_tail_unit)),
				 .cause = malloc(units * sizeof(int))};
}

static inline void tail_run_free(struct tail_run *run)
{
	free(run->ns);
	free(run->unit);
	free(run->cause);
}

static inline double *tail_part(struct tail_run *run, size_t i, int component)
{
	return &run->ns[i * T_COMPONENTS + (size_t)component];
}

/* An iteration as all are: some 1 ms, the load moves slowly, with few events. */
static inline void tail_ordinary(struct tail_run *run, size_t i)
{
	double load;

	run->load = 0.98 * run->load + 0.04 * normal();
	load = exp(run->load);
	run->cause[i] = -1;
	run->unit[i].begin_ns = (uint64_t)run->at_ns;
	run->unit[i].size[VR_TAIL_EVENTS] = 1 + floor(-log(1 - uniform()));
	*tail_part(run, i, T_PARSE) = lognormal(600 * US, 0.3) * load;
	*tail_part(run, i, T_SEND) = lognormal(200 * US, 0.4) * load;
	*tail_part(run, i, T_LOCK) = uniform() < 0.2 ? lognormal(30 * US, 0.5) : 0;
	for (int k = 0; k < 10; k++)
		*tail_part(run, i, T_SMALL + k) = uniform() < 0.3 ? lognormal(15 * US, 0.5) : 0;
}

static inline void tail_end(struct tail_run *run, size_t i)
{
	double ns = 0;

	for (int c = 0; c < T_COMPONENTS; c++)
		ns += *tail_part(run, i, c);
	run->unit[i].ns = ns;
	run->at_ns += ns + 1 * MS;
}

static inline int tail_longer(const void *a, const void *b)
{
	double x = (*(struct vr_tail_unit *const *)a)->ns,
	       y = (*(struct vr_tail_unit *const *)b)->ns;

	return x > y ? -1 : x < y;
}

/* What is kept, with weights; CPU time as samples every 4 ms tell it, where they were taken. */
static inline struct vr_tail_accounts tail_keep(struct tail_run *run)
{
	size_t n = run->units, worst = 64, plain = 0, kept = 0;
	struct vr_tail_unit **order = calloc(n, sizeof(*order));
	struct vr_tail_accounts accounts = {.components = T_COMPONENTS};
	size_t *slot = calloc(1024, sizeof(*slot));

	for (size_t i = 0; i < n; i++) {
		size_t at = i < 1024 ? i : (size_t)(uniform() * (double)(i + 1));

		order[i] = &run->unit[i];
		if (at < 1024)
			slot[at] = i;
	}
	qsort(order, n, sizeof(*order), tail_longer);
	for (size_t i = 0; i < worst; i++)
		order[i]->weight = 1;
	for (size_t i = 0; i < 1024 && i < n; i++)
		plain += !(run->unit[slot[i]].weight > 0);
	for (size_t i = 0; i < 1024 && i < n; i++)
		if (!(run->unit[slot[i]].weight > 0))
			run->unit[slot[i]].weight = (double)(n - worst) / (double)plain;
	accounts.unit = calloc(n, sizeof(*accounts.unit));
	accounts.ns = calloc(n * T_COMPONENTS, sizeof(double));
	accounts.component = calloc(T_COMPONENTS, sizeof(*accounts.component));
	accounts.component[T_PREEMPTED].outside = accounts.component[T_FAULT].outside = 1;
	for (size_t i = 0; i < n; i++) {
		if (!(run->unit[i].weight > 0))
			continue;
		accounts.unit[kept] = run->unit[i];
		memcpy(accounts.ns + kept++ * T_COMPONENTS, run->ns + i * T_COMPONENTS,
		       T_COMPONENTS * sizeof(double));
	}
	accounts.units = kept;
	free(order);
	free(slot);
	return accounts;
}

static inline void tail_accounts_free(struct vr_tail_accounts *accounts)
{
	free(accounts->unit);
	free(accounts->ns);
	free(accounts->component);
}

#endif
