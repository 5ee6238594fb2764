/* What a unit's time went into, with names. */
#include <stdlib.h>
#include <string.h>

#include "cli/xalloc.h"
#include "model/tail_units.h"

#define SAMPLES_LEAST 5.0 /* fewer of ordinary units say nothing of what those run */

static int is_same(const struct vr_tail_what *a, const struct vr_tail_what *b,
		   const struct vr_file *file)
{
	return a->kind == b->kind && a->class == b->class &&
	       (a->call == b->call ||
		strcmp(vr_file_string(file, a->call), vr_file_string(file, b->call)) == 0) &&
	       strcmp(a->function.name, b->function.name) == 0 &&
	       strcmp(a->function.module, b->function.module) == 0;
}

static size_t add_what(struct vr_tail *tail, const struct vr_tail_what *what)
{
	size_t count = tail->accounts.components;

	tail->what = vr_xgrow(tail->what, count, &tail->what_room, sizeof(*tail->what));
	tail->what[count] = *what;
	return tail->accounts.components++;
}

size_t vr_tail_component_of(const struct vr_file *file, struct vr_tail *tail,
			    const struct vr_tail_what *what)
{
	for (size_t i = 0; i < tail->accounts.components; i++)
		if (is_same(&tail->what[i], what, file))
			return i;
	return add_what(tail, what);
}

/* --- parts ------------------------------------------------------------------- */

/* Of one unit, before all components are known. */
struct part {
	size_t unit, component;
	double ns, samples;
};

struct parts {
	struct part *part;
	size_t count, room;
	struct vr_tail_hit *hit;
	size_t hits, hit_room;
};

static void add_part(struct parts *parts, size_t unit, size_t component, double ns, double samples)
{
	if (!(ns > 0))
		return;
	parts->part = vr_xgrow(parts->part, parts->count, &parts->room, sizeof(*parts->part));
	parts->part[parts->count++] = (struct part){unit, component, ns, samples};
}

static void add_calls(struct vr_profile *profile, struct vr_tail *tail, struct parts *parts,
		      size_t unit, const struct vprof_unit_call *call, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct vr_tail_what what = {.kind = VR_TAIL_CALL,
					    .class = call[i].class,
					    .call = call[i].name,
					    .node = call[i].node};

		if (!call[i].ns)
			continue;
		what.function = vr_responsible_function(profile, call[i].node);
		add_part(parts, unit, vr_tail_component_of(profile->file, tail, &what),
			 (double)call[i].ns, 0);
	}
}

static void add_hits(struct parts *parts, size_t unit, const struct vprof_unit_sample *sample,
		     size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!sample[i].count)
			continue;
		parts->hit =
		    vr_xgrow(parts->hit, parts->hits, &parts->hit_room, sizeof(*parts->hit));
		parts->hit[parts->hits++] =
		    (struct vr_tail_hit){unit, sample[i].node, sample[i].count, 0};
	}
}

static void read_unit(struct vr_profile *profile, struct vr_tail *tail, struct parts *parts,
		      size_t unit)
{
	const struct vr_file *file = profile->file;
	const struct vprof_unit *row = tail->unit[unit];
	struct vr_tail_what rest = {.kind = VR_TAIL_CALLS,
				    .class = VPROF_CLASS_BLOCKED,
				    .call = VPROF_NONE,
				    .function = {"", "", "", 0}};

	add_calls(profile, tail, parts, unit, row->call, VPROF_UNIT_CALLS);
	add_hits(parts, unit, row->sample, VPROF_UNIT_SAMPLES);
	if (row->more != VPROF_NONE) {
		const struct vprof_unit_more *more = &file->unit[row->more].more;

		add_calls(profile, tail, parts, unit, more->call, VPROF_UNIT_MORE_CALLS);
		add_hits(parts, unit, more->sample, VPROF_UNIT_MORE_SAMPLES);
	}
	if (row->calls_left_ns)
		add_part(parts, unit, vr_tail_component_of(file, tail, &rest),
			 (double)row->calls_left_ns, 0);
	rest.kind = VR_TAIL_CLASS;
	for (uint32_t class = VPROF_CLASS_RUN + 1; class < VPROF_CLASS_COUNT; class ++) {
		rest.class = class;
		if (row->ns[class])
			add_part(parts, unit, vr_tail_component_of(file, tail, &rest),
				 (double)row->ns[class], 0);
	}
}

