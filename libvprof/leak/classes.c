/* Whose blocks a call path allocates: the host's or the runtime's.
 *
 * The loader's blocks (thread-local storage, its lists) and those that were
 * allocated without any code of the host on the stack (the pool for exceptions)
 * are the runtime's.  What libc allocates is the host's (strdup) unless libc's
 * own data leads to it (buffers of streams): leak/mark.c decides. */
#include "base/sys.h"
#include "leak/internal.h"
#include "ring/tables.h"
#include "stack/modules.h"

#include <errno.h>
#include <string.h>

#define PATH_DEPTH 1024

static uint8_t *class_of_site;	/* enum vp_leak_class + 1 */
static uint8_t *kind_of_module; /* vp_leak_kind_of_module() + 1 */
static uint32_t sites, modules, nodes;

int vp_leak_classes_init(void)
{
	sites = vp_table_used(VPROF_SEC_SITES);
	modules = vp_table_used(VPROF_SEC_MODULES);
	nodes = vp_table_used(VPROF_SEC_NODES);
	class_of_site = vp_sys_map(sites + 1);
	kind_of_module = vp_sys_map(modules + 1);
	return class_of_site && kind_of_module ? 0 : -ENOMEM;
}

/* Our own frames are neither the host's nor the runtime's: they count as the
 * latter, because they never allocate for themselves. */
static enum vp_leak_module_kind module_kind(uint32_t id)
{
	const struct vprof_module *row;
	const char *path;
	size_t most = 0;

	if (id >= modules)
		return VP_MODULE_HOST;
	if (id == vp_module_self)
		return VP_MODULE_RUNTIME;
	if (kind_of_module[id])
		return (enum vp_leak_module_kind)(kind_of_module[id] - 1);
	row = vp_table_row(VPROF_SEC_MODULES, id);
	path = vp_string_at(row->path, &most);
	if (!path || !memchr(path, '\0', most))
		path = "";
	kind_of_module[id] = (uint8_t)(vp_leak_kind_of_module(path) + 1);
	return (enum vp_leak_module_kind)(kind_of_module[id] - 1);
}

static enum vp_leak_class class_of_path(uint32_t node)
{
	uint32_t depth = 0;
	enum vp_leak_module_kind inner = VP_MODULE_HOST, kind;

	if (node == VPROF_NODE_OVERFLOW)
		return VP_CLASS_HOST;
	for (; node != VPROF_NODE_ROOT && node < nodes && depth < PATH_DEPTH; depth++) {
		const struct vprof_node *frame = vp_table_row(VPROF_SEC_NODES, node);

		kind = module_kind((uint32_t)(frame->where >> VPROF_WHERE_MODULE_SHIFT));
		if (!depth)
			inner = kind;
		if (inner == VP_MODULE_LOADER)
			return VP_CLASS_RUNTIME;
		if (kind == VP_MODULE_HOST)
			return inner != VP_MODULE_HOST ? VP_CLASS_LIBC : VP_CLASS_HOST;
		node = frame->parent;
	}
	/* To the end, and that is where threads and the process begin. */
	return depth > 1 && node == VPROF_NODE_ROOT ? VP_CLASS_RUNTIME : VP_CLASS_HOST;
}

uint8_t vp_leak_class_of(uint32_t site)
{
	const struct vprof_site *row;

	if (site >= sites)
		return VP_CLASS_HOST;
	if (!class_of_site[site]) {
		row = vp_table_row(VPROF_SEC_SITES, site);
		class_of_site[site] = (uint8_t)(class_of_path(row->node) + 1);
	}
	return class_of_site[site] - 1;
}
