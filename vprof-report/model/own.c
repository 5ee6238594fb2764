#include "model/own.h"

#include <stdlib.h>
#include <string.h>

#include "cli/text.h"
#include "cli/xalloc.h"

enum kind { PROGRAM, LIBVPROF, LIBUNWIND, KERNEL };

static enum kind kind_of(const struct vr_file *file, uint64_t where)
{
	uint32_t module = (uint32_t)(where >> VPROF_WHERE_MODULE_SHIFT);
	const char *name;

	if (module == VPROF_MODULE_KERNEL)
		return KERNEL;
	if (module >= file->n_modules)
		return PROGRAM;
	name = vr_text_base(vr_file_string(file, file->module[module].path));
	if (strncmp(name, "libvprof.so", 11) == 0)
		return LIBVPROF;
	return strncmp(name, "libunwind", 9) == 0 ? LIBUNWIND : PROGRAM;
}

/* Parents have smaller ids, so each node finds its parent's flags ready. */
uint8_t *vr_own_nodes(const struct vr_file *file)
{
	uint8_t *flags = vr_xcalloc(file->n_nodes + 1, sizeof(*flags));
	uint8_t *below = vr_xcalloc(file->n_nodes + 1, sizeof(*below));

	for (uint32_t i = 2; i < file->n_nodes; i++) {
		uint32_t parent = file->node[i].parent;

		if (parent >= i)
			continue;
		below[i] = below[parent];
		switch (kind_of(file, file->node[i].where)) {
		case LIBVPROF:
			below[i] = 1;
			flags[i] = VR_OWN_HIDDEN | VR_OWN_WORK;
			break;
		case LIBUNWIND: /* its own users keep it */
			flags[i] = below[parent] ? VR_OWN_HIDDEN | VR_OWN_WORK : 0;
			break;
		case KERNEL: /* a page fault of the hooks, say */
			flags[i] = flags[parent];
			break;
		case PROGRAM: /* the real malloc, called by a hook */
			break;
		}
	}
	free(below);
	return flags;
}
