#include "base/glibc.h"
#include "base/fmt.h"
#include "base/real.h"
#include "base/sys.h"

#include <dlfcn.h>
#include <link.h>
#include <string.h>

/* What glibc 2.35 and later have, until the one that is there says something else. */
struct vp_glibc vp_glibc = {.descriptor_bytes = 0x900, .tid_at = VP_DESCRIPTOR_TID};

static void unlike(enum vp_glibc_part part)
{
	__atomic_or_fetch(&vp_glibc.unlike, 1u << part, __ATOMIC_RELAXED);
}

/* --- locks ------------------------------------------------------------------ */
static int mutex_is_known(pthread_mutex_t *mutex, int tid)
{
	uint32_t kind = (uint32_t)mutex->__data.__kind, word, after;
	int owned;

	if (kind & (VP_MUTEX_SHARED | VP_MUTEX_PROTECT) ||
	    vp_real.pthread_mutex_trylock(mutex) != 0)
		return 0;
	word = (uint32_t)mutex->__data.__lock & VP_MUTEX_HOLDER;
	owned = mutex->__data.__owner == tid;
	if (vp_real.pthread_mutex_unlock(mutex) != 0)
		return 0;
	after = (uint32_t)mutex->__data.__lock & VP_MUTEX_HOLDER;
	return word != 0 && after == 0 &&
	       (owned || (kind & VP_MUTEX_TYPE) == PTHREAD_MUTEX_NORMAL ||
		(kind & VP_MUTEX_TYPE) == PTHREAD_MUTEX_ADAPTIVE_NP);
}

static int rwlocks_are_known(void)
{
	pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
	uint32_t read, written;

	if (lock.__data.__flags != PTHREAD_RWLOCK_PREFER_READER_NP ||
	    vp_real.pthread_rwlock_tryrdlock(&lock) != 0)
		return 0;
	read = lock.__data.__readers;
	if (vp_real.pthread_rwlock_unlock(&lock) != 0 ||
	    vp_real.pthread_rwlock_trywrlock(&lock) != 0)
		return 0;
	written = lock.__data.__readers;
	return vp_real.pthread_rwlock_unlock(&lock) == 0 && read >> VP_RWLOCK_READERS == 1 &&
	       !(read & VP_RWLOCK_WRITER) && written & VP_RWLOCK_WRITER &&
	       written >> VP_RWLOCK_READERS == 0;
}

static void learn_locks(void)
{
	pthread_mutex_t mutex[] = {
	    PTHREAD_MUTEX_INITIALIZER, PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP,
	    PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP, PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP};
	int tid = vp_sys_tid(), known = rwlocks_are_known();

	for (unsigned i = 0; i < sizeof(mutex) / sizeof(mutex[0]); i++)
		known = known && mutex_is_known(&mutex[i], tid);
	if (!known)
		unlike(VP_GLIBC_LOCKS);
}

/* --- threads ---------------------------------------------------------------- */
/* libc tells debuggers, in words that it exports: the number of bytes, or, of a member,
 * its bits, how many there are, and where it begins. */
static uint32_t told(const char *name, uint32_t index)
{
	const uint32_t *word = vp_real_symbol(RTLD_NEXT, name);

	if (!word)
		dlerror(); /* ours, not the host's */
	return word ? word[index] : 0;
}

static uint64_t word_at(const uint8_t *descriptor, uint32_t at)
{
	uint64_t word;

	memcpy(&word, descriptor + at, sizeof(word));
	return word;
}

/* Where a word, or its lower half, stands in a descriptor; 0: nowhere. */
static uint32_t find_word(const uint8_t *descriptor, uint64_t wanted, uint64_t mask)
{
	for (uint32_t at = 0x100; at < 0x800; at += 8) {
		if ((word_at(descriptor, at) & mask) == wanted)
			return at;
	}
	return 0;
}

static void learn_threads(void)
{
	const uint8_t *own = __builtin_thread_pointer();
	uint64_t self = (uint64_t)(uintptr_t)own, tid = (uint32_t)vp_sys_tid();
	uint32_t bytes = told("_thread_db_sizeof_pthread", 0);
	uint32_t tid_at = told("_thread_db_pthread_tid", 2);

	if (bytes >= 0x400 && bytes <= 0x4000)
		vp_glibc.descriptor_bytes = bytes;
	if (tid_at && tid_at < vp_glibc.descriptor_bytes - 8)
		vp_glibc.tid_at = tid_at;
	if ((uint32_t)word_at(own, vp_glibc.tid_at) != tid)
		vp_glibc.tid_at = find_word(own, tid, 0xffffffffu);
	vp_glibc.start_at = 0;
	if (!vp_glibc.tid_at || word_at(own, VP_DESCRIPTOR_SELF) != self ||
	    word_at(own, VP_DESCRIPTOR_SELF_2) != self)
		unlike(VP_GLIBC_THREADS);
}

void vp_glibc_learn_start(const void *start)
{
	const uint8_t *own = __builtin_thread_pointer();
	uint64_t wanted = (uint64_t)(uintptr_t)start, joiner;
	static uint32_t learned;
	uint32_t at;

	if (!start || __atomic_exchange_n(&learned, 1, __ATOMIC_RELAXED))
		return;
	at = find_word(own, wanted, ~0ull);
	if (!at)
		return;
	joiner = word_at(own, at - VP_DESCRIPTOR_JOINER_BEFORE);
	if (joiner == 0 || joiner == (uint64_t)(uintptr_t)own)
		vp_glibc.start_at = at;
}

/* Who stands between us and libc has to see each call, and a lock that is to be elided needs
 * libc's own code.  Context: after the others. */
