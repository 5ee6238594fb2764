/* Locking all memory of the process. */
#include "base/real.h"
#include "control/control.h"
#include "hooks/hooks.h"

#include <errno.h>
#include <sys/mman.h>

/* Also for syscall(SYS_mlockall). */
int vp_hook_mlockall(int flags)
{
	int saved = errno, err;

	err = vp_lock_memory(flags);
	errno = err ? -err : saved;
	return err ? -1 : 0;
}

VP_HOOK int mlockall(int flags)
{
	return vp_hook_mlockall(flags);
}

VP_HOOK int munlockall(void)
{
	vp_unlock_memory();
	return vp_real.munlockall();
}
