/* base/lines: the lines of a file through a small buffer. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/lines.h"
#include "check_main.h"

static char path[] = "/tmp/vprof-lines-XXXXXX";

/* All lines of a text, with "|" behind each. */
static const char *lines_of(const char *text, size_t size)
{
	static char all[4096];
	char buf[64];
	struct vp_lines lines;
	const char *line;
	int fd;

	strcpy(path + strlen(path) - 6, "XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	ck_assert_uint_le(size, sizeof(buf));
	ck_assert_int_eq(vp_lines_open(&lines, path, buf, size), 0);
	unlink(path);
	all[0] = '\0';
	while ((line = vp_lines_next(&lines))) {
		ck_assert_uint_lt(strlen(line), size);
		strcat(strcat(all, line), "|");
	}
	ck_assert_ptr_null(vp_lines_next(&lines));
	ck_assert_int_eq(vp_lines_close(&lines), 0);
	return all;
}

START_TEST(lines_come_whole_whatever_the_buffer)
{
	for (size_t size = 5; size <= 64; size++) {
		ck_assert_str_eq(lines_of("abc\n\nde\nf\n", size), "abc||de|f|");
		ck_assert_str_eq(lines_of("", size), "");
		ck_assert_str_eq(lines_of("\n", size), "|");
		ck_assert_str_eq(lines_of("a\nlast", size), "a|last|");
	}
}
END_TEST

/* What stands behind the beginning of a long line is never taken for a line. */
START_TEST(long_lines_are_cut)
{
	ck_assert_str_eq(lines_of("0123456789\nab\n", 5), "0123|ab|");
	ck_assert_str_eq(lines_of("01234567\nab\n", 5), "0123|ab|");
	ck_assert_str_eq(lines_of("0123\nab\n", 5), "0123|ab|");
	ck_assert_str_eq(lines_of("012345678901234567890123456789", 5), "0123|");
	ck_assert_str_eq(lines_of("ab\n0123456789\n0123456789\nc", 8), "ab|0123456|0123456|c|");
}
END_TEST

START_TEST(errors_are_told)
{
	struct vp_lines lines;
	char buf[64];

	ck_assert_int_eq(vp_lines_open(&lines, "/nonexistent/file", buf, sizeof(buf)), -ENOENT);
	ck_assert_int_eq(vp_lines_open(&lines, "/proc", buf, sizeof(buf)), 0);
	ck_assert_ptr_null(vp_lines_next(&lines));
	ck_assert_int_eq(vp_lines_close(&lines), -EISDIR);
}
END_TEST

START_TEST(the_kernel_s_own_lines)
{
	struct vp_lines lines;
	char buf[300];
	const char *line;
	int count = 0, stack = 0;

	ck_assert_int_eq(vp_lines_open(&lines, "/proc/self/maps", buf, sizeof(buf)), 0);
	while ((line = vp_lines_next(&lines))) {
		ck_assert_ptr_nonnull(strchr(line, '-'));
		stack += strstr(line, "[stack]") != NULL;
		count++;
	}
	ck_assert_int_eq(vp_lines_close(&lines), 0);
	ck_assert_int_gt(count, 5);
	ck_assert_int_eq(stack, 1);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_test(tests, lines_come_whole_whatever_the_buffer);
	tcase_add_test(tests, long_lines_are_cut);
	tcase_add_test(tests, errors_are_told);
	tcase_add_test(tests, the_kernel_s_own_lines);
}

int main(void)
{
	return check_main("vp_lines", cases);
}