/* --- CPU time ---------------------------------------------------------------- */

/* What units without a sample of their own ran: as those of their group that have some. */
struct mix {
	double *samples; /* of each component */
	double all;
};

static void add_mix(struct mix *mix, const struct vr_tail_hit *hit)
{
	mix->samples[hit->component] += hit->count;
	mix->all += hit->count;
}

static void add_own(struct parts *parts, const struct vr_tail *tail, size_t unit,
		    const struct vr_tail_hit *hit, size_t hits)
{
	double run_ns = (double)tail->unit[unit]->ns[VPROF_CLASS_RUN], all = 0;

	for (size_t i = 0; i < hits; i++)
		all += hit[i].count;
	for (size_t i = 0; i < hits; i++)
		add_part(parts, unit, hit[i].component, run_ns * hit[i].count / all, hit[i].count);
}

static void add_mixed(struct parts *parts, const struct vr_tail *tail, size_t unit,
		      const struct mix *mix, size_t unseen)
{
	double run_ns = (double)tail->unit[unit]->ns[VPROF_CLASS_RUN];

	if (!(mix->all > 0))
		add_part(parts, unit, unseen, run_ns, 0);
	for (size_t c = 0; c < tail->accounts.components && mix->all > 0; c++)
		add_part(parts, unit, c, run_ns * mix->samples[c] / mix->all, 0);
}

static void add_cpu(const struct vr_file *file, struct vr_tail *tail, struct parts *parts)
{
	struct vr_tail_what none = {
	    .kind = VR_TAIL_UNSEEN, .call = VPROF_NONE, .function = {"", "", "", 0}};
	size_t unseen = vr_tail_component_of(file, tail, &none);
	size_t components = tail->accounts.components, at = 0;
	struct mix slow = {vr_xcalloc(components, sizeof(double)), 0};
	struct mix other = {vr_xcalloc(components, sizeof(double)), 0};

	for (size_t i = 0; i < parts->hits; i++)
		add_mix(tail->accounts.unit[parts->hit[i].unit].group == VR_TAIL_SLOW ? &slow
										      : &other,
			&parts->hit[i]);
	/* Too few to tell them apart. */
	for (size_t c = 0; c < components && other.all < SAMPLES_LEAST; c++)
		other.samples[c] += slow.samples[c];
	other.all += other.all < SAMPLES_LEAST ? slow.all : 0;
	for (size_t unit = 0; unit < tail->accounts.units; unit++) {
		size_t from = at;

		while (at < parts->hits && parts->hit[at].unit == unit)
			at++;
		if (at > from)
			add_own(parts, tail, unit, parts->hit + from, at - from);
		else
			add_mixed(parts, tail, unit,
				  tail->accounts.unit[unit].group == VR_TAIL_SLOW ? &slow : &other,
				  unseen);
	}
	free(slow.samples);
	free(other.samples);
}

static void fill(struct vr_tail *tail, const struct parts *parts)
{
	struct vr_tail_accounts *accounts = &tail->accounts;
	size_t components = accounts->components;

	accounts->ns = vr_xcalloc(accounts->units * components + 1, sizeof(double));
	tail->samples = vr_xcalloc(accounts->units * components + 1, sizeof(double));
	accounts->component = vr_xcalloc(components + 1, sizeof(*accounts->component));
	for (size_t i = 0; i < parts->count; i++) {
		const struct part *part = &parts->part[i];

		accounts->ns[part->unit * components + part->component] += part->ns;
		tail->samples[part->unit * components + part->component] += part->samples;
		if (accounts->unit[part->unit].group == VR_TAIL_SLOW)
			accounts->component[part->component].samples += part->samples;
	}
	for (size_t c = 0; c < components; c++) {
		accounts->component[c].sampled = tail->what[c].kind == VR_TAIL_CPU;
		accounts->component[c].outside =
		    tail->what[c].kind == VR_TAIL_CLASS && vr_class_is_outside(tail->what[c].class);
	}
}

void vr_tail_account(struct vr_profile *profile, struct vr_tail *tail)
{
	struct parts parts = {0};

	for (size_t i = 0; i < tail->accounts.units; i++)
		read_unit(profile, tail, &parts, i);
	vr_tail_name_hits(profile, tail, parts.hit, parts.hits);
	add_cpu(profile->file, tail, &parts);
	fill(tail, &parts);
	free(parts.part);
	free(parts.hit);
}
