/* What the library knows of glibc, looked at in the one that is here, and in one that is
 * not as it knows it: this program stands in for single functions, and changes single words. */
#include "base/glibc.h"
#include "base/real.h"
#include "check_main.h"

#include <errno.h>
#include <link.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static struct vp_real kept;
static int fills_all, sets_size;

/* libc's own leaves out the signals that it keeps. */
int sigfillset(sigset_t *set)
{
	memset(set, 0xff, sizeof(*set));
	if (!fills_all)
		*(unsigned long *)set &= ~(1ul << (VP_SIGSETXID - 1));
	return 0;
}

static size_t shared_size;

/* As if a copy shared what it copies. */
int pthread_attr_getstacksize(const pthread_attr_t *attr, size_t *size)
{
	void *stack;
	size_t before = shared_size;

	if (sets_size)
		*size = before;
	else if (pthread_attr_getstack(attr, &stack, size) != 0)
		return -1;
	return 0;
}

static void begin(void)
{
	fills_all = sets_size = 0;
	vp_real_resolve();
	kept = vp_real;
}

static void end(void)
{
	vp_real = kept;
}

static const char *text(void)
{
	static char out[512];

	return vp_glibc_text(out, sizeof(out));
}

#define ONLY(part) (1u << (part))

START_TEST(the_one_that_is_here_is_known)
{
	uint32_t tid;

	vp_glibc_learn();
	ck_assert_uint_eq(vp_glibc.unlike, 0);
	ck_assert_str_eq(text(), "");
	memcpy(&tid, (char *)pthread_self() + vp_glibc.tid_at, sizeof(tid));
	ck_assert_int_eq((int)tid, gettid());
}
END_TEST

static int takes_nothing(pthread_mutex_t *mutex)
{
	(void)mutex;
	return 0;
}

START_TEST(a_trylock_that_takes_nothing_is_noticed)
{
	vp_real.pthread_mutex_trylock = takes_nothing;
	vp_glibc_learn();
	ck_assert_uint_eq(vp_glibc.unlike, ONLY(VP_GLIBC_LOCKS));
	ck_assert_str_eq(text(), "locks: no waits recorded");
}
END_TEST

static int reads_nothing(pthread_rwlock_t *lock)
{
	(void)lock;
	return 0;
}

static int locks_once_more(pthread_mutex_t *mutex)
{
	return kept.pthread_mutex_lock(mutex);
}

/* A free mutex is taken here only as libc does it, and where nobody stands before libc. */
START_TEST(mutexes_are_left_to_whoever_takes_them_otherwise)
{
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

	vp_glibc_learn();
	ck_assert_uint_eq(vp_glibc.takes, 1);
	ck_assert_int_eq(vp_mutex_take(&mutex), 1);
	ck_assert_int_eq(vp_mutex_take(&mutex), 0);
	ck_assert_int_eq(mutex.__data.__owner, gettid());
	ck_assert_int_eq(pthread_mutex_unlock(&mutex), 0);
	ck_assert_int_eq(pthread_mutex_destroy(&mutex), 0);
	vp_real.pthread_mutex_lock = locks_once_more;
	vp_glibc_learn();
	ck_assert_uint_eq(vp_glibc.takes, 0);
	vp_real.pthread_mutex_lock = kept.pthread_mutex_destroy; /* libc's, and no lock */
	vp_glibc_learn();
	ck_assert_uint_eq(vp_glibc.takes, 0);
	ck_assert_uint_eq(vp_glibc.unlike, 0);
}
END_TEST

START_TEST(a_rwlock_that_counts_no_reader_is_noticed)
{
	vp_real.pthread_rwlock_tryrdlock = reads_nothing;
	vp_real.pthread_rwlock_unlock = reads_nothing;
	vp_glibc_learn();
	ck_assert_uint_eq(vp_glibc.unlike, ONLY(VP_GLIBC_LOCKS));
}
END_TEST