static int is_of_libc(const void *function)
{
	const void *libc = vp_real_symbol(RTLD_NEXT, "_thread_db_sizeof_pthread");
	struct link_map *theirs = NULL, *own = NULL;
	Dl_info info;

	return libc && dladdr1(function, &info, (void **)&theirs, RTLD_DL_LINKMAP) &&
	       dladdr1(libc, &info, (void **)&own, RTLD_DL_LINKMAP) && theirs == own;
}

static int takes_as_libc(void)
{
	pthread_mutex_t fresh = PTHREAD_MUTEX_INITIALIZER, theirs = fresh, ours = fresh;
	int same;

	if (vp_real.pthread_mutex_lock(&theirs) != 0)
		return 0;
	same = vp_mutex_take(&ours) && !memcmp(&ours, &theirs, sizeof(ours));
	vp_real.pthread_mutex_unlock(&theirs);
	if (same)
		vp_real.pthread_mutex_unlock(&ours);
	return same && !memcmp(&ours, &fresh, sizeof(ours));
}

/* One by libc and one by us are the same; and so they are when they are given back. */
static int rwlocks_agree(pthread_rwlock_t *ours, pthread_rwlock_t *theirs,
			 int (*take)(pthread_rwlock_t *), int (*libcs)(pthread_rwlock_t *))
{
	int same;

	if (libcs(theirs) != 0)
		return 0;
	same = take(ours) && !memcmp(ours, theirs, sizeof(*ours));
	vp_real.pthread_rwlock_unlock(theirs);
	if (same)
		vp_real.pthread_rwlock_unlock(ours);
	return same && !memcmp(ours, theirs, sizeof(*ours));
}

/* Read, written as nobody had it, written as a writer left it; and not read then, which is a
 * longer way. */
static int takes_rwlocks_as_libc(void)
{
	pthread_rwlock_t ours = PTHREAD_RWLOCK_INITIALIZER, theirs = ours;

	return rwlocks_agree(&ours, &theirs, vp_rwlock_take_read, vp_real.pthread_rwlock_rdlock) &&
	       rwlocks_agree(&ours, &theirs, vp_rwlock_take_write, vp_real.pthread_rwlock_wrlock) &&
	       rwlocks_agree(&ours, &theirs, vp_rwlock_take_write, vp_real.pthread_rwlock_wrlock) &&
	       !vp_rwlock_take_read(&ours);
}

static void learn_taking(void)
{
	int known = vp_glibc_knows(VP_GLIBC_LOCKS) && vp_glibc_knows(VP_GLIBC_THREADS) &&
		    vp_glibc.tid_at == VP_DESCRIPTOR_TID;

	vp_glibc.takes = known && is_of_libc((const void *)vp_real.pthread_mutex_lock) &&
			 is_of_libc((const void *)vp_real.pthread_mutex_trylock) &&
			 is_of_libc((const void *)vp_real.pthread_mutex_unlock) && takes_as_libc();
	vp_glibc.takes_rwlocks = known && is_of_libc((const void *)vp_real.pthread_rwlock_rdlock) &&
				 is_of_libc((const void *)vp_real.pthread_rwlock_tryrdlock) &&
				 is_of_libc((const void *)vp_real.pthread_rwlock_wrlock) &&
				 is_of_libc((const void *)vp_real.pthread_rwlock_trywrlock) &&
				 is_of_libc((const void *)vp_real.pthread_rwlock_unlock) &&
				 takes_rwlocks_as_libc();
}

/* --- what else -------------------------------------------------------------- */
/* A plain copy shares the extension it points to, and is never destroyed. */
static void learn_attr(void)
{
	const size_t asked = 1u << 20;
	size_t before = 0, copied = 0, after = 0;
	pthread_attr_t attr, copy;

	if (pthread_attr_init(&attr) != 0)
		return;
	pthread_attr_getstacksize(&attr, &before);
	memcpy(&copy, &attr, sizeof(copy));
	pthread_attr_setstacksize(&copy, asked);
	pthread_attr_getstacksize(&copy, &copied);
	pthread_attr_getstacksize(&attr, &after);
	pthread_attr_destroy(&attr);
	if (copied != asked || after != before || before == asked)
		unlike(VP_GLIBC_ATTR);
}

/* What no program can fill in, nor use as a real-time signal, is libc's own. */
static void learn_signal(void)
{
	sigset_t all;

	sigfillset(&all);
	if (SIGRTMIN <= VP_SIGSETXID || sigismember(&all, VP_SIGSETXID) == 1)
		unlike(VP_GLIBC_SIGNAL);
}

static void learn_objects(void)
{
	const struct link_map *map = _r_debug.r_map, *before = NULL;

	if (_r_debug.r_version < 1 || !map)
		unlike(VP_GLIBC_OBJECTS);
	for (; map; before = map, map = map->l_next) {
		if (map->l_prev != before) {
			unlike(VP_GLIBC_OBJECTS);
			return;
		}
	}
}

void vp_glibc_learn(void)
{
	vp_glibc.unlike = 0;
	learn_locks();
	learn_threads();
	learn_taking();
	learn_attr();
	learn_signal();
	learn_objects();
}

const char *vp_glibc_text(char *out, uint32_t bytes)
{
	static const char *const without[VP_GLIBC_PARTS] = {
	    "locks: no waits recorded",
	    "threads: a search takes all of their stacks",
	    "thread attributes: small stacks are not made larger",
	    "its signal: a search stops no thread",
	    "the list of objects: modules opened by others are looked at late",
	};
	struct vp_text text;

	vp_text_init(&text, out, bytes);
	for (unsigned part = 0; part < VP_GLIBC_PARTS; part++) {
		if (vp_glibc_knows(part))
			continue;
		if (text.len)
			vp_text_str(&text, "; ");
		vp_text_str(&text, without[part]);
	}
	return out;
}
