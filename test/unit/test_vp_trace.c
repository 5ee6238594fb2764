/* control/trace_patch and trace_sites: what may be changed, and what stands in the file. */
#include "check_main.h"
#include "control/trace_patch.h"
#include "control/trace_sites.h"
#include "stack/rows.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

/* By the assembler, and by clang for -fpatchable-function-entry. */
static const struct {
	uint8_t code[12];
	size_t length;
} nops[] = {
    {{0x90}, 1},
    {{0x66, 0x90}, 2},
    {{0x0f, 0x1f, 0x00}, 3},
    {{0x0f, 0x1f, 0x40, 0x00}, 4},
    {{0x0f, 0x1f, 0x40, 0x08}, 4},
    {{0x0f, 0x1f, 0x44, 0x00, 0x00}, 5},
    {{0x0f, 0x1f, 0x44, 0x00, 0x08}, 5},
    {{0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00}, 6},
    {{0x0f, 0x1f, 0x80, 0, 0, 0, 0}, 7},
    {{0x0f, 0x1f, 0x84, 0x00, 0, 0, 0, 0}, 8},
    {{0x66, 0x2e, 0x0f, 0x1f, 0x84, 0x00, 0, 0, 0, 0}, 10},
    {{0x0f, 0x1f, 0x05, 0, 0, 0, 0}, 7}, /* relative to rip */
    {{0x0f, 0x1f, 0x04, 0x25, 0, 0, 0, 0}, 8},
    {{0xf3, 0x90}, 0}, /* pause */
    {{0xcc}, 0},
    {{0xe8, 0, 0, 0, 0}, 0},
    {{0x0f, 0x1f, 0xc0}, 0}, /* of a register: nobody writes that */
    {{0x0f, 0x1e, 0xfa}, 0},
    {{0x55}, 0},
};

START_TEST(lengths_of_nops)
{
	ck_assert_uint_eq(vp_patch_nop(nops[_i].code, sizeof(nops[_i].code)), nops[_i].length);
	/* as long as what is there, and no longer */
	if (nops[_i].length) {
		ck_assert_uint_eq(vp_patch_nop(nops[_i].code, nops[_i].length), nops[_i].length);
		ck_assert_uint_eq(vp_patch_nop(nops[_i].code, nops[_i].length - 1), 0);
	}
}
END_TEST

static uint8_t *code;

static void make_code(const uint8_t *bytes, size_t length)
{
	code = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(code, MAP_FAILED);
	ck_assert_int_eq(vp_rows_init(), 0); /* for the rule of the jump */
	memcpy(code, bytes, length);
	ck_assert_int_eq(mprotect(code, 4096, PROT_READ | PROT_EXEC), 0);
}

static enum vp_patch patch(const uint8_t *bytes, size_t length)
{
	struct vp_patcher patcher;
	enum vp_patch ret;

	make_code(bytes, length);
	vp_patcher_begin(&patcher, (const void *)(uintptr_t)&patch);
	ret = vp_patch(&patcher, (uint64_t)(uintptr_t)code);
	vp_patcher_end(&patcher);
	return ret;
}

#define PATCH(...) patch((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

START_TEST(what_is_not_touched)
{
	static const uint8_t zeros[5];

	ck_assert_int_eq(PATCH(0x90, 0x90, 0x55), VP_PATCH_FEW_NOPS);
	ck_assert_int_eq(PATCH(0xf3, 0x0f, 0x1e, 0xfa, 0x90, 0x90, 0x55), VP_PATCH_FEW_NOPS);
	ck_assert_int_eq(PATCH(0x55, 0x90, 0x90, 0x90, 0x90, 0x90), VP_PATCH_NO_NOPS);
	ck_assert_int_eq(PATCH(0xcc, 0x90, 0x90, 0x90, 0x90), VP_PATCH_NO_NOPS);
	ck_assert_int_eq(memcmp(code, "\xcc\x90\x90\x90\x90", 5), 0);
	/* a call of somebody else's */
	ck_assert_int_eq(PATCH(0xe8, 0, 0, 0, 0, 0x90), VP_PATCH_NO_NOPS);
	ck_assert_int_eq(memcmp(code + 1, zeros, 4), 0);
}
END_TEST

