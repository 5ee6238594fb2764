#include "base/private_heap.h"
#include "base/lock.h"
#include "base/own.h"
#include "base/sys.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>

/* The renamed jemalloc (base/jemalloc.redefine). */
int vpje_mallctl(const char *name, void *oldp, size_t *oldlenp, void *newp, size_t newlen);
void *vpje_mallocx(size_t size, int flags);
void vpje_dallocx(void *ptr, int flags);

/* Few threads ever get here, one at a time: caches would only cost memory. */
extern const char *vpje_malloc_conf;
const char *vpje_malloc_conf = "narenas:1,tcache:false,background_thread:false,"
			       "dirty_decay_ms:1000,muzzy_decay_ms:0";

/* What jemalloc would ask of its surroundings is answered here: it must not
 * read the host's MALLOC_CONF or /etc/malloc.conf, must not start threads, and
 * its profiler (never on) must not pull libm and libgcc into the host. */
char *vpje_getenv(const char *name);
ssize_t vpje_readlink(const char *path, char *buf, size_t size);
void *vpje_dlsym(void *handle, const char *name);
int vpje_pthread_create(void *thread, const void *attr, void *fn, void *arg);
int vpje_atexit(void (*fn)(void));
int vpje_unwind_backtrace(void *fn, void *arg);
unsigned long vpje_unwind_getip(void *context);
double vpje_exp(double x);
double vpje_log(double x);
double vpje_round(double x);

char *vpje_getenv(const char *name)
{
	(void)name;
	return NULL;
}

ssize_t vpje_readlink(const char *path, char *buf, size_t size)
{
	(void)path, (void)buf, (void)size;
	return -1;
}

void *vpje_dlsym(void *handle, const char *name)
{
	(void)handle, (void)name;
	return NULL;
}

int vpje_pthread_create(void *thread, const void *attr, void *fn, void *arg)
{
	(void)thread, (void)attr, (void)fn, (void)arg;
	return EAGAIN;
}

int vpje_atexit(void (*fn)(void))
{
	(void)fn;
	return 0;
}

int vpje_unwind_backtrace(void *fn, void *arg)
{
	(void)fn, (void)arg;
	return 0;
}

unsigned long vpje_unwind_getip(void *context)
{
	(void)context;
	return 0;
}

double vpje_exp(double x)
{
	return x;
}

double vpje_log(double x)
{
	return x;
}

double vpje_round(double x)
{
	return x;
}

/* Its locks are ours: libc's are plain stores while the program has no threads, and
 * the helper, which libc does not know, uses this heap, too.  They lie where jemalloc
 * keeps libc's. */
int vpje_mutex_init(void *mutex, const void *attributes);
int vpje_mutex_lock(void *mutex);
int vpje_mutex_trylock(void *mutex);
int vpje_mutex_unlock(void *mutex);

int vpje_mutex_init(void *mutex, const void *attributes)
{
	struct vp_lock *lock = mutex;

	(void)attributes;
	lock->word = 0;
	return 0;
}

int vpje_mutex_lock(void *mutex)
{
	vp_lock_take(mutex);
	return 0;
}

int vpje_mutex_trylock(void *mutex)
{
	return vp_lock_try(mutex) ? 0 : EBUSY;
}

int vpje_mutex_unlock(void *mutex)
{
	vp_lock_drop(mutex);
	return 0;
}

/* jemalloc keeps the states of all threads in a list, in their thread-local blocks, and
 * wants a thread-specific key to be told of their ends; the host may need every key, and
 * the helper has no end.  So each thread is taken out of the list right after its first
 * call: for jemalloc it has ended, and what is called afterwards is for once. */
static void (*forget)(void *state);
static __thread void *state_of_thread;
static __thread uint32_t forgotten;

int vpje_key_create(pthread_key_t *key, void (*destructor)(void *));
int vpje_setspecific(pthread_key_t key, void *value);

int vpje_key_create(pthread_key_t *key, void (*destructor)(void *))
{
	forget = destructor;
	*key = 0;
	return 0;
}

int vpje_setspecific(pthread_key_t key, void *value)
{
	(void)key;
	state_of_thread = value;
	return 0;
}

void vp_private_heap_thread_done(void)
{
	if (forgotten || !state_of_thread)
		return;
	forgotten = 1;
	forget(state_of_thread);
}

