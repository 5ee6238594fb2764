/* Memory that the program maps itself. */
#include "base/real.h"
#include "hooks/hooks.h"
#include "track/maps.h"

#include <sys/mman.h>
#include <sys/syscall.h>

/* Declares `ret` and makes the real call, between the halves of its record. */
#define RECORDED(type, number, real, ...)                                                          \
	const long call[6] = {number, __VA_ARGS__};                                                \
	struct vp_regs caller = VP_CALLER_REGS();                                                  \
	struct vp_map_op op;                                                                       \
	type ret;                                                                                  \
                                                                                                   \
	vp_maps_before(&op, call);                                                                 \
	ret = real;                                                                                \
	vp_maps_after(&op, call, (long)ret, &caller)

VP_HOOK void *mmap(void *at, size_t bytes, int protection, int flags, int fd, off_t offset)
{
	RECORDED(void *, SYS_mmap, vp_real.mmap(at, bytes, protection, flags, fd, offset), (long)at,
		 (long)bytes, protection, flags, fd);
	return ret;
}

VP_HOOK_ALSO(mmap64, mmap);

VP_HOOK int munmap(void *at, size_t bytes)
{
	RECORDED(int, SYS_munmap, vp_real.munmap(at, bytes), (long)at, (long)bytes);
	return ret;
}

VP_HOOK void *vp_hook_mremap(void *at, size_t old, size_t bytes, int flags, void *to)
{
	RECORDED(void *, SYS_mremap, vp_real.mremap(at, old, bytes, flags, to), (long)at, (long)old,
		 (long)bytes, flags);
	return ret;
}

VP_HOOK int madvise(void *at, size_t bytes, int advice)
{
	RECORDED(int, SYS_madvise, vp_real.madvise(at, bytes, advice), (long)at, (long)bytes,
		 advice);
	return ret;
}

VP_HOOK int brk(void *end)
{
	RECORDED(int, SYS_brk, vp_real.brk(end), (long)end);
	return ret;
}

/* sbrk(0) asks where the break is. */
VP_HOOK void *sbrk(intptr_t by)
{
	if (by == 0)
		return vp_real.sbrk(by);
	RECORDED(void *, SYS_brk, vp_real.sbrk(by), by);
	return ret;
}

VP_HOOK void *shmat(int id, const void *at, int flags)
{
	RECORDED(void *, SYS_shmat, vp_real.shmat(id, at, flags), id, (long)at, flags);
	return ret;
}

VP_HOOK int shmdt(const void *at)
{
	RECORDED(int, SYS_shmdt, vp_real.shmdt(at), (long)at);
	return ret;
}
