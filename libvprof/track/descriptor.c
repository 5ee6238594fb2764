#include "track/descriptor.h"
#include "base/sys.h"

#include <errno.h>
#include <string.h>

uint64_t *vp_descriptor_closed_ns;
uint64_t vp_descriptors_closed_ns;

int vp_descriptors_init(void)
{
	const size_t bytes = VP_DESCRIPTORS * sizeof(*vp_descriptor_closed_ns);

	vp_descriptors_closed_ns = 0;
	/* Pages that nobody wrote to stay unwritten: most are never used. */
	if (vp_descriptor_closed_ns)
		vp_sys_unmap(vp_descriptor_closed_ns, bytes);
	vp_descriptor_closed_ns = vp_sys_map(bytes);
	return vp_descriptor_closed_ns ? 0 : -ENOMEM;
}
