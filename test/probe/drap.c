/* Functions whose frames are realigned (DRAP, CFA by expression) around an allocation; deep chain
 * a<b<c<main. */
#include <alloca.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static void *keep[100];
volatile int sink;
__attribute__((noinline)) static void *leaf(int n)
{
	void *p = malloc(n);
	asm volatile("" ::: "memory");
	return p;
}
__attribute__((noinline)) static void *aligned_frame(int n, int k)
{
	char buf[256] __attribute__((aligned(64)));
	char *more = alloca(k);
	memset(buf, n, sizeof(buf));
	memset(more, n, k);
	void *p = leaf(n);
	sink += buf[k & 255] + more[0];
	return p;
}
__attribute__((noinline, target("avx2"))) static void *vec_frame(int n, float *out)
{
	float v[64] __attribute__((aligned(32)));
	for (int i = 0; i < 64; i++)
		v[i] = out[i] * 2;
	void *p = aligned_frame(n, 100 + (n & 7));
	for (int i = 0; i < 64; i++)
		out[i] += v[i];
	return p;
}
__attribute__((noinline)) static void burn(float *f)
{
	char b[64] __attribute__((aligned(64)));
	for (long i = 0; i < 40000000; i++) {
		b[i & 63] = i;
		sink += b[(i * 7) & 63];
	}
	f[0]++;
}
int main(void)
{
	static float f[64];
	for (int i = 0; i < 100; i++)
		keep[i] = vec_frame(500, f);
	burn(f);
	puts("ok");
	return 0;
}
