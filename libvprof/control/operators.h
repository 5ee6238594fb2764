/* The C++ operators of an allocator that keeps them to itself.
 *
 * tcmalloc and jemalloc define operator new and delete, and theirs do not call
 * malloc: our hooks never hear of C++ objects.  Exporting operators of our own
 * would change how the symbols of every program bind, so only where such an
 * allocator is in use the calls are redirected, slot by slot, in the modules
 * that are loaded when the library starts, and in those that dlopen brings. */
#ifndef VP_CONTROL_OPERATORS_H
#define VP_CONTROL_OPERATORS_H

#include "control/slots.h"
#include "stack/modules.h"

/* Our operators, by the names of those they stand in for (hooks/operators.c). */
struct vp_operator_hooks {
	struct vp_slot_rule *rule;
	size_t count;
};
void vp_operators_use(const struct vp_operator_hooks *hooks);

/* Redirects the calls of every loaded module to the operators of `allocator`,
 * the module our malloc hook calls.  Once a process: a forked child inherits
 * the slots and gets the same answer again.
 * Returns 0, or -EPERM when some calls still go past us: the file then has to
 * say VPROF_F_OPERATOR_NEW_BYPASS.
 * Context: service; the process has one thread, relocation is done. */
int vp_operators_patch(const struct vp_module *allocator);

/* The same for modules that have come since.  Returns how many calls still go
 * past us.
 * Context: any thread, busy guard held; takes the loader's lock. */
uint32_t vp_operators_patch_more(void);

#endif
