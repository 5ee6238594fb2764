#include "model/budget_rows.h"

#include <fnmatch.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "cli/short.h"
#include "cli/text.h"
#include "cli/xalloc.h"
#include "model/labels.h"
#include "model/loops.h"
#include "model/nearest.h"

/* One filter and what is known of it. */
struct vr_matcher {
	const struct vr_filter *filter;
	int seen;	   /* something in the record bears the name */
	int hidden;	   /* some function does, but may be inlined unseen */
	uint8_t *function; /* of each, 0: not looked at, 1: no, 2: yes */
	size_t functions;
	uint8_t *node;	/* of each stack: 0: not looked at, else 1 + enum vr_match */
	uint8_t *shard; /* bit 0: of a thread that is meant, bit 1: of another */
};

/* The whole of a readable name, or its end behind "::". */
static int ends_in(const char *pattern, const char *name)
{
	size_t m = strlen(pattern), n = strlen(name);

	if (n < m || strcmp(name + n - m, pattern) != 0)
		return 0;
	return n == m || (n - m >= 2 && memcmp(name + n - m - 2, "::", 2) == 0);
}

static int fits(const char *pattern, const char *name)
{
	if (strpbrk(pattern, "*?[") && fnmatch(pattern, name, 0) == 0)
		return 1;
	return ends_in(pattern, name);
}

/* "lose" of "lose.constprop.0", which the compiler made of it, or "turns.0" in a function. */
static int origin_fits(const char *pattern, const char *name)
{
	size_t length = strcspn(name, ".");
	char *origin = vr_xprintf("%.*s", (int)length, name);
	int found = length && name[length] && fits(pattern, origin);

	free(origin);
	return found;
}

int vr_name_is_meant(const char *pattern, const char *name)
{
	static const enum vr_piece_rank rank[] = {VR_PIECE_SPELLING, VR_PIECE_TYPE,
						  VR_PIECE_ARGUMENTS};
	int found = fits(pattern, name);
	struct vr_short *made;

	if (found || !strpbrk(name, "(<[: "))
		return found || origin_fits(pattern, name);
	made = vr_short_new(name);
	for (size_t i = 0; !found && i < sizeof(rank) / sizeof(rank[0]); i++) {
		char *text = vr_short_without(made, rank[i]);

		found = fits(pattern, text);
		free(text);
	}
	vr_short_free(made);
	return found;
}

void vr_matchers_new(struct vr_judging *judging)
{
	size_t count = judging->condition->filters;

	judging->matcher = vr_xcalloc(count + 1, sizeof(*judging->matcher));
	for (size_t i = 0; i < count; i++)
		judging->matcher[i].filter = &judging->condition->filter[i];
}

void vr_matchers_free(struct vr_judging *judging)
{
	for (size_t i = 0; i < judging->condition->filters; i++) {
		free(judging->matcher[i].function);
		free(judging->matcher[i].node);
		free(judging->matcher[i].shard);
	}
	free(judging->matcher);
}

int vr_matches_any(const struct vr_judging *judging, unsigned keys)
{
	for (size_t i = 0; i < judging->condition->filters; i++)
		if (keys & 1u << judging->condition->filter[i].key)
			return 1;
	return 0;
}

static enum vr_match worse(enum vr_match a, enum vr_match b)
{
	return a < b ? a : b;
}

/* --- stacks -------------------------------------------------------------------- */

static int is_meant(const struct vr_filter *filter, const struct vr_function *function)
{
	return filter->key == VR_KEY_MODULE ? vr_text_glob(filter->pattern, function->module)
					    : vr_name_is_meant(filter->pattern, function->name);
}

static int function_is_meant(struct vr_judging *judging, struct vr_matcher *m, uint32_t function)
{
	const struct vr_stacks *stacks = judging->profile->stacks;
	const struct vr_function *f = &stacks->function[function];

	if (function >= m->functions) {
		size_t more = stacks->n_functions;

		m->function = vr_xrealloc(m->function, more, 1);
		memset(m->function + m->functions, 0, more - m->functions);
		m->functions = more;
	}
	if (!m->function[function])
		m->function[function] = is_meant(m->filter, f) ? 2 : 1;
	m->seen |= m->function[function] == 2;
	return m->function[function] == 2;
}

