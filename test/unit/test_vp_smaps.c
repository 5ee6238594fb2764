/* base/smaps: mappings of a text as the kernel writes it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/smaps.h"
#include "check_main.h"

static const char text[] =
    "55d0c0a00000-55d0c0a02000 rw-p 00003000 fe:01 1234  /opt/a program (deleted)\n"
    "Size:                  8 kB\n"
    "Rss:                   4 kB\n"
    "Anonymous:             4 kB\n"
    "VmFlags: rd wr mr mw me ac sd\n"
    "7f0000000000-7f0040000000 rw-p 00000000 00:00 0\n"
    "Size:            1048576 kB\n"
    "Rss:                6144 kB\n"
    "Anonymous:          6144 kB\n"
    "AnonHugePages:      2048 kB\n"
    "Swap:                128 kB\n"
    "SwapPss:             128 kB\n"
    "Private_Hugetlb:    4096 kB\n"
    "VmFlags: rd\n"
    "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]\n"
    "Rss:                   0 kB\n";

static FILE *file;
static struct vp_smaps_reader reader;
static char buf[512];

static void open_text(size_t length)
{
	file = tmpfile();
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(text, 1, length, file), length);
	fflush(file);
	ck_assert_int_eq(vp_smaps_begin(&reader, fileno(file), buf, sizeof(buf)), 0);
}

START_TEST(every_mapping_with_what_it_has)
{
	struct vp_mapping mapping;

	open_text(sizeof(text) - 1);
	ck_assert(vp_smaps_next(&reader, &mapping));
	ck_assert_uint_eq(mapping.lo, 0x55d0c0a00000);
	ck_assert_uint_eq(mapping.hi, 0x55d0c0a02000);
	ck_assert_str_eq(mapping.perms, "rw-p");
	ck_assert_str_eq(mapping.path, "/opt/a program (deleted)");
	ck_assert_uint_eq(mapping.rss, 4096);
	ck_assert_uint_eq(mapping.anonymous, 4096);
	ck_assert(vp_smaps_next(&reader, &mapping));
	ck_assert_str_eq(mapping.path, "");
	ck_assert_uint_eq(mapping.rss, 6 << 20);
	ck_assert_uint_eq(mapping.huge, 2 << 20);
	ck_assert_uint_eq(mapping.swapped, 128 << 10);
	ck_assert_uint_eq(mapping.hugetlb, 4 << 20);
	ck_assert(vp_smaps_next(&reader, &mapping));
	ck_assert_uint_eq(mapping.hi, 0xffffffffff601000);
	ck_assert_str_eq(mapping.path, "[vsyscall]");
	ck_assert_uint_eq(mapping.rss + mapping.hugetlb, 0);
	ck_assert(!vp_smaps_next(&reader, &mapping));
	ck_assert_int_eq(reader.lines.error, 0);
	fclose(file);
}
END_TEST

/* Read twice over the same descriptor, and cut anywhere: it ends. */
START_TEST(from_the_start_and_to_any_end)
{
	struct vp_mapping mapping;

	for (size_t length = 0; length < sizeof(text); length++) {
		int count = 0;

		open_text(length);
		while (vp_smaps_next(&reader, &mapping))
			count++;
		ck_assert_int_le(count, 3);
		ck_assert_int_eq(vp_smaps_begin(&reader, fileno(file), buf, sizeof(buf)), 0);
		while (vp_smaps_next(&reader, &mapping))
			count--;
		ck_assert_int_eq(count, 0);
		fclose(file);
	}
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_test(tests, every_mapping_with_what_it_has);
	tcase_add_test(tests, from_the_start_and_to_any_end);
}

int main(void)
{
	return check_main("vp_smaps", cases);
}