/* What it maps is ours, and told apart from the host's memory. */
void *vpje_mmap(void *at, size_t bytes, int protection, int flags, int fd, off_t offset);
int vpje_munmap(void *start, size_t bytes);
int vpje_madvise(void *start, size_t bytes, int advice);

/* One page, to find out what madvise does, it takes for granted and crashes without,
 * whenever it initialises.  Refused, it gets this one until it gives it back; every
 * other refusal it can take. */
static _Alignas(4096) char spare_page[4096];
static uint32_t spare_taken;

/* A heap that has grown large holds the table of a great many blocks.  In large
 * pages a fork (leak/search.h) copies an entry for 2 MiB of it and not for 4
 * KiB, and a look-up misses the TLB less. */
#define LARGE_FROM (32ull << 20) /* bytes mapped before */
#define LARGE_PAGE (2ull << 20)

static uint64_t mapped;

static void use_large_pages(void *start, size_t bytes)
{
	if (__atomic_fetch_add(&mapped, bytes, __ATOMIC_RELAXED) >= LARGE_FROM &&
	    bytes >= 2 * LARGE_PAGE)
		vp_sys(SYS_madvise, start, bytes, MADV_HUGEPAGE);
}

/* Giving back a few KiB would break up a large page for good: they are kept for
 * what comes next. */
int vpje_madvise(void *start, size_t bytes, int advice)
{
	long ret = -EINVAL;

	if (__atomic_load_n(&mapped, __ATOMIC_RELAXED) < LARGE_FROM || bytes >= LARGE_PAGE)
		ret = vp_sys(SYS_madvise, start, bytes, advice);
	if (ret == 0)
		return 0;
	errno = (int)-ret;
	return -1;
}

void *vpje_mmap(void *at, size_t bytes, int protection, int flags, int fd, off_t offset)
{
	long ret = at ? vp_sys6(SYS_mmap, (long)at, (long)bytes, protection, flags, fd, offset)
		      : vp_sys_mmap(bytes, protection, flags, fd);

	if (ret < 0 && ret > -4096 && bytes == sizeof(spare_page) &&
	    !__atomic_exchange_n(&spare_taken, 1, __ATOMIC_ACQUIRE))
		return spare_page;
	if (ret < 0 && ret > -4096) {
		errno = (int)-ret;
		return (void *)-1;
	}
	vp_own_add((void *)ret, bytes);
	use_large_pages((void *)ret, bytes);
	return (void *)ret;
}

int vpje_munmap(void *start, size_t bytes)
{
	long ret;

	if (start == spare_page) {
		memset(spare_page, 0, sizeof(spare_page));
		/* Pairs with the exchange that takes it. */
		__atomic_store_n(&spare_taken, 0, __ATOMIC_RELEASE);
		return 0;
	}
	vp_own_drop(start, bytes);
	ret = vp_sys(SYS_munmap, start, bytes, 0);
	if (ret == 0)
		return 0;
	vp_own_add(start, bytes);
	errno = (int)-ret;
	return -1;
}

/* From jemalloc.h: MALLOCX_TCACHE_NONE, MALLOCX_ZERO.  Threads it has forgotten use its
 * first arena, so there is no other. */
#define TCACHE_NONE_FLAG ((1 << 8))
#define ZERO_FLAG	 0x40

int vp_private_heap_init(void)
{
	void *first = vp_private_get(16);

	vp_private_put(first);
	return first ? 0 : -ENOMEM;
}

void *vp_private_get(size_t bytes)
{
	void *ptr = vpje_mallocx(bytes, TCACHE_NONE_FLAG | ZERO_FLAG);

	vp_private_heap_thread_done();
	return ptr;
}

void vp_private_put(void *ptr)
{
	if (!ptr)
		return;
	vpje_dallocx(ptr, TCACHE_NONE_FLAG);
	vp_private_heap_thread_done();
}

static uint64_t stat_of(const char *name)
{
	uint64_t value = 0;
	size_t len = sizeof(value);

	return vpje_mallctl(name, &value, &len, NULL, 0) == 0 ? value : 0;
}

void vp_private_heap_stats(uint64_t *allocated, uint64_t *resident)
{
	uint64_t epoch = 1;
	size_t len = sizeof(epoch);

	vpje_mallctl("epoch", &epoch, &len, &epoch, sizeof(epoch));
	*allocated =
	    stat_of("stats.arenas.0.small.allocated") + stat_of("stats.arenas.0.large.allocated");
	*resident = stat_of("stats.arenas.0.resident");
	vp_private_heap_thread_done();
}
