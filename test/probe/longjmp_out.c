/* Leaves deep stacks by longjmp, then allocates from a shallow one whose slots
 * were written by the deep one: a remembered stack must not be believed. */
#include "account.h"
#include <setjmp.h>

static jmp_buf out;
static void (*volatile leave)(struct __jmp_buf_tag *, int) = longjmp;

__attribute__((noinline)) static int deep_down(int n)
{
	volatile char pad[32];

	pad[0] = (char)n;
	if (n == 0) {
		a_free(a_malloc(64));
		leave(out, 1);
	}
	return n > 0 ? deep_down(n - 1) + pad[0] : 0;
}

__attribute__((noinline)) static void after_the_jump(void)
{
	a_malloc(48); /* stays: 1000 blocks at this site */
	__asm__ volatile("");
}

int main(void)
{
	for (volatile int i = 0; i < 1000; i++) {
		if (setjmp(out) == 0)
			deep_down(i % 200);
		after_the_jump();
	}
	account_say();
	return 0;
}
