#include "base/real.h"
#include "base/early.h"
#include "base/real_lock.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

/* While dlsym runs it may call malloc: those calls get early memory. */
static uint32_t resolving;

static void *first_malloc(size_t size);
static void *first_calloc(size_t n, size_t size);
static void *first_realloc(void *ptr, size_t size);
static void *first_reallocarray(void *ptr, size_t n, size_t size);
static void first_free(void *ptr);
static int first_posix_memalign(void **out, size_t align, size_t size);
static void *first_aligned_alloc(size_t align, size_t size);
static void *first_memalign(size_t align, size_t size);
static void *first_valloc(size_t size);
static void *first_pvalloc(size_t size);
static size_t first_usable_size(void *ptr);

struct vp_real vp_real = {
    .malloc_fn = first_malloc,
    .calloc_fn = first_calloc,
    .realloc_fn = first_realloc,
    .reallocarray_fn = first_reallocarray,
    .free_fn = first_free,
    .posix_memalign_fn = first_posix_memalign,
    .aligned_alloc_fn = first_aligned_alloc,
    .memalign_fn = first_memalign,
    .valloc_fn = first_valloc,
    .pvalloc_fn = first_pvalloc,
    .usable_size_fn = first_usable_size,
};

static void take(void *slot, const char *name)
{
	void *next = vp_real.dlsym_fn(RTLD_NEXT, name);

	if (next)
		memcpy(slot, &next, sizeof(next));
}

static void *next(const char *name, const char *version)
{
	return version ? dlvsym(RTLD_NEXT, name, version) : vp_real.dlsym_fn(RTLD_NEXT, name);
}

#define TAKE(member, name) take(&found.member, name)

void vp_real_resolve(void)
{
	static uint32_t done;
	struct vp_real found;
	void *next_dlsym;

	if (__atomic_load_n(&done, __ATOMIC_ACQUIRE))
		return;
	__atomic_add_fetch(&resolving, 1, __ATOMIC_RELAXED);
	/* The name is ours, too; the oldest version is the one that all have. */
	next_dlsym = dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.2.5");
	memcpy(&vp_real.dlsym_fn, &next_dlsym, sizeof(next_dlsym));
	found = vp_real;
	TAKE(malloc_fn, "malloc");
	TAKE(calloc_fn, "calloc");
	TAKE(realloc_fn, "realloc");
	TAKE(reallocarray_fn, "reallocarray");
	TAKE(free_fn, "free");
	TAKE(posix_memalign_fn, "posix_memalign");
	TAKE(aligned_alloc_fn, "aligned_alloc");
	TAKE(memalign_fn, "memalign");
	TAKE(valloc_fn, "valloc");
	TAKE(pvalloc_fn, "pvalloc");
	TAKE(usable_size_fn, "malloc_usable_size");
	TAKE(pthread_create_fn, "pthread_create");
	TAKE(pthread_getattr_np_fn, "pthread_getattr_np");
	TAKE(pthread_key_create_fn, "pthread_key_create");
	TAKE(tss_create_fn, "tss_create");
	TAKE(thrd_create_fn, "thrd_create");
	TAKE(exit_fn, "exit");
	TAKE(exit_now_fn, "_exit");
	TAKE(quick_exit_fn, "quick_exit");
	TAKE(execve_fn, "execve");
	TAKE(execvpe_fn, "execvpe");
	TAKE(fexecve_fn, "fexecve");
	TAKE(dlopen_fn, "dlopen");
	TAKE(dlmopen_fn, "dlmopen");
	TAKE(dlclose_fn, "dlclose");
	TAKE(mlockall_fn, "mlockall");
	TAKE(munlockall_fn, "munlockall");
	TAKE(capset_fn, "capset");
	TAKE(setuid_fn, "setuid");
	TAKE(setgid_fn, "setgid");
	TAKE(seteuid_fn, "seteuid");
	TAKE(setegid_fn, "setegid");
	TAKE(setreuid_fn, "setreuid");
	TAKE(setregid_fn, "setregid");
	TAKE(setresuid_fn, "setresuid");
	TAKE(setresgid_fn, "setresgid");
	TAKE(setfsuid_fn, "setfsuid");
	TAKE(setfsgid_fn, "setfsgid");
	TAKE(setgroups_fn, "setgroups");
	TAKE(initgroups_fn, "initgroups");
	TAKE(unshare_fn, "unshare");
	TAKE(setns_fn, "setns");
	TAKE(prctl_fn, "prctl");
	TAKE(syscall_fn, "syscall");
	TAKE(sigaction_fn, "sigaction");
	TAKE(signal_fn, "signal");
	TAKE(sysv_signal_fn, "sysv_signal");
	TAKE(sigset_fn, "sigset");
	TAKE(siginterrupt_fn, "siginterrupt");
	TAKE(sigprocmask_fn, "sigprocmask");
	TAKE(pthread_sigmask_fn, "pthread_sigmask");
	vp_real = found;
	vp_real_lock_resolve(next);
	__atomic_sub_fetch(&resolving, 1, __ATOMIC_RELAXED);
	__atomic_store_n(&done, 1, __ATOMIC_RELEASE);
}

