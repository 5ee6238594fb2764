#include "model/baseline.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/map.h"
#include "cli/xalloc.h"
#include "input/textfile.h"
#include "model/growth.h"
#include "model/identity.h"
#include "symbols/sym.h"

/* No document of leaks is larger than this. */
#define FILE_MAX_BYTES (64u << 20)

/* What is live at equal call paths repeats from run to run, all but exactly. */
#define SLACK 1000u

/* Leaks of one identity, or of all unnamed ones with one shape. */
struct group {
	uint64_t blocks, bytes;
	double slope_low, slope_high;
};

struct groups {
	struct group *group;
	size_t count, room;
	struct vr_map by_key;
};

struct vr_baseline {
	struct groups named, shapes;
	int searched, growth_judged;
	int strict;
};

/* Two leaks of one call path are told apart by whether they are still in use. */
static uint64_t key_of(uint64_t identity, int growing)
{
	return vr_hash(identity, (uint64_t)growing);
}

static struct group *group_at(struct groups *groups, uint64_t key)
{
	int added;
	uint32_t *at = vr_map_at(&groups->by_key, key, &added);

	if (added) {
		groups->group =
		    vr_xgrow(groups->group, groups->count, &groups->room, sizeof(*groups->group));
		groups->group[groups->count] = (struct group){0};
		*at = (uint32_t)groups->count++;
	}
	return &groups->group[*at];
}

static void groups_free(struct groups *groups)
{
	free(groups->group);
	vr_map_free(&groups->by_key);
}

static void add(struct group *group, const struct vr_leak *leak)
{
	group->blocks += leak->blocks;
	group->bytes += leak->bytes;
	group->slope_low += leak->slope_low;
	group->slope_high += leak->slope_high;
}

/* 1 when an object on the path is not here any more, and its names with it. */
static int names_gone(const struct vr_profile *profile, uint32_t node)
{
	for (; node < profile->file->n_nodes && node != VPROF_NODE_ROOT;
	     node = vr_stacks_parent(profile->stacks, node)) {
		uint64_t module = profile->file->node[node].where >> VPROF_WHERE_MODULE_SHIFT;
		enum vr_sym_state state;

		if (module >= profile->file->n_modules)
			continue;
		state = vr_sym_module_state(profile->sym, (uint32_t)module);
		if (state == VR_SYM_REPLACED || state == VR_SYM_MISSING)
			return 1;
	}
	return 0;
}

static void add_old(struct vr_baseline *baseline, const struct vr_identity *identity,
		    const struct vr_leak *leak, int unnamed)
{
	int growing = leak->verdict == VR_GROWING;

	add(unnamed ? group_at(&baseline->shapes, key_of(identity->shape, growing))
		    : group_at(&baseline->named, key_of(identity->path, growing)),
	    leak);
}

static int read_profile(struct vr_baseline *baseline, const char *path,
			const struct vr_select *select, struct vr_err *err)
{
	unsigned mask = vr_verdicts_leak(baseline->strict);
	struct vr_profile *profile;
	struct vr_growth *growth;
	struct vr_leaks *leaks;
	struct vr_heap *heap;
	int ret = vr_profile_open(path, select, NULL, &profile, err);

	if (ret < 0)
		return ret;
	heap = vr_heap_new(profile);
	growth = vr_growth_judge(profile, heap);
	leaks = vr_leaks_new(profile, heap);
	vr_leaks_grow(leaks, growth);
	for (size_t i = 0; i < leaks->n_leaks; i++) {
		struct vr_identity identity;

		if (!(mask & 1u << leaks->leak[i].verdict))
			continue;
		identity = vr_identity_of(profile->stacks, leaks->leak[i].node);
		add_old(baseline, &identity, &leaks->leak[i],
			identity.unnamed && names_gone(profile, leaks->leak[i].node));
		vr_identity_free(&identity);
	}
	baseline->searched = vr_leaks_gap(leaks) == VR_GAP_NONE;
	baseline->growth_judged = leaks->growth_judged || leaks->nothing_live;
	vr_leaks_free(leaks);
	vr_growth_free(growth);
	vr_heap_free(heap);
	vr_profile_close(profile);
	return 0;
}

