/* Calls whose numbers are known: recursion, two functions in turn, callbacks of libc, and frames
 * that are jumped out of.  Prints what was counted by hand. */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned long fib_calls, ack_calls, even_calls, odd_calls, deep_calls, compared, jumps;
static jmp_buf out;
static volatile int last;

int fib(int n);
int ack(int m, int n);
int is_even(int n);
int is_odd(int n);
int deep(int n);
int compare(const void *a, const void *b);
void jump_from(int n);
void try_to_jump(int n);

int fib(int n)
{
	fib_calls++;
	return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

int ack(int m, int n)
{
	ack_calls++;
	if (m == 0)
		return n + 1;
	return n == 0 ? ack(m - 1, 1) : ack(m - 1, ack(m, n - 1));
}

int is_even(int n)
{
	even_calls++;
	return n == 0 ? 1 : is_odd(n - 1);
}

int is_odd(int n)
{
	odd_calls++;
	return n == 0 ? 0 : is_even(n - 1);
}

/* Deeper than what the library has room for. */
int deep(int n)
{
	deep_calls++;
	return n == 0 ? 0 : 1 + deep(n - 1);
}

int compare(const void *a, const void *b)
{
	compared++;
	return *(const int *)a - *(const int *)b;
}

void jump_from(int n)
{
	jumps++;
	if (n < last)
		return; /* never: compilers see no end of it else */
	if (n == last)
		longjmp(out, 1);
	jump_from(n - 1);
}

void try_to_jump(int n)
{
	if (setjmp(out) == 0)
		jump_from(n);
}

int main(void)
{
	int numbers[500], sum = 0;

	sum += fib(18) + ack(2, 6) + is_even(1001) + deep(40000);
	for (int i = 0; i < 500; i++)
		numbers[i] = i * 7919 % 503;
	qsort(numbers, 500, sizeof(numbers[0]), compare);
	for (int i = 0; i < 300; i++)
		try_to_jump(i % 5);
	printf("%d fib %lu ack %lu is_even %lu is_odd %lu deep %lu compare %lu jump_from %lu\n",
	       sum, fib_calls, ack_calls, even_calls, odd_calls, deep_calls, compared, jumps);
	return 0;
}