/* Where threads begin: a stack that ends elsewhere was cut, if any was. */
static int is_outermost(const char *name)
{
	static const char *const start[] = {"_start",	      "clone",	  "__clone",
					    "__clone3",	      "clone3",	  "start_thread",
					    "_dl_start_user", "_dl_start"};

	for (size_t i = 0; i < sizeof(start) / sizeof(start[0]); i++)
		if (strcmp(start[i], name) == 0)
			return 1;
	return 0;
}

static int stacks_were_cut(const struct vr_file *file)
{
	static const enum vprof_lost why[] = {VPROF_LOST_NODES, VPROF_CUT_NO_INFO, VPROF_CUT_DEPTH,
					      VPROF_CUT_BAD_FRAME, VPROF_CUT_FOREIGN};

	for (size_t i = 0; i < sizeof(why) / sizeof(why[0]); i++)
		if (file->header.lost[why[i]])
			return 1;
	return 0;
}

/* A function of the program's own whose name nobody knows may be any. */
static int is_nameless(const struct vr_judging *judging, const struct vr_function *function)
{
	const struct vr_file *file = judging->file;

	return vr_function_has_no_name(function) &&
	       strcmp(function->module, vr_file_string(file, file->header.exe)) == 0;
}

/* One frame by itself. */
static enum vr_match frame_match(struct vr_judging *judging, struct vr_matcher *m, uint32_t node)
{
	struct vr_stacks *stacks = judging->profile->stacks;
	struct vr_places places = vr_stacks_at(stacks, node);
	int outermost = vr_stacks_parent(stacks, node) == VPROF_NODE_ROOT, known = 0, nameless = 0;

	for (uint32_t i = 0; i < places.count; i++) {
		const struct vr_place *place = &stacks->place[places.first + i];

		if (function_is_meant(judging, m, place->function))
			return VR_YES;
		known |= is_outermost(vr_place_function(stacks, place)->name);
		nameless |= is_nameless(judging, vr_place_function(stacks, place));
	}
	if (nameless && m->filter->key == VR_KEY_FUNCTION)
		return VR_MAYBE;
	if (node == VPROF_NODE_OVERFLOW)
		return VR_MAYBE;
	return outermost && !known && stacks_were_cut(judging->file) ? VR_MAYBE : VR_NO;
}

/* Of the frame or of any around it. */
static enum vr_match stack_match(struct vr_judging *judging, struct vr_matcher *m, uint32_t node)
{
	struct vr_stacks *stacks = judging->profile->stacks;
	size_t nodes = stacks->n_nodes, depth = 0, room = 0;
	uint32_t *path = NULL;
	uint8_t found = 1 + VR_NO;

	if (node == VPROF_NODE_ROOT || node >= nodes)
		return VR_MAYBE; /* without a stack */
	if (!m->node)
		m->node = vr_xcalloc(nodes, 1);
	for (; node != VPROF_NODE_ROOT && !m->node[node]; node = vr_stacks_parent(stacks, node)) {
		path = vr_xgrow(path, depth, &room, sizeof(*path));
		path[depth++] = node;
	}
	if (node != VPROF_NODE_ROOT)
		found = m->node[node];
	while (depth) {
		uint8_t own = (uint8_t)(1 + frame_match(judging, m, path[--depth]));

		found = own > found ? own : found;
		m->node[path[depth]] = found;
	}
	free(path);
	return (enum vr_match)(found - 1);
}

enum vr_match vr_match_stack(struct vr_judging *judging, uint32_t node)
{
	enum vr_match all = VR_YES;

	for (size_t i = 0; i < judging->condition->filters; i++) {
		enum vr_budget_key key = judging->condition->filter[i].key;

		if (key == VR_KEY_FUNCTION || key == VR_KEY_MODULE)
			all = worse(all, stack_match(judging, &judging->matcher[i], node));
	}
	return all;
}

/* --- threads and names ---------------------------------------------------------- */

static int thread_is_meant(const struct vr_judging *judging, const char *pattern, uint32_t row)
{
	const struct vprof_thread *thread = &judging->file->thread[row];
	char tid[16];

	if (!row || thread->state == VPROF_THREAD_FREE ||
	    vr_profile_is_helper(judging->profile, row))
		return 0;
	snprintf(tid, sizeof(tid), "%" PRIu32, thread->tid);
	if (strcmp(pattern, "main") == 0 && thread->tid == judging->file->header.pid)
		return 1;
	return strcmp(tid, pattern) == 0 || fnmatch(pattern, thread->name, 0) == 0;
}

