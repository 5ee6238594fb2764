/* Allocates below 40,000 frames, going down and coming up. */
#include "account.h"

__attribute__((noinline)) static void down(int n)
{
	volatile int here = n;

	if (n % 4000 == 0)
		a_free(a_malloc((size_t)n + 1));
	if (n)
		down(n - 1);
	if (here % 4000 == 0)
		a_free(a_malloc(10));
}

int main(void)
{
	for (int i = 0; i < 5; i++)
		down(40000);
	account_say();
	return 0;
}
