/* Calls every allocation function in every way that has a rule of its own,
 * failing calls included, keeps its own books and prints them as JSON.
 *
 * heap_truth all [no-pvalloc]   everything (pvalloc is glibc's alone)
 * heap_truth none               nothing: all books are zero
 * heap_truth chain              one block through a thousand reallocs
 * heap_truth zero               size 0 and NULL only
 * heap_truth random N           N random calls, seeded */
#include "account.h"

static volatile size_t huge = (size_t)1 << 62;
static volatile size_t huge_count = (size_t)1 << 33;

static void basics(void)
{
	void *p = a_malloc(100), *q;

	a_free(p);
	p = a_malloc(24);
	q = opaque(calloc(10, 33));
	book_alloc(q, 330);
	a_free(p);
	a_free(q);
	a_free(NULL);
	book_alloc(opaque(calloc(7, 7)), 49); /* stays live */
	a_malloc(1000);			      /* stays live */
}

static void strings(void)
{
	char *p = opaque(strdup("eleven char"));

	book_alloc(p, 12);
	a_free(p);
	p = opaque(strndup("eleven char", 6));
	book_alloc(p, 7);
	a_free(p);
}

static void reallocs(void)
{
	void *p = a_realloc(NULL, 50); /* a malloc */

	p = a_realloc(p, 5000);
	p = a_realloc(p, 10);
	p = a_realloc(p, 10);
	p = a_realloc(p, 200000); /* moves to a mapping of its own */
	p = a_realloc(p, 400000);
	p = a_realloc(p, 16);
	if (a_realloc(p, huge)) /* fails, p stays */
		_exit(95);
	p = a_realloc(p, 0); /* glibc: free */
	a_free(p);
	p = opaque(reallocarray(NULL, 5, 20));
	book_alloc(p, 100);
	book_free(p); /* this one does not fail */
	void *q = opaque(reallocarray(p, 10, 20));
	book_alloc(q, 200);
	if (reallocarray(q, huge_count, huge_count)) /* overflow: fails, q stays */
		_exit(95);
	a_free(q);
}

static void zeros(void)
{
	void *p = a_malloc(0), *q = opaque(calloc(0, 8));

	book_alloc(q, 0);
	a_free(p);
	a_free(q);
	q = opaque(calloc(8, 0));
	book_alloc(q, 0);
	a_free(q);
	p = a_realloc(NULL, 0);
	a_free(p);
	a_free(NULL);
	if (posix_memalign(&p, 64, 0) == 0) {
		book_alloc(p, 0);
		a_free(p);
	}
	a_malloc(0); /* stays live, no bytes */
}

static void aligned(int with_pvalloc)
{
	void *p = NULL;

	for (size_t align = 16; align <= 4096; align *= 4) {
		if (posix_memalign(&p, align, 100 + align))
			_exit(95);
		book_alloc(p, 100 + align);
		a_free(p);
		p = opaque(aligned_alloc(align, align * 3));
		book_alloc(p, align * 3);
		a_free(p);
		p = opaque(memalign(align, 77));
		book_alloc(p, 77);
		if (align == 4096)
			p = a_realloc(p, 99); /* loses its alignment, not its books */
		a_free(p);
	}
	p = opaque(valloc(123));
	book_alloc(p, 123);
	a_free(p);
	if (with_pvalloc) {
		p = opaque(pvalloc(4096)); /* a whole page: no rounding to argue about */
		book_alloc(p, 4096);
		a_free(p);
	}
}

static void failures(void)
{
	static char target;
	void *untouched = &target, *p = untouched;

	if (malloc(huge) || calloc(huge_count, huge_count) || calloc(1, huge))
		_exit(95);
	if (posix_memalign(&p, 3, 100) != EINVAL || p != untouched)
		_exit(95);
	if (posix_memalign(&p, 4, 100) != EINVAL || p != untouched)
		_exit(95);
	if (posix_memalign(&p, 64, huge) != ENOMEM || p != untouched)
		_exit(95);
	if (aligned_alloc(64, huge) || memalign(64, huge) || valloc(huge))
		_exit(95);
	/* not a power of two: allocators differ, the books follow */
	p = opaque(aligned_alloc(24, 48));
	if (p) {
		book_alloc(p, 48);
		a_free(p);
	}
	if (realloc(NULL, huge))
		_exit(95);
}

static void usable(void)
{
	char *p = a_malloc(21);
	size_t room = malloc_usable_size(p);

	if (room < 21 || malloc_usable_size(NULL) != 0)
		_exit(95);
	memset(p, 1, room); /* all of it is the program's */
	p = a_realloc(p, room);
	for (size_t i = 0; i < room; i++)
		if (p[i] != 1)
			_exit(94);
	a_free(p);
}

static void chain(void)
{
	void *p = NULL;

	for (size_t n = 1; n <= 1000; n++)
		p = a_realloc(p, n * 97);
	for (size_t n = 1000; n >= 1; n--)
		p = a_realloc(p, n * 13);
}

static void random_calls(long n)
{
	static void *slot[500];
	unsigned seed = 12345;

	while (n-- > 0) {
		void **p = &slot[rand_r(&seed) % 500];
		size_t size = (size_t)rand_r(&seed) % 3000;

		switch (rand_r(&seed) % 4) {
		case 0:
		case 1:
			if (!*p)
				*p = a_malloc(size);
			break;
		case 2:
			a_free(*p);
			*p = NULL;
			break;
		default:
			*p = a_realloc(*p, size + 1);
		}
	}
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "all";

	if (!strcmp(mode, "all")) {
		basics();
		strings();
		reallocs();
		zeros();
		aligned(argc < 3);
		failures();
		usable();
		chain();
		random_calls(20000);
	} else if (!strcmp(mode, "chain")) {
		chain();
	} else if (!strcmp(mode, "zero")) {
		zeros();
	} else if (!strcmp(mode, "random")) {
		random_calls(atol(argv[2]));
	}
	account_say();
	return 0;
}
