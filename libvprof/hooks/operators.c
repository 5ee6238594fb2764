#include "hooks/operators.h"
#include "hooks/gate.h"

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
		vp_heap_alloc(ptr, size, OTHER);                                                   \
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
static struct vp_slot_rule rules[] = {OPERATORS(OPERATOR_RULE, OPERATOR_RULE)};

const struct vp_operator_hooks vp_operator_hooks = {rules, sizeof(rules) / sizeof(rules[0])};