enum vr_match vr_match_thread(struct vr_judging *judging, uint32_t thread)
{
	enum vr_match all = VR_YES;

	for (size_t i = 0; i < judging->condition->filters; i++) {
		const struct vr_filter *filter = &judging->condition->filter[i];
		int meant;

		if (filter->key != VR_KEY_THREAD)
			continue;
		meant = thread_is_meant(judging, filter->pattern, thread);
		judging->matcher[i].seen |= meant;
		all = worse(all, meant ? VR_YES : thread ? VR_NO : VR_MAYBE);
	}
	return all;
}

static void find_shards(const struct vr_judging *judging, struct vr_matcher *m)
{
	const struct vr_file *file = judging->file;

	m->shard = vr_xcalloc(UINT16_MAX + 1u, 1);
	m->shard[0] = 3; /* of no thread in particular */
	for (uint32_t i = 1; i < file->n_threads; i++) {
		int meant = thread_is_meant(judging, m->filter->pattern, i);

		m->seen |= meant;
		if (file->thread[i].state != VPROF_THREAD_FREE)
			m->shard[file->thread[i].shard] |= meant ? 1 : 2;
	}
}

enum vr_match vr_match_shard(struct vr_judging *judging, uint16_t shard)
{
	static const enum vr_match of[] = {VR_NO, VR_YES, VR_NO, VR_MAYBE};
	enum vr_match all = VR_YES;

	for (size_t i = 0; i < judging->condition->filters; i++) {
		struct vr_matcher *m = &judging->matcher[i];

		if (m->filter->key != VR_KEY_THREAD)
			continue;
		if (!m->shard)
			find_shards(judging, m);
		all = worse(all, of[m->shard[shard]]);
	}
	return all;
}

enum vr_match vr_match_name(struct vr_judging *judging, enum vr_budget_key key, const char *name)
{
	enum vr_match all = VR_YES;

	for (size_t i = 0; i < judging->condition->filters; i++) {
		struct vr_matcher *m = &judging->matcher[i];
		int meant;

		if (m->filter->key != key)
			continue;
		meant = key == VR_KEY_TARGET || key == VR_KEY_CALL || key == VR_KEY_CLASS ||
				key == VR_KEY_SPAN
			    ? fnmatch(m->filter->pattern, name, 0) == 0
			    : vr_name_is_meant(m->filter->pattern, name);
		m->seen |= meant;
		all = worse(all, meant ? VR_YES : VR_NO);
	}
	return all;
}

/* A label is pairs, one a line. */
static int label_is_meant(const char *pattern, const char *label)
{
	int found = 0;

	while (*label && !found) {
		size_t length = strcspn(label, "\n");
		char *pair = vr_xprintf("%.*s", (int)length, label);

		found = fnmatch(pattern, pair, 0) == 0;
		free(pair);
		label += length + (label[length] != 0);
	}
	return found;
}

enum vr_match vr_match_label(struct vr_judging *judging, uint32_t label)
{
	const char *text = label ? vr_file_string(judging->file, label) : "";
	enum vr_match all = VR_YES;

	for (size_t i = 0; i < judging->condition->filters; i++) {
		struct vr_matcher *m = &judging->matcher[i];
		int meant;

		if (m->filter->key != VR_KEY_LABEL)
			continue;
		meant = label_is_meant(m->filter->pattern, text);
		m->seen |= meant;
		all = worse(all, meant ? VR_YES : VR_NO);
	}
	return all;
}

/* --- names that nobody has -------------------------------------------------------- */

static int seen_in_stacks(struct vr_judging *judging, struct vr_matcher *m, struct vr_nearest *near)
{
	struct vr_stacks *stacks = judging->profile->stacks;

	for (uint32_t node = 1; node < judging->file->n_nodes && !m->seen; node++) {
		struct vr_places places = vr_stacks_at(stacks, node);

		for (uint32_t i = 0; i < places.count && !m->seen; i++)
			function_is_meant(judging, m, stacks->place[places.first + i].function);
	}
	for (size_t i = 0; i < stacks->n_functions && !m->seen; i++)
		if (m->filter->key == VR_KEY_MODULE)
			vr_nearest_try(near, vr_text_base(stacks->function[i].module));
		else
			vr_near_function(near, stacks->function[i].name);
	return m->seen;
}

