/* The first thing of ours that runs. */
#include "hooks/entry.h"
#include "base/state.h"
#include "control/control.h"
#include "control/trace.h"
#include "hooks/operators.h"
#include "hooks/patched.h"

#include <unistd.h>

/* Not before libc's own constructor, which sets `environ`: what we load would
 * then initialise libc with no arguments and no environment. */
void vp_entry_start(void)
{
	if (!environ || vp_tls.busy || __atomic_exchange_n(&vp_started, 1, __ATOMIC_ACQ_REL))
		return;
	vp_trace_use((const void *)(uintptr_t)vp_patched);
	vp_begin(environ, &vp_operator_hooks);
}

static const void *const volatile loaded = (const void *)&loaded;

int vp_entry_loaded(void)
{
	return loaded == (const void *)&loaded;
}

__attribute__((constructor)) static void constructed(void)
{
	vp_entry_start();
}
