/* Where our memory lies.  The kernel would put a mapping into the first hole that is large
 * enough.  A hole between the host's mappings is the host's, though: that nobody else maps
 * there is all a program with one thread needs to unmap a range twice, or to map into it
 * with MAP_FIXED, and our helper is another thread.  So ours begin 64 GiB below the
 * library, and go down from there. */
#include "base/own.h"
#include "base/sys.h"

#include <sys/mman.h>

#define BELOW	   (64ull << 30)
#define ROOM	   (64ull << 30) /* of addresses, then from the top again */
#define PAGE	   4096ull
#define LARGE_PAGE (2ull << 20)

#define VP_SYS_MAX_ERRNO 4095UL

static uint64_t used; /* of ROOM, and past it: modulo */

/* An address nobody was given yet in this round, or 0: anywhere.  Memory of whole large
 * pages begins at one, as the kernel would have it. */
static long place(uint64_t bytes)
{
	uint64_t align = bytes >= LARGE_PAGE ? LARGE_PAGE : PAGE;
	uint64_t here = (uint64_t)(uintptr_t)&used, from = (here - BELOW) & -LARGE_PAGE;
	uint64_t room = ((bytes + PAGE - 1) & -PAGE) + align - PAGE;
	uint64_t down;

	if (here < 2 * (BELOW + ROOM) || room > ROOM / 4)
		return 0;
	down = __atomic_add_fetch(&used, room, __ATOMIC_RELAXED) % ROOM;
	return (long)((from - down + align - PAGE) & -align);
}

long vp_sys_mmap(size_t bytes, int protection, int flags, int fd)
{
	return vp_sys6(SYS_mmap, place(bytes), (long)bytes, protection, flags, fd, 0);
}

void *vp_sys_map(size_t bytes)
{
	long ret = vp_sys_mmap(bytes, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);

	if ((unsigned long)ret >= -VP_SYS_MAX_ERRNO)
		return NULL;
	vp_own_add((void *)ret, bytes); /* NOLINT(performance-no-int-to-ptr) */
	return (void *)ret;		/* NOLINT(performance-no-int-to-ptr) */
}

void vp_sys_unmap(void *start, size_t bytes)
{
	if (!start)
		return;
	vp_own_drop(start, bytes); /* before: the next mapping may be there */
	vp_sys(SYS_munmap, start, bytes, 0);
}
