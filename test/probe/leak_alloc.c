/* One block lost from each function that gives memory. */
#include "leak.h"
#include <malloc.h>
#include <search.h>
#include <wchar.h>

static void from_malloc(void)
{
	leak_fill(malloc(3000), 3000);
}

static void from_calloc(void)
{
	opaque(calloc(7, 430));
}

static void from_realloc_null(void)
{
	leak_fill(realloc(NULL, 3002), 3002);
}

static void from_realloc_grown(void)
{
	void *p = block(100);

	leak_fill(realloc(p, 300000), 300000);
}

static void from_realloc_shrunk(void)
{
	void *p = block(3000);

	leak_fill(realloc(p, 1003), 1003);
}

/* Grown in the kernel: mremap moves it. */
static void from_realloc_moved(void)
{
	void *p = block(1 << 20);

	leak_fill(realloc(p, 9 << 20), 9 << 20);
}

static void from_reallocarray(void)
{
	leak_fill(reallocarray(NULL, 5, 601), 3005);
}

static void from_posix_memalign(void)
{
	void *p = NULL;

	if (posix_memalign(&p, 4096, 3006))
		DIE("posix_memalign");
	leak_fill(p, 3006);
}

static void from_aligned_alloc(void)
{
	leak_fill(aligned_alloc(512, 30720), 30720);
}

/* Not a multiple of the alignment: glibc gives it all the same. */
static void from_aligned_alloc_odd(void)
{
	leak_fill(aligned_alloc(512, 30000), 30000);
}

static void from_memalign(void)
{
	leak_fill(memalign(64, 3008), 3008);
}

static void from_valloc(void)
{
	leak_fill(valloc(3009), 3009);
}

static void from_pvalloc(void)
{
	leak_fill(pvalloc(8192), 8192);
}

static void from_strdup(void)
{
	opaque(strdup("nineteen characters"));
}

static void from_strndup(void)
{
	opaque(strndup("nineteen characters", 8));
}

static void from_wcsdup(void)
{
	opaque(wcsdup(L"ten chars."));
}

static void from_asprintf(void)
{
	char *text = NULL;

	if (asprintf(&text, "%0200d", 7) != 200)
		DIE("asprintf");
}

static void from_realpath(void)
{
	opaque(realpath("/", NULL));
}

static void from_getline(void)
{
	FILE *file = fopen("/proc/self/comm", "r");
	char *line = NULL;
	size_t size = 0;

	if (!file || getline(&line, &size, file) < 0)
		DIE("getline");
	fclose(file);
}

static void from_open_memstream(void)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);

	fprintf(file, "%03000d", 1);
	fclose(file);
	leak_fill(text, size);
}

static void from_all_freed(void)
{
	void *p[6] = {
	    malloc(10),	    calloc(2, 20), realloc(malloc(5), 500), aligned_alloc(64, 128),
	    strdup("text"), NULL};

	if (posix_memalign(&p[5], 128, 100))
		DIE("posix_memalign");
	for (int i = 0; i < 6; i++)
		free(p[i]);
}

static const struct leak_case cases[] = {
    {"malloc", from_malloc},
    {"calloc", from_calloc},
    {"realloc_null", from_realloc_null},
    {"realloc_grown", from_realloc_grown},
    {"realloc_shrunk", from_realloc_shrunk},
    {"realloc_moved", from_realloc_moved},
    {"reallocarray", from_reallocarray},
    {"posix_memalign", from_posix_memalign},
    {"aligned_alloc", from_aligned_alloc},
    {"aligned_alloc_odd", from_aligned_alloc_odd},
    {"memalign", from_memalign},
    {"valloc", from_valloc},
    {"pvalloc", from_pvalloc},
    {"strdup", from_strdup},
    {"strndup", from_strndup},
    {"wcsdup", from_wcsdup},
    {"asprintf", from_asprintf},
    {"realpath", from_realpath},
    {"getline", from_getline},
    {"open_memstream", from_open_memstream},
    {"all_freed", from_all_freed},
};

int main(int argc, char **argv)
{
	return leak_main(argc, argv, cases, LEAK_COUNT(cases));
}
