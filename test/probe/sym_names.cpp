// Own and inlined functions whose names and lines are known: symbols.sh looks for them.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#ifdef DEAD
// Never called: the linker drops it, and its debug information then begins at 0.
extern "C" __attribute__((noinline)) void dead_giant(volatile int *p) { asm volatile(".skip 131072, 0x90"); *p = 1; }
#endif
static inline __attribute__((always_inline)) void *inlined_leaf(size_t n) { void *p = malloc(n); memset(p, 1, n); return p; } // 9
namespace desk { template <class T> struct Book { __attribute__((noinline)) void *add(T n) { return inlined_leaf(n); } }; } // 10
extern "C" __attribute__((noinline)) void *c_path(int n) { void *p = inlined_leaf((size_t)n); asm volatile("" ::: "memory"); return p; } // 11
static void *keep[200];
int main()
{
	desk::Book<unsigned short> b;
	for (int i = 0; i < 100; i++) keep[i] = b.add(64); // 16
	for (int i = 0; i < 100; i++) keep[100 + i] = c_path(64); // 17
	puts("ok");
	return keep[7] == nullptr;
}
