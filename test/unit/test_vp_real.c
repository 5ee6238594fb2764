/* The functions behind the hooks: found at the first call, failing as they would where libc
 * has none of that name. */
#include "base/early.h"
#include "base/real.h"
#include "check_main.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct vp_real kept;

static void begin(void)
{
	kept = vp_real;
}

static void end(void)
{
	vp_real = kept;
}

/* The first of all calls, of any entry. */
START_TEST(the_first_call_arrives)
{
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

	ck_assert_int_eq(vp_real.pthread_mutex_lock(&mutex), 0);
	ck_assert_int_eq(pthread_mutex_trylock(&mutex), EBUSY);
}
END_TEST

START_TEST(no_entry_is_ever_empty)
{
	void *entry[sizeof(vp_real) / sizeof(void *)];

	memcpy(entry, &vp_real, sizeof(entry));
	for (size_t i = 0; i < sizeof(entry) / sizeof(entry[0]); i++)
		ck_assert_ptr_nonnull(entry[i]);
	vp_real_resolve();
	memcpy(entry, &vp_real, sizeof(entry));
	for (size_t i = 0; i < sizeof(entry) / sizeof(entry[0]); i++)
		ck_assert_ptr_nonnull(entry[i]);
}
END_TEST

static void *finds_none(const char *name, const char *version)
{
	(void)name, (void)version;
	return NULL;
}

#define FAILS(value, call) (errno = 0, (call) == (value) && errno == ENOSYS)

START_TEST(what_libc_lacks_fails_in_its_own_way)
{
	char *const none[] = {NULL};
	pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	sigset_t set;
	mtx_t mtx;
	int failed = 0;

	vp_real_resolve_by(finds_none);
	failed += FAILS(NULL, vp_real.malloc(1)) && FAILS(NULL, vp_real.reallocarray(NULL, 1, 1));
	failed += vp_real.malloc_usable_size(NULL) == 0;
	failed += FAILS(-1, vp_real.execve("/", none, none)) && FAILS(-1, vp_real.unshare(0));
	failed += FAILS(-1, vp_real.prctl(0, 0, 0, 0, 0)) && FAILS(-1, vp_real.setuid(0));
	failed += FAILS(SIG_ERR, vp_real.signal(SIGHUP, SIG_DFL));
	failed += FAILS(-1, vp_real.sigprocmask(SIG_BLOCK, NULL, &set));
	failed += vp_real.pthread_sigmask(SIG_BLOCK, NULL, &set) == ENOSYS;
	failed += vp_real.pthread_mutex_clocklock(&mutex, 0, NULL) == ENOSYS;
	failed += vp_real.pthread_cond_wait_old(&cond, &mutex) == ENOSYS;
	failed += vp_real.mtx_lock(&mtx) == thrd_error;
	failed += vp_real.thrd_create(NULL, NULL, NULL) == thrd_error;
	failed += !vp_real.dlopen("x", 1) && !vp_real.dlsym(NULL, "x");
	end();
	ck_assert_int_eq(failed, 12);
}
END_TEST

static int status_of(void (*leave)(int))
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		leave(7);
		abort();
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	return status;
}

/* They have to, whatever libc has. */
START_TEST(what_ends_a_process_ends_it)
{
	struct vp_real lacking;

	vp_real_resolve_by(finds_none);
	lacking = vp_real;
	end();
	ck_assert_int_eq(status_of(lacking._exit), 7 << 8);
	ck_assert_int_eq(status_of(lacking.quick_exit), 7 << 8);
}
END_TEST

/* A search that comes back: it allocates, and calls what it has not found yet. */
static void *got;
static int locked;

static void *comes_back(const char *name, const char *version)
{
	static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

	(void)version;
	if (!strcmp(name, "dlopen")) {
		got = kept.realloc(kept.calloc(3, 5), 20);
		kept.free(got);
		locked =
		    kept.pthread_mutex_lock(&mutex) == 0 && pthread_mutex_trylock(&mutex) == EBUSY;
	}
	return NULL;
}

START_TEST(a_search_may_come_back)
{
	vp_real_resolve_by(comes_back);
	end();
	ck_assert(vp_early_owns(got));
	ck_assert_uint_eq(vp_early_size(got), 20);
	ck_assert(locked);
}
END_TEST

/* Which of two versions: "plain, 2.3.2, 2.2.5", as a lookup finds them; 0 for none. */
static const char *found;

static void *finds_versions(const char *name, const char *version)
{
	int at = !version ? 0 : !strcmp(version, "GLIBC_2.3.2") ? 1 : 2;

	if (strcmp(name, "pthread_cond_wait") != 0 || found[at] == '0')
		return NULL;
	return (void *)(uintptr_t)found[at];
}

static int picks(const char *versions, char fresh, char old)
{
	char is_fresh, is_old;

	found = versions;
	vp_real_resolve_by(finds_versions);
	is_fresh = (char)(uintptr_t)vp_real.pthread_cond_wait;
	is_old = (char)(uintptr_t)vp_real.pthread_cond_wait_old;
	end();
	return is_fresh == fresh && is_old == old;
}

START_TEST(a_condition_stays_with_the_code_of_its_version)
{
	ck_assert(picks("nno", 'n', 'o'));
	ck_assert(picks("ono", 'n', 'o')); /* a plain lookup may give the old one */
	ck_assert(picks("pno", 'p', 'o')); /* another preloaded library stays in the chain */
	ck_assert(picks("p00", 'p', 'p')); /* a libc with one version */
	ck_assert(picks("o0o", 'o', 'o'));
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_checked_fixture(tests, begin, end);
	tcase_add_test(tests, the_first_call_arrives);
	tcase_add_test(tests, no_entry_is_ever_empty);
	tcase_add_test(tests, what_libc_lacks_fails_in_its_own_way);
	tcase_add_test(tests, what_ends_a_process_ends_it);
	tcase_add_test(tests, a_search_may_come_back);
	tcase_add_test(tests, a_condition_stays_with_the_code_of_its_version);
}

int main(void)
{
	return check_main("real", cases);
}
