/* L5 */
#include "control/operators.h"
#include "base/real.h"
#include "control/slots.h"
#include "track/heap.h"

#include <errno.h>
#include <link.h>
#include <string.h>

/* What gives memory and what takes it back: plain, nothrow, aligned, sized.
 * The last two are jemalloc's own names for a free, which C++ libraries call
 * on memory from malloc and new; mallocx and rallocx stay unseen. */
#define OPERATORS(NEW, DELETE)                                                                     \
	NEW(_Znwm)                                                                                 \
	NEW(_Znam)                                                                                 \
	NEW(_ZnwmRKSt9nothrow_t)                                                                   \
	NEW(_ZnamRKSt9nothrow_t)                                                                   \
	NEW(_ZnwmSt11align_val_t)                                                                  \
	NEW(_ZnamSt11align_val_t)                                                                  \
	NEW(_ZnwmSt11align_val_tRKSt9nothrow_t)                                                    \
	NEW(_ZnamSt11align_val_tRKSt9nothrow_t)                                                    \
	DELETE(_ZdlPv)                                                                             \
	DELETE(_ZdaPv)                                                                             \
	DELETE(_ZdlPvm)                                                                            \
	DELETE(_ZdaPvm)                                                                            \
	DELETE(_ZdlPvRKSt9nothrow_t)                                                               \
	DELETE(_ZdaPvRKSt9nothrow_t)                                                               \
	DELETE(_ZdlPvSt11align_val_t)                                                              \
	DELETE(_ZdaPvSt11align_val_t)                                                              \
	DELETE(_ZdlPvmSt11align_val_t)                                                             \
	DELETE(_ZdaPvmSt11align_val_t)                                                             \
	DELETE(_ZdlPvSt11align_val_tRKSt9nothrow_t)                                                \
	DELETE(_ZdaPvSt11align_val_tRKSt9nothrow_t)                                                \
	DELETE(dallocx)                                                                            \
	DELETE(sdallocx)

/* The forms differ only in what follows the size or the pointer, all of it
 * passed in registers: one shape hands on whatever is there.  The real new may
 * throw through us, so nothing is held across it. */
#define DEFINE_NEW(symbol)                                                                         \
	static void *(*real_##symbol)(size_t, uintptr_t, uintptr_t);                               \
	static void *hook_##symbol(size_t size, uintptr_t second, uintptr_t third)                 \
	{                                                                                          \
		void *ptr = real_##symbol(size, second, third);                                    \
                                                                                                   \
		vp_heap_alloc(ptr, size);                                                          \
		return ptr;                                                                        \
	}
#define DEFINE_DELETE(symbol)                                                                      \
	static void (*real_##symbol)(void *, uintptr_t, uintptr_t);                                \
	static void hook_##symbol(void *ptr, uintptr_t second, uintptr_t third)                    \
	{                                                                                          \
		vp_heap_free(ptr);                                                                 \
		real_##symbol(ptr, second, third);                                                 \
	}
OPERATORS(DEFINE_NEW, DEFINE_DELETE)

#define OPERATOR_RULE(symbol)                                                                      \
	{.name = #symbol,                                                                          \
	 .to = (void *)hook_##symbol,                                                              \
	 .real = (void *)&real_##symbol,                                                           \
	 .unbound = 1},
static struct vp_slot_rule operators[] = {OPERATORS(OPERATOR_RULE, OPERATOR_RULE)};

/* jemalloc's operators do call free and aligned_alloc, by name, which is us:
 * counted twice.  What the allocator calls in itself stays in itself. */
#define INNER_RULE(function)                                                                       \
	{.name = #function, .real = (void *)&vp_real.function##_fn, .unbound = 1},
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
	struct vp_slot_rules rules = {operators, COUNT(operators), NULL, NULL};
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
	for (size_t i = 0; i < COUNT(operators); i++) {
		struct vp_slot_rule *rule = &operators[i];
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
