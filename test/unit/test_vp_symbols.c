/* Names of libc in its own tables, as dlsym finds them. */
#include "base/symbols.h"
#include "check_main.h"

#include <dlfcn.h>
#include <stddef.h>

static const char *const names[] = {
#define REAL(name, result, parameters, arguments, lacking) #name,
#include "base/real.def"
};

/* Each name is found where dlsym finds it, or dlsym is to be asked. */
START_TEST(as_dlsym)
{
	int found = 0;

	vp_symbols_begin();
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		void *ours = vp_symbols_next(names[i]);

		if (!ours)
			continue;
		ck_assert_msg(ours == dlsym(RTLD_NEXT, names[i]), "%s", names[i]);
		found++;
	}
	ck_assert_int_gt(found, 250);
}
END_TEST

/* Of two versions the newer, of what chooses its code nothing, nor of what is not there. */
START_TEST(others)
{
	vp_symbols_begin();
	ck_assert_ptr_eq(vp_symbols_next("pthread_cond_wait"),
			 dlvsym(RTLD_NEXT, "pthread_cond_wait", "GLIBC_2.3.2"));
	ck_assert_ptr_null(vp_symbols_next("memcpy"));
	ck_assert_ptr_null(vp_symbols_next("no_such_function_of_libc"));
	ck_assert_ptr_null(vp_symbols_next("_dl_allocate_tls")); /* of the loader, behind libc */
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_test(tests, as_dlsym);
	tcase_add_test(tests, others);
}

int main(void)
{
	return check_main("symbols", cases);
}