/* True when the call comes from within dlsym: serve early memory. */
static int inside(void)
{
	if (__atomic_load_n(&resolving, __ATOMIC_RELAXED))
		return 1;
	vp_real_resolve();
	return 0;
}

static void *early(size_t align, size_t size)
{
	void *ptr = vp_early_alloc(align, size);

	if (!ptr)
		errno = ENOMEM;
	return ptr;
}

static void *first_malloc(size_t size)
{
	return inside() ? early(1, size) : vp_real.malloc_fn(size);
}

static void *first_calloc(size_t n, size_t size)
{
	size_t bytes;

	if (!inside())
		return vp_real.calloc_fn(n, size);
	return __builtin_mul_overflow(n, size, &bytes) ? NULL : early(1, bytes);
}

static void *first_realloc(void *ptr, size_t size)
{
	void *fresh;

	if (!inside())
		return vp_real.realloc_fn(ptr, size);
	fresh = early(1, size);
	if (fresh && ptr)
		memcpy(fresh, ptr, vp_early_size(ptr) < size ? vp_early_size(ptr) : size);
	return fresh;
}

static void *first_reallocarray(void *ptr, size_t n, size_t size)
{
	size_t bytes;

	if (!inside())
		return vp_real.reallocarray_fn(ptr, n, size);
	return __builtin_mul_overflow(n, size, &bytes) ? NULL : first_realloc(ptr, bytes);
}

static void first_free(void *ptr)
{
	if (!inside())
		vp_real.free_fn(ptr);
}

static int first_posix_memalign(void **out, size_t align, size_t size)
{
	void *ptr;

	if (!inside())
		return vp_real.posix_memalign_fn(out, align, size);
	ptr = vp_early_alloc(align, size);
	if (!ptr)
		return ENOMEM;
	*out = ptr;
	return 0;
}

static void *first_aligned_alloc(size_t align, size_t size)
{
	return inside() ? early(align, size) : vp_real.aligned_alloc_fn(align, size);
}

static void *first_memalign(size_t align, size_t size)
{
	return inside() ? early(align, size) : vp_real.memalign_fn(align, size);
}

static void *first_valloc(size_t size)
{
	return inside() ? early(4096, size) : vp_real.valloc_fn(size);
}

static void *first_pvalloc(size_t size)
{
	return inside() ? early(4096, size) : vp_real.pvalloc_fn(size);
}

static size_t first_usable_size(void *ptr)
{
	return inside() ? vp_early_size(ptr) : vp_real.usable_size_fn(ptr);
}

void *vp_real_default(const char *name)
{
	void *found = vp_real.dlsym_fn(RTLD_DEFAULT, name), *entry;
	Dl_info info;

	/* An executable linked at a fixed address that takes a function's address
	 * stands in for it with its own PLT stub: that defines nothing. */
	if (found && dladdr1(found, &info, &entry, RTLD_DL_SYMENT) && entry &&
	    ((const ElfW(Sym) *)entry)->st_shndx == SHN_UNDEF)
		return vp_real.dlsym_fn(RTLD_NEXT, name);
	return found;
}

void *vp_real_open(const char *soname)
{
	return vp_real.dlopen_fn(soname, RTLD_NOW | RTLD_LOCAL);
}

void *vp_real_symbol(void *library, const char *name)
{
	return vp_real.dlsym_fn(library, name);
}
