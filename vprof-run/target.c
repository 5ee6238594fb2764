#include "target.h"

#include "cli/library.h"
#include "cli/target.h"
#include "cli/warn.h"

#include <stdlib.h>

int vrun_target_check(const char *name)
{
	static const int status[] = {
	    [VR_TARGET_FINE] = 0,
	    [VR_TARGET_ABSENT] = 127,
	    [VR_TARGET_REFUSED] = 126,
	    [VR_TARGET_UNFIT] = 125,
	};
	char *library = vr_library_find();
	struct vr_target target;
	int ret;

	vr_target_look(name, library, &target);
	ret = status[target.trouble];
	if (target.trouble == VR_TARGET_UNFIT)
		vr_warn("%s cannot be profiled: %s. Nothing was run; %s", name, target.why,
			target.fix);
	else if (target.trouble)
		vr_warn("%s cannot be started: %s%s%s", name, target.why, target.fix ? "; " : "",
			target.fix ? target.fix : "");
	vr_target_free(&target);
	free(library);
	return ret;
}