static int reads_once_more(pthread_rwlock_t *lock)
{
	return kept.pthread_rwlock_rdlock(lock);
}

START_TEST(rwlocks_are_left_to_whoever_takes_them_otherwise)
{
	vp_glibc_learn();
	ck_assert_uint_eq(vp_glibc.takes_rwlocks, 1);
	vp_real.pthread_rwlock_rdlock = reads_once_more;
	vp_glibc_learn();
	ck_assert_uint_eq(vp_glibc.takes_rwlocks, 0);
	ck_assert_uint_eq(vp_glibc.takes, 1);
	vp_real.pthread_rwlock_rdlock = kept.pthread_rwlock_destroy; /* libc's, and no lock */
	vp_glibc_learn();
	ck_assert_uint_eq(vp_glibc.takes_rwlocks, 0);
	ck_assert_uint_eq(vp_glibc.unlike, 0);
}
END_TEST

static pthread_rwlock_t ours, theirs;

static void both_are_the_same(int line)
{
	ck_assert_msg(!memcmp(&ours, &theirs, sizeof(ours)), "line %d", line);
}

static void refused(int line)
{
	ck_assert_msg(!vp_rwlock_take_read(&ours) && !vp_rwlock_take_write(&ours), "line %d", line);
	both_are_the_same(line);
}

static void unlock_both(int line)
{
	ck_assert_int_eq(pthread_rwlock_unlock(&ours), 0);
	ck_assert_int_eq(pthread_rwlock_unlock(&theirs), 0);
	both_are_the_same(line);
}

static void write_both(int line)
{
	ck_assert_int_eq(vp_rwlock_take_write(&ours), 1);
	ck_assert_int_eq(pthread_rwlock_wrlock(&theirs), 0);
	both_are_the_same(line);
}

static void read_both(int line)
{
	ck_assert_int_eq(vp_rwlock_take_read(&ours), 1);
	ck_assert_int_eq(pthread_rwlock_rdlock(&theirs), 0);
	both_are_the_same(line);
}

/* Whatever its kind and whoever had it before: as libc does it, or not at all. */
START_TEST(a_rwlock_is_taken_as_libc_takes_it)
{
	for (int kind = 0; kind < 3; kind++) {
		pthread_rwlockattr_t attr;

		pthread_rwlockattr_init(&attr);
		pthread_rwlockattr_setkind_np(&attr, kind);
		pthread_rwlock_init(&ours, &attr);
		pthread_rwlock_init(&theirs, &attr);
		read_both(__LINE__);
		read_both(__LINE__);
		ck_assert_int_eq(vp_rwlock_take_write(&ours), 0);
		unlock_both(__LINE__);
		unlock_both(__LINE__);
		write_both(__LINE__);
		refused(__LINE__);
		unlock_both(__LINE__);
		write_both(__LINE__);
		unlock_both(__LINE__);
		ck_assert_int_eq(vp_rwlock_take_read(&ours),
				 0); /* its readers' turn has to begin */
		ck_assert_int_eq(pthread_rwlock_rdlock(&ours), 0);
		ck_assert_int_eq(pthread_rwlock_rdlock(&theirs), 0);
		read_both(__LINE__);
		unlock_both(__LINE__);
		unlock_both(__LINE__);
		/* as many readers as there can be */
		ours.__data.__readers = theirs.__data.__readers = 0x7ffffff8u;
		ck_assert_int_eq(pthread_rwlock_rdlock(&theirs), EAGAIN);
		refused(__LINE__);
	}
}
END_TEST

static uint32_t says[3];

static void *finds_what_it_says(void *handle, const char *name)
{
	(void)handle, (void)name;
	return says;
}