/* A nop longer than the call leaves nops behind it; the function is not patched twice. */
START_TEST(long_nops)
{
	struct vp_patcher patcher;

	ck_assert_int_eq(PATCH(0xf3, 0x0f, 0x1e, 0xfa, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0, 0x55, 0xc3),
			 VP_PATCH_DONE);
	ck_assert_uint_eq(code[4], 0xe8);
	ck_assert_int_eq(memcmp(code, "\xf3\x0f\x1e\xfa", 4), 0);
	ck_assert_int_eq(memcmp(code + 9, "\x90\x90\x90\x55\xc3", 5), 0);
	vp_patcher_begin(&patcher, (const void *)(uintptr_t)&patch);
	ck_assert_int_eq(vp_patch(&patcher, (uint64_t)(uintptr_t)code), VP_PATCH_BEFORE);
	vp_patcher_end(&patcher);
}
END_TEST

/* A patched function calls what it was patched for, and nothing else of it has changed. */
static __attribute__((naked)) void called(void)
{
	__asm__("incl %eax\n"
		"ret\n");
}

START_TEST(the_call_arrives)
{
	/* xor eax, eax would be before the call: five nops, and a return of what is in eax */
	static const uint8_t bytes[] = {0x90, 0x90, 0x90, 0x90, 0x90, 0xc3};
	struct vp_patcher patcher;
	int eax = 41;

	make_code(bytes, sizeof(bytes));
	vp_patcher_begin(&patcher, (const void *)(uintptr_t)&called);
	ck_assert_int_eq(vp_patch(&patcher, (uint64_t)(uintptr_t)code), VP_PATCH_DONE);
	vp_patcher_end(&patcher);
	/* the red zone is not ours to push into */
	__asm__ volatile("subq $128, %%rsp\n"
			 "call *%1\n"
			 "addq $128, %%rsp\n"
			 : "+a"(eax)
			 : "r"(code)
			 : "cc", "memory");
	ck_assert_int_eq(eax, 42);
}
END_TEST

START_TEST(without_proc)
{
	static const uint8_t bytes[] = {0x90, 0x90, 0x90, 0x90, 0x90, 0xc3};
	const struct vp_patcher patcher = {-1, 0};

	make_code(bytes, sizeof(bytes));
	ck_assert_int_eq(vp_patch(&patcher, (uint64_t)(uintptr_t)code), VP_PATCH_REFUSED);
	ck_assert_int_eq(memcmp(code, bytes, sizeof(bytes)), 0);
}
END_TEST

START_TEST(where_a_site_belongs)
{
	static const uint8_t bytes[] = {0x90, 0x66, 0x90, 0x55, 0xf3, 0x0f, 0x1e, 0xfa, 0x90};
	uint64_t at;

	make_code(bytes, sizeof(bytes));
	at = (uint64_t)(uintptr_t)code;
	ck_assert(vp_patch_belongs(at, at));
	ck_assert(vp_patch_belongs(at, at + 3));      /* nops before the function */
	ck_assert(!vp_patch_belongs(at, at + 2));     /* amid one */
	ck_assert(!vp_patch_belongs(at, at + 4));     /* other code between */
	ck_assert(vp_patch_belongs(at + 8, at + 4));  /* behind endbr64 */
	ck_assert(!vp_patch_belongs(at + 7, at + 4)); /* amid it */
	ck_assert(!vp_patch_belongs(at, at + 400));
}
END_TEST

/* Sites of this very program, which has none. */
static int read_program(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct vp_trace_sites sites;
	int *err = arg;

	(void)size;
	err[0] = vp_trace_sites_read(&sites, "/proc/self/exe", info);
	err[1] = vp_trace_sites_read(&sites, "/bin/sh", info);
	err[2] = vp_trace_sites_read(&sites, "/nonexistent", info);
	err[3] = vp_trace_sites_read(&sites, "/dev/null", info);
	return 1;
}

START_TEST(other_files)
{
	int err[4];

	dl_iterate_phdr(read_program, err);
	ck_assert_int_eq(err[0], -ENOENT);
	ck_assert_int_eq(err[1], -ESTALE);
	ck_assert_int_eq(err[2], -ENOENT);
	ck_assert_int_eq(err[3], -ENOEXEC);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_loop_test(tests, lengths_of_nops, 0, (int)(sizeof(nops) / sizeof(nops[0])));
	tcase_add_test(tests, what_is_not_touched);
	tcase_add_test(tests, long_nops);
	tcase_add_test(tests, the_call_arrives);
	tcase_add_test(tests, without_proc);
	tcase_add_test(tests, where_a_site_belongs);
	tcase_add_test(tests, other_files);
}

int main(void)
{
	return check_main("vp_trace", cases);
}