static int seen_label(struct vr_judging *judging, const char *pattern, struct vr_nearest *near)
{
	struct vr_labels *labels = vr_labels_new(judging->file);
	int seen = 0;

	for (size_t i = 0; i < labels->n_pairs; i++) {
		seen |= fnmatch(pattern, labels->pair[i].text, 0) == 0;
		vr_nearest_try(near, labels->pair[i].text);
	}
	vr_labels_free(labels);
	/* One under which nothing was counted is among the texts all the same. */
	for (uint32_t id = 1; id < vr_file_string_ids(judging->file) && !seen; id++)
		seen = label_is_meant(pattern, vr_file_string(judging->file, id));
	return seen;
}

static int seen_span(const struct vr_file *file, const char *pattern, struct vr_nearest *near)
{
	for (uint32_t i = 1; i < file->n_spans; i++) {
		const char *name = vr_file_string(file, file->span[i].name);

		if (file->span[i].flags && fnmatch(pattern, name, 0) == 0)
			return 1;
		if (file->span[i].flags)
			vr_nearest_try(near, name);
	}
	return 0;
}

static int seen_at_all(struct vr_judging *judging, struct vr_matcher *m, struct vr_nearest *near)
{
	const struct vr_file *file = judging->file;

	switch (m->filter->key) {
	case VR_KEY_FUNCTION:
		return seen_in_stacks(judging, m, near) ||
		       vr_seen_function(judging->profile, m->filter->pattern, near, &m->hidden);
	case VR_KEY_MODULE:
		for (uint32_t i = 0; i < file->n_modules; i++)
			if (vr_text_glob(m->filter->pattern,
					 vr_file_string(file, file->module[i].path)))
				return 1;
		return seen_in_stacks(judging, m, near);
	case VR_KEY_THREAD:
		for (uint32_t i = 1; i < file->n_threads; i++) {
			if (thread_is_meant(judging, m->filter->pattern, i))
				return 1;
			if (file->thread[i].state != VPROF_THREAD_FREE)
				vr_nearest_try(near, file->thread[i].name);
		}
		return 0;
	case VR_KEY_LABEL:
		return seen_label(judging, m->filter->pattern, near);
	case VR_KEY_SPAN:
		return seen_span(file, m->filter->pattern, near);
	case VR_KEY_LOCK:
		return vr_seen_variable(judging->profile, m->filter->pattern, near);
	case VR_KEY_CALL:
		return vr_seen_call(m->filter->pattern, near);
	case VR_KEY_TARGET:
	case VR_KEY_CLASS:
		return 1; /* what was not waited for is in no record */
	default:
		return 0;
	}
}

static char *unseen_text(const struct vr_matcher *m, const char *near)
{
	const char *key = vr_budget_key_name(m->filter->key), *name = m->filter->pattern;

	if (m->hidden)
		return vr_xprintf(
		    "no call path of function '%s' was seen, and without debug "
		    "information nobody can tell whether it was inlined: build with -g, or "
		    "write '%s?'",
		    name, name);
	if (near)
		return vr_xprintf("no %s '%s' was seen; did you mean '%s'?", key, name, near);
	return vr_xprintf("no %s '%s' was seen", key, name);
}

int vr_judging_unseen(struct vr_judging *judging)
{
	for (size_t i = 0; i < judging->condition->filters; i++) {
		struct vr_matcher *m = &judging->matcher[i];
		const struct vr_filter *filter = m->filter;
		struct vr_nearest near = {0};
		int seen;

		if (m->seen || filter->maybe)
			continue;
		vr_nearest_begin(&near, filter->pattern, strlen(filter->pattern));
		seen = seen_at_all(judging, m, &near);
		if (!seen) {
			free(judging->found->why);
			judging->found->why = unseen_text(m, vr_nearest_found(&near));
			judging->found->unseen = 1;
		}
		vr_nearest_end(&near);
		if (!seen)
			return 1;
	}
	return 0;
}
