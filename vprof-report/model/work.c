#include "model/work.h"

#include <stdlib.h>
#include <string.h>

#include "cli/text.h"
#include "cli/xalloc.h"

static int is_one_of(const char *name, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(name, list[i]) == 0)
			return 1;
	return 0;
}

static int begins_as_one(const char *name, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strncmp(name, list[i], strlen(list[i])) == 0)
			return 1;
	return 0;
}
#define IS_ONE_OF(name, list)	  is_one_of(name, list, sizeof(list) / sizeof((list)[0]))
#define BEGINS_AS_ONE(name, list) begins_as_one(name, list, sizeof(list) / sizeof((list)[0]))

/* Functions of the loader that programs call all the time: thread-local variables, and
 * the tables of exceptions. */
static int serves_the_program(const char *name)
{
	static const char *const served[] = {
	    "__tls_get_addr", "___tls_get_addr", "update_get_addr",    "tls_get_addr_tail",
	    "_dl_tlsdesc",    "_dl_find_object", "_dl_update_slotinfo"};

	return BEGINS_AS_ONE(name, served);
}

static int is_startup(const struct vr_function *function)
{
	static const char *const constructors[] = {"_GLOBAL__sub_I_", "_GLOBAL__I_",
						   "__static_initialization_and_destruction_"};
	static const char *const begin[] = {"call_init", "_dl_init", "__libc_csu_init"};

	if (strncmp(vr_text_base(function->module), "ld-linux", 8) == 0)
		return !serves_the_program(function->name);
	return IS_ONE_OF(function->name, begin) || BEGINS_AS_ONE(function->name, constructors);
}

static int is_allocator(const char *name)
{
	static const char *const exact[] = {
	    "malloc",	     "calloc",	    "realloc",	     "reallocarray",   "free",
	    "cfree",	     "memalign",    "valloc",	     "pvalloc",	       "posix_memalign",
	    "aligned_alloc", "_int_malloc", "_int_free",     "_int_realloc",   "malloc_consolidate",
	    "__libc_malloc", "__libc_free", "__libc_calloc", "__libc_realloc", "sdallocx",
	};
	static const char *const begin[] = {"operator new(",
					    "operator delete(",
					    "operator new[](",
					    "operator delete[](",
					    "je_",
					    "tc_",
					    "tcmalloc::",
					    "mi_"};

	if (strncmp(name, "__GI_", 5) == 0) /* glibc's own name for it */
		name += 5;
	return IS_ONE_OF(name, exact) || BEGINS_AS_ONE(name, begin);
}

static uint8_t role_of(const struct vr_function *function)
{
	if (strcmp(function->module, "[kernel]") == 0)
		return VR_ROLE_KERNEL;
	if (is_startup(function))
		return VR_ROLE_STARTUP;
	return is_allocator(function->name) ? VR_ROLE_ALLOCATOR : 0;
}

/* What is known of all functions, and of the nodes that CPU time was spent in or below. */
struct roles {
	struct vr_stacks *stacks;
	uint8_t *function; /* role, by function */
	uint8_t *needed;   /* by node */
	uint8_t *node;	   /* what a stack that ends there is */
};

/* Is the kernel's, that ends with the frame. */
static uint8_t handed_down(uint8_t roles)
{
	return roles & (uint8_t)~VR_ROLE_KERNEL;
}

static uint8_t roles_at(const struct roles *r, uint32_t node)
{
	struct vr_places places = vr_stacks_at(r->stacks, node);
	uint8_t roles = handed_down(r->node[vr_stacks_parent(r->stacks, node)]);

	for (uint32_t i = 0; i < places.count; i++)
		roles |= r->function[r->stacks->place[places.first + i].function];
	return roles;
}

