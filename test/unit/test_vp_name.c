/* ring/name, ring/room: which name a record gets, and how large it may be. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check_main.h"
#include "ring/name.h"
#include "ring/room.h"
#include "vprof_format.h"

static char dir[] = "/tmp/vp-name-XXXXXX";
static char path[200], wanted[200];

static void setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(wanted, sizeof(wanted), "%s/a.vprof", dir);
	strcpy(path, wanted);
}

static void teardown(void)
{
	char command[300];

	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	ck_assert_int_eq(system(command), 0);
}

static void write_file(const char *name, const void *bytes, size_t count)
{
	FILE *f = fopen(name, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(bytes, 1, count, f), count);
	fclose(f);
}

START_TEST(a_free_name_is_taken)
{
	ck_assert_int_ge(vp_name_open(path, sizeof(path), 0), 0);
	ck_assert_str_eq(path, wanted);
	ck_assert_int_eq(access(wanted, F_OK), 0);
	ck_assert_uint_ne(vp_name_pid_namespace(), 0);
}
END_TEST

START_TEST(an_empty_file_of_ours_is_replaced)
{
	write_file(wanted, "", 0);
	ck_assert_int_ge(vp_name_open(path, sizeof(path), 0), 0);
	ck_assert_str_eq(path, wanted);
}
END_TEST

START_TEST(what_is_no_record_stays)
{
	static char text[5000];
	struct stat st;

	memset(text, 'x', sizeof(text));
	write_file(wanted, text, sizeof(text));
	ck_assert_int_eq(vp_name_open(path, sizeof(path), 0), -EEXIST);
	ck_assert_int_eq(stat(wanted, &st), 0);
	ck_assert_int_eq(st.st_size, sizeof(text));
}
END_TEST

START_TEST(a_living_process_keeps_its_name)
{
	char other[200], expected[220];
	int first = vp_name_open(path, sizeof(path), 0), second;

	ck_assert_int_ge(first, 0);
	strcpy(other, wanted);
	second = vp_name_open(other, sizeof(other), 0);
	ck_assert_int_ge(second, 0);
	snprintf(expected, sizeof(expected), "%s/a.%d.vprof", dir, (int)getpid());
	ck_assert_str_eq(other, expected);
}
END_TEST

START_TEST(a_directory_that_is_not_there_is_an_error)
{
	snprintf(path, sizeof(path), "%s/no/a.vprof", dir);
	ck_assert_int_eq(vp_name_open(path, sizeof(path), 0), -ENOENT);
}
END_TEST

START_TEST(limits_make_it_smaller)
{
	struct rlimit limit;
	uint64_t bytes = 64u << 20;

	getrlimit(RLIMIT_FSIZE, &limit);
	ck_assert_int_eq(vp_room_limits(&bytes), 0);
	limit.rlim_cur = 8u << 20;
	setrlimit(RLIMIT_FSIZE, &limit);
	bytes = 64u << 20;
	ck_assert_int_eq(vp_room_limits(&bytes), 0);
	ck_assert_uint_eq(bytes, 8u << 20);
	limit.rlim_cur = 4096;
	setrlimit(RLIMIT_FSIZE, &limit);
	ck_assert_int_eq(vp_room_limits(&bytes), -EFBIG);
}
END_TEST

START_TEST(a_file_takes_a_quarter_of_what_is_free)
{
	int fd = vp_name_open(path, sizeof(path), 0);
	uint64_t bytes = 1ull << 60;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(vp_room_of_file(fd, &bytes), 0);
	ck_assert_uint_lt(bytes, 1ull << 60);
	ck_assert_uint_ge(bytes, VPROF_FILE_MIN);
	ck_assert_int_eq(vp_room_left(fd), 1);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_free_name_is_taken);
	tcase_add_test(tests, an_empty_file_of_ours_is_replaced);
	tcase_add_test(tests, what_is_no_record_stays);
	tcase_add_test(tests, a_living_process_keeps_its_name);
	tcase_add_test(tests, a_directory_that_is_not_there_is_an_error);
	tcase_add_test(tests, limits_make_it_smaller);
	tcase_add_test(tests, a_file_takes_a_quarter_of_what_is_free);
}

int main(void)
{
	return check_main("vp_name", cases);
}
