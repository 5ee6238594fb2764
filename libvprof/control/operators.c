#include "control/operators.h"
#include "base/real.h"

#include <errno.h>
#include <link.h>
#include <string.h>

static struct vp_operator_hooks hooks;

void vp_operators_use(const struct vp_operator_hooks *of_hooks)
{
	hooks = *of_hooks;
}

/* jemalloc's operators do call free and aligned_alloc, by name, which is us:
 * counted twice.  What the allocator calls in itself stays in itself. */
#define INNER_RULE(function) {.name = #function, .real = (void *)&vp_real.function, .unbound = 1},
#define INNER(RULE)                                                                                \
	RULE(malloc)                                                                               \
	RULE(calloc)                                                                               \
	RULE(realloc)                                                                              \
	RULE(free)                                                                                 \
	RULE(posix_memalign)                                                                       \
	RULE(aligned_alloc)                                                                        \
	RULE(memalign)
static struct vp_slot_rule inner[] = {INNER(INNER_RULE)};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct patch {
	const struct vp_module *allocator;
	uint32_t missed;
};

static int in_module(const struct vp_module *module, const void *address)
{
	return (uint64_t)(uintptr_t)address >= module->start &&
	       (uint64_t)(uintptr_t)address < module->end;
}

/* Called for each loaded object.  The library itself, libunwind and the loader
 * need no exception: they use none of the names.  A slot that is patched is not
 * found again, so all may be gone through as often as it takes. */
static int patch_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct vp_slot_rules rules = {hooks.rule, hooks.count, NULL, NULL};
	struct patch *patch = arg;
	struct vp_object object;

	(void)size;
	if (vp_slots_read(&object, info) != 0)
		return 0;
	if (in_module(patch->allocator, object.dynamic))
		rules = (struct vp_slot_rules){inner, COUNT(inner), NULL, NULL};
	patch->missed += vp_slots_patch(&object, &rules);
	return 0;
}

/* A name the allocator does not define, or that the program defines over it,
 * keeps an empty range: such a call comes to our malloc as ever. */
static void find_operators(const struct vp_module *allocator)
{
	for (size_t i = 0; i < hooks.count; i++) {
		struct vp_slot_rule *rule = &hooks.rule[i];
		void *real = vp_real_default(rule->name);

		if (!real || !in_module(allocator, real))
			continue;
		memcpy(rule->real, &real, sizeof(real));
		rule->lo = (uint64_t)(uintptr_t)real;
		rule->hi = rule->lo + 1;
	}
}

static void find_inner(const struct vp_module *self)
{
	for (size_t i = 0; i < COUNT(inner); i++) {
		struct vp_slot_rule *rule = &inner[i];

		memcpy(&rule->to, rule->real, sizeof(rule->to));
		rule->lo = self->start;
		rule->hi = self->end;
	}
}

static struct vp_module allocator_in_use; /* start 0: none whose operators matter */

uint32_t vp_operators_patch_more(void)
{
	struct patch patch = {.allocator = &allocator_in_use};

	if (!allocator_in_use.start)
		return 0;
	dl_iterate_phdr(patch_object, &patch);
	return patch.missed;
}

int vp_operators_patch(const struct vp_module *allocator)
{
	static int done, result;
	const struct vp_module *self = vp_module_find((uint64_t)(uintptr_t)&vp_operators_patch);

	if (done || !self)
		return done ? result : -EPERM;
	find_operators(allocator);
	find_inner(self);
	allocator_in_use = *allocator;
	done = 1;
	result = vp_operators_patch_more() ? -EPERM : 0;
	return result;
}