/* Parents have smaller ids: one pass finds who is needed, one finds what they are. */
static void find_roles(struct roles *r, const struct vr_cpu *cpu)
{
	uint32_t nodes = r->stacks->n_nodes;

	r->needed = vr_xcalloc(nodes, 1);
	r->node = vr_xcalloc(nodes, 1);
	for (uint32_t i = nodes; i-- > 1;) {
		r->needed[i] |= cpu->self_ns[i] != 0;
		if (!r->needed[i])
			continue;
		r->needed[vr_stacks_parent(r->stacks, i)] = 1;
		vr_stacks_at(r->stacks, i);
	}
	r->function = vr_xcalloc(r->stacks->n_functions, 1);
	for (size_t i = 0; i < r->stacks->n_functions; i++)
		r->function[i] = role_of(&r->stacks->function[i]);
	for (uint32_t i = 1; i < nodes; i++)
		if (r->needed[i])
			r->node[i] = roles_at(r, i);
}

/* The innermost function of a stack that is not the kernel's. */
static uint32_t caller_of_kernel(const struct roles *r, uint32_t node)
{
	for (; node != VPROF_NODE_ROOT; node = vr_stacks_parent(r->stacks, node)) {
		struct vr_places places = vr_stacks_at(r->stacks, node);

		for (uint32_t i = 0; i < places.count; i++) {
			uint32_t function = r->stacks->place[places.first + i].function;

			if (!(r->function[function] & VR_ROLE_KERNEL))
				return function;
		}
	}
	return VPROF_NONE;
}

static void add_kernel(const struct roles *r, uint32_t node, uint64_t ns, uint64_t *called)
{
	uint32_t caller = caller_of_kernel(r, node);

	if (caller != VPROF_NONE)
		called[caller] += ns;
}

static uint32_t most(const uint64_t *ns, size_t count, uint64_t *value)
{
	uint32_t best = VPROF_NONE;

	*value = 0;
	for (size_t i = 0; i < count; i++) {
		if (ns[i] > *value) {
			best = (uint32_t)i;
			*value = ns[i];
		}
	}
	return best;
}

struct vr_work vr_work_of(struct vr_profile *profile, const struct vr_cpu *cpu)
{
	struct roles r = {.stacks = profile->stacks};
	struct vr_work work = {0};
	uint64_t *own, *called;

	find_roles(&r, cpu);
	own = vr_xcalloc(r.stacks->n_functions, sizeof(*own));
	called = vr_xcalloc(r.stacks->n_functions, sizeof(*called));
	for (uint32_t i = 1; i < r.stacks->n_nodes; i++) {
		struct vr_places places;

		if (!cpu->self_ns[i])
			continue;
		places = vr_stacks_at(r.stacks, i);
		work.startup_ns += r.node[i] & VR_ROLE_STARTUP ? cpu->self_ns[i] : 0;
		work.allocator_ns += r.node[i] & VR_ROLE_ALLOCATOR ? cpu->self_ns[i] : 0;
		work.kernel_ns += r.node[i] & VR_ROLE_KERNEL ? cpu->self_ns[i] : 0;
		if (!r.node[i] && places.count)
			own[r.stacks->place[places.first].function] += cpu->self_ns[i];
		if (r.node[i] & VR_ROLE_KERNEL && !(r.node[i] & VR_ROLE_STARTUP))
			add_kernel(&r, i, cpu->self_ns[i], called);
	}
	work.top = most(own, r.stacks->n_functions, &work.top_ns);
	work.kernel_caller = most(called, r.stacks->n_functions, &work.kernel_caller_ns);
	free(own);
	free(called);
	free(r.function);
	free(r.needed);
	free(r.node);
	return work;
}

int vr_work_is_startup(struct vr_stacks *stacks, uint32_t node)
{
	for (; node != VPROF_NODE_ROOT; node = vr_stacks_parent(stacks, node)) {
		struct vr_places places = vr_stacks_at(stacks, node);

		for (uint32_t i = 0; i < places.count; i++)
			if (is_startup(vr_place_function(stacks, &stacks->place[places.first + i])))
				return 1;
	}
	return 0;
}