START_TEST(what_libc_says_of_its_descriptor_counts_if_it_is_so)
{
	uint32_t here;

	vp_glibc_learn();
	here = vp_glibc.tid_at;
	vp_real.dlsym = finds_what_it_says;
	says[0] = 0x7f0;
	says[2] = 0x1f8;
	vp_glibc_learn();
	ck_assert_uint_eq(vp_glibc.unlike, 0);
	ck_assert_uint_eq(vp_glibc.descriptor_bytes, 0x7f0);
	ck_assert_uint_eq(vp_glibc.tid_at, here); /* looked for, and found */
	says[0] = 1u << 30;
	vp_glibc_learn();
	ck_assert_uint_eq(vp_glibc.descriptor_bytes, 0x7f0);
}
END_TEST

START_TEST(a_descriptor_without_the_number_is_noticed)
{
	int *tid;

	vp_glibc_learn();
	tid = (int *)((char *)pthread_self() + vp_glibc.tid_at);
	*tid ^= 0x10000000;
	vp_glibc_learn();
	*tid ^= 0x10000000;
	ck_assert(!vp_glibc_knows(VP_GLIBC_THREADS));
	ck_assert_ptr_nonnull(strstr(text(), "threads: a search takes all of their stacks"));
}
END_TEST

static void *learns(void *found)
{
	vp_glibc_learn_start((void *)(uintptr_t)learns);
	*(int *)found = vp_glibc.start_at != 0;
	return NULL;
}

START_TEST(the_function_of_a_thread_is_found)
{
	pthread_t thread;
	int found = -1;

	vp_glibc_learn();
	ck_assert_uint_eq(vp_glibc.start_at, 0);
	/* Past a sanitizer, which would start the thread with a function of its own. */
	vp_real.pthread_create = vp_real.dlsym(vp_real_open("libc.so.6"), "pthread_create");
	ck_assert_int_eq(vp_real.pthread_create(&thread, NULL, learns, &found), 0);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert_int_eq(found, 1);
}
END_TEST

START_TEST(attributes_that_share_a_size_are_noticed)
{
	sets_size = 1;
	vp_glibc_learn();
	ck_assert_uint_eq(vp_glibc.unlike, ONLY(VP_GLIBC_ATTR));
}
END_TEST

START_TEST(a_signal_that_programs_may_have_is_noticed)
{
	fills_all = 1;
	vp_glibc_learn();
	ck_assert_uint_eq(vp_glibc.unlike, ONLY(VP_GLIBC_SIGNAL));
}
END_TEST

START_TEST(a_list_of_objects_that_hangs_together_only_one_way_is_noticed)
{
	struct link_map *second = _r_debug.r_map->l_next, *first = second->l_prev;

	second->l_prev = NULL;
	vp_glibc_learn();
	second->l_prev = first;
	ck_assert_uint_eq(vp_glibc.unlike, ONLY(VP_GLIBC_OBJECTS));
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_checked_fixture(tests, begin, end);
	tcase_add_test(tests, the_one_that_is_here_is_known);
	tcase_add_test(tests, a_trylock_that_takes_nothing_is_noticed);
	tcase_add_test(tests, mutexes_are_left_to_whoever_takes_them_otherwise);
	tcase_add_test(tests, rwlocks_are_left_to_whoever_takes_them_otherwise);
	tcase_add_test(tests, a_rwlock_is_taken_as_libc_takes_it);
	tcase_add_test(tests, a_rwlock_that_counts_no_reader_is_noticed);
	tcase_add_test(tests, what_libc_says_of_its_descriptor_counts_if_it_is_so);
	tcase_add_test(tests, a_descriptor_without_the_number_is_noticed);
	tcase_add_test(tests, the_function_of_a_thread_is_found);
	tcase_add_test(tests, attributes_that_share_a_size_are_noticed);
	tcase_add_test(tests, a_signal_that_programs_may_have_is_noticed);
	tcase_add_test(tests, a_list_of_objects_that_hangs_together_only_one_way_is_noticed);
}

int main(void)
{
	return check_main("glibc", cases);
}