static const char *text_at(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static uint64_t number_at(const json_t *object, const char *key)
{
	json_int_t value = json_integer_value(json_object_get(object, key));

	return value > 0 ? (uint64_t)value : 0;
}

static void read_site(struct vr_baseline *baseline, const json_t *site)
{
	const char *name = text_at(site, "verdict");
	const json_t *growth = json_object_get(site, "growth");
	int verdict = vr_verdict_of(name, strlen(name));
	struct vr_identity identity = {0};
	struct vr_leak leak = {
	    .blocks = number_at(site, "blocks"),
	    .bytes = number_at(site, "bytes"),
	    .slope_low = json_number_value(json_object_get(growth, "slope_low")),
	    .slope_high = json_number_value(json_object_get(growth, "slope_high")),
	};
	json_t *frame;
	size_t i;

	if (verdict < 0 || !(vr_verdicts_leak(baseline->strict) & 1u << verdict))
		return;
	leak.verdict = (enum vr_verdict)verdict;
	json_array_foreach(json_object_get(site, "frames"), i, frame)
	    vr_identity_add(&identity, text_at(frame, "function"), text_at(frame, "module"));
	vr_identity_end(&identity);
	add_old(baseline, &identity, &leak, 0);
	vr_identity_free(&identity);
}

static int read_document(struct vr_baseline *baseline, const json_t *root)
{
	const json_t *examined = json_object_get(root, "examined");
	const json_t *sites = json_object_get(root, "sites");
	json_t *site;
	size_t i;

	if (!json_is_object(examined) || !json_is_array(sites))
		return -EINVAL;
	if (!json_is_null(json_object_get(examined, "why_not")))
		baseline->searched = 0;
	if (!json_is_true(json_object_get(examined, "growth_judged")))
		baseline->growth_judged = 0;
	json_array_foreach(sites, i, site) read_site(baseline, site);
	return 0;
}

static int read_json(struct vr_baseline *baseline, const char *path, struct vr_err *err)
{
	json_t *root, *one;
	size_t i, length;
	char *text;
	int ret = vr_textfile_read(path, FILE_MAX_BYTES, &text, &length, err);

	if (ret < 0)
		return ret;
	root = json_loadb(text, length, 0, NULL);
	free(text);
	ret = json_array_size(root) ? 0 : -EINVAL;
	baseline->searched = baseline->growth_judged = 1;
	if (json_is_object(root))
		ret = read_document(baseline, root);
	json_array_foreach(root, i, one) if (ret == 0) ret = read_document(baseline, one);
	if (ret < 0)
		vr_err_set(err, ret, "is neither a ring file nor what leaks --format json prints");
	json_decref(root);
	return ret;
}

int vr_baseline_open(const char *path, const struct vr_select *select, int strict,
		     struct vr_baseline **out, struct vr_err *err)
{
	struct vr_baseline *baseline = vr_xcalloc(1, sizeof(*baseline));
	char magic[8] = "";
	int ring = vr_textfile_start(path, magic, sizeof(magic)) == sizeof(magic) &&
		   memcmp(magic, VPROF_MAGIC, sizeof(magic)) == 0;

	*out = baseline;
	baseline->strict = strict;
	return ring ? read_profile(baseline, path, select, err) : read_json(baseline, path, err);
}

void vr_baseline_free(struct vr_baseline *baseline)
{
	if (!baseline)
		return;
	groups_free(&baseline->named);
	groups_free(&baseline->shapes);
	free(baseline);
}

int vr_baseline_searched(const struct vr_baseline *baseline)
{
	return baseline->searched;
}

int vr_baseline_growth_judged(const struct vr_baseline *baseline)
{
	return baseline->growth_judged;
}

static enum vr_change change_of(const struct group *old, const struct group *now, int growing)
{
	if (growing) /* how much there is, is a matter of time: how fast, is not */
		return now->slope_low > old->slope_high ? VR_CHANGE_MORE : VR_CHANGE_SAME;
	return now->blocks > old->blocks + old->blocks / SLACK ||
		       now->bytes > old->bytes + old->bytes / SLACK
		   ? VR_CHANGE_MORE
		   : VR_CHANGE_SAME;
}

static const struct group *find(const struct groups *groups, uint64_t key)
{
	const uint32_t *at = vr_map_find(&groups->by_key, key);

	return at ? &groups->group[*at] : NULL;
}

/* Puts what is the same call path together; keys[] of each leak. */
static void collect(struct groups *now, struct vr_stacks *stacks, const struct vr_leaks *leaks,
		    unsigned mask, uint64_t (*keys)[2])
{
	for (size_t i = 0; i < leaks->n_leaks; i++) {
		const struct vr_leak *leak = &leaks->leak[i];
		int growing = leak->verdict == VR_GROWING;
		struct vr_identity identity;

		if (leak->excuse || !(mask & 1u << leak->verdict))
			continue;
		identity = vr_identity_of(stacks, leak->node);
		keys[i][0] = key_of(identity.path, growing);
		keys[i][1] = key_of(identity.shape, growing);
		add(group_at(now, keys[i][0]), leak);
		vr_identity_free(&identity);
	}
}

size_t vr_baseline_compare(const struct vr_baseline *baseline, struct vr_stacks *stacks,
			   struct vr_leaks *leaks)
{
	unsigned mask = vr_verdicts_leak(baseline->strict);
	uint64_t(*keys)[2] = vr_xcalloc(leaks->n_leaks + 1, sizeof(*keys));
	struct groups now = {0}, pooled = {0};
	size_t by_object = 0;

	collect(&now, stacks, leaks, mask, keys);
	for (size_t i = 0; i < leaks->n_leaks; i++)
		if (keys[i][0] && !find(&baseline->named, keys[i][0]))
			add(group_at(&pooled, keys[i][1]), &leaks->leak[i]);
	for (size_t i = 0; i < leaks->n_leaks; i++) {
		struct vr_leak *leak = &leaks->leak[i];
		const struct group *old = find(&baseline->named, keys[i][0]);
		const struct group *shape = find(&baseline->shapes, keys[i][1]);
		int growing = leak->verdict == VR_GROWING;

		if (!keys[i][0])
			continue;
		leak->change = VR_CHANGE_NEW;
		if (old)
			leak->change = change_of(old, find(&now, keys[i][0]), growing);
		else if (shape)
			leak->change = change_of(shape, find(&pooled, keys[i][1]), growing);
		by_object += !old && shape;
		if (leak->change == VR_CHANGE_SAME)
			leak->excuse = VR_EXCUSE_KNOWN;
	}
	groups_free(&now);
	groups_free(&pooled);
	free(keys);
	return by_object;
}
