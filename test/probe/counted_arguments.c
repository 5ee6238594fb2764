/* Functions with arguments in every register that takes some: what is put at their beginning
 * must leave all of them as they are, at the first call and at the next. */
#include <immintrin.h>
#include <stdarg.h>
#include <stdio.h>

#define ALONE __attribute__((noipa))

ALONE long six(long a, long b, long c, long d, long e, long f);
ALONE double eight(double a, double b, double c, double d, double e, double f, double g, double h);
ALONE double listed(int n, ...);
__attribute__((target("avx"))) ALONE __m256d wide(__m256d a, __m256d b, __m256d c, __m256d d,
						  __m256d e, __m256d f, __m256d g, __m256d h);
__attribute__((target("avx"))) ALONE double use_wide(double n);
ALONE long nested(long n);

long six(long a, long b, long c, long d, long e, long f)
{
	return a + 10 * b + 100 * c + 1000 * d + 10000 * e + 100000 * f;
}

double eight(double a, double b, double c, double d, double e, double f, double g, double h)
{
	return a + 2 * b + 4 * c + 8 * d + 16 * e + 32 * f + 64 * g + 128 * h;
}

double listed(int n, ...)
{
	double sum = 0;
	va_list list;

	va_start(list, n);
	for (int i = 0; i < n; i++)
		sum = sum * 10 + va_arg(list, double);
	va_end(list);
	return sum;
}

__m256d wide(__m256d a, __m256d b, __m256d c, __m256d d, __m256d e, __m256d f, __m256d g, __m256d h)
{
	return a - b + c - d + e - f + g * h;
}

double use_wide(double n)
{
	__m256d v = _mm256_set_pd(n, n * 2, n * 3, n * 5);
	__m256d w = wide(v, v * 2, v * 3, v * 4, v * 5, v * 6, v * 7, v * 8);

	return w[0] + 3 * w[1] + 5 * w[2] + 7 * w[3];
}

/* The inner function finds the outer one's variables by a register of their own. */
long nested(long n)
{
	long kept = n * 7;
	ALONE long inner(long m)
	{
		return kept + m;
	}

	return inner(3) + inner(n);
}

int main(void)
{
	for (int i = 1; i < 4; i++) {
		printf("%ld %g %g %ld", six(i, 2, 3, 4, 5, 6), eight(i, 2, 3, 4, 5, 6, 7, 8),
		       listed(9, 1., 2., 3., 4., 5., 6., 7., 8., (double)i), nested(i));
		if (__builtin_cpu_supports("avx"))
			printf(" %g", use_wide(i));
		putchar('\n');
	}
	return 0;
}
