#include "model/responsible.h"

#include <string.h>

#include "cli/short.h"

/* The name without a return type, which is that of a template of the library:
 * "void std::vector<...>::_M_realloc_insert<...>(...)". */
static const char *without_type(const char *name)
{
	struct vr_short *read;
	uint32_t path;

	if (!strstr(name, " std::") && !strstr(name, " __gnu_cxx::"))
		return name;
	read = vr_short_new(name);
	path = read->path;
	vr_short_free(read);
	return name + path;
}

static int begins(const char *text, const char *const *with, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strncmp(text, with[i], strlen(with[i])) == 0)
			return 1;
	return 0;
}

/* "<X as core::clone::Clone>::clone" where X is a type of Rust's own or any type at all ("T"):
 * what is of the program says so by its path. */
static int is_rust_own(const char *name)
{
	static const char *const own[] = {"alloc::", "core::", "std::", "hashbrown::"};
	const size_t count = sizeof(own) / sizeof(own[0]);
	const char *as = strstr(name, " as "), *path;

	if (*name != '<' || (as && !begins(as + 4, own, count)))
		return 0;
	if (!as) /* "<alloc::vec::Vec<T>>::push" */
		return begins(name + 1, own, count);
	name += 1 + strspn(name + 1, "&*[(");
	path = strstr(name, "::");
	return !path || path > as || begins(name, own, count);
}

/* Perl_safesyscalloc, jv_mem_alloc, sqlite3Malloc, zstrdup(char const*): programs call what
 * they wrap malloc in after it. */
static int is_called_after_malloc(const char *name)
{
	static const char *const ending[] = {"alloc", "strdup"};
	size_t length = strcspn(name, "(");

	for (size_t i = 0; i < sizeof(ending) / sizeof(ending[0]); i++) {
		size_t end = strlen(ending[i]);

		if (length >= end && strncasecmp(name + length - end, ending[i], end) == 0)
			return 1;
	}
	return 0;
}

/* Of programs that many people run; what follows the name says which kind: zmalloc_usable. */
static const char *const of_programs[] = {
    "zmalloc_",	     "ztrymalloc_",	    "zcalloc_",	    "ztrycalloc_",
    "zrealloc_",     "ztryrealloc_",	    "ngx_memalign", "ngx_create_pool",
    "AllocSet",	     "MemoryContextAlloc",  "palloc0",	    "sqlite3DbMalloc",
    "_PyObject_GC_", "PyType_GenericAlloc",
};

int vr_is_wrapper(const char *name)
{
	static const char *const exact[] = {
	    "malloc",		"calloc",	   "realloc",	      "reallocarray",
	    "memalign",		"aligned_alloc",   "posix_memalign",  "valloc",
	    "pvalloc",		"strdup",	   "strndup",	      "__strdup",
	    "__strndup",	"wcsdup",	   "xmalloc",	      "xcalloc",
	    "xrealloc",		"xstrdup",	   "g_malloc",	      "g_malloc0",
	    "g_realloc",	"g_strdup",	   "g_slice_alloc",   "__rust_alloc",
	    "PyMem_Malloc",	"PyMem_RawMalloc", "PyObject_Malloc", "_PyMem_RawMalloc",
	    "sqlite3MemMalloc", "qsort",	   "qsort_r",	      "__qsort_r",
	    "__GI___qsort_r",	"fopen",	   "fdopen",	      "__fopen_internal",
	    "getline",		"asprintf",	   "vasprintf",
	};
	static const char *const prefix[] = {
	    "_IO_",	     "__GI__IO_",   "operator new", "std::",
	    "__gnu_cxx::",   "__gthread_",  "alloc::",	    "__rdl_",
	    "__rust_",	     "core::",	    "hashbrown::",  "uv_cond_",
	    "uv_mutex_lock", "uv_sem_wait", "g_cond_wait",  "g_mutex_lock",
	};

	for (size_t i = 0; i < sizeof(exact) / sizeof(exact[0]); i++)
		if (strcmp(name, exact[i]) == 0)
			return 1;
	if (begins(name, of_programs, sizeof(of_programs) / sizeof(of_programs[0])))
		return 1;
	name = without_type(name);
	return is_called_after_malloc(name) ||
	       begins(name, prefix, sizeof(prefix) / sizeof(prefix[0])) || is_rust_own(name);
}

/* An allocator that maps memory is not who asked for it. */
static int is_allocator(const char *module)
{
	static const char *const prefix[] = {"libjemalloc", "libtcmalloc", "libmimalloc"};
	const char *slash = strrchr(module, '/'), *name = slash ? slash + 1 : module;

	for (size_t i = 0; i < sizeof(prefix) / sizeof(prefix[0]); i++)
		if (strncmp(name, prefix[i], strlen(prefix[i])) == 0)
			return 1;
	return 0;
}

const struct vr_place *vr_responsible_frame(struct vr_stacks *stacks, uint32_t node)
{
	uint32_t innermost = VPROF_NONE;

	for (; node != VPROF_NODE_ROOT; node = vr_stacks_parent(stacks, node)) {
		struct vr_places places = vr_stacks_at(stacks, node);

		for (uint32_t i = 0; i < places.count; i++) {
			const struct vr_place *place = &stacks->place[places.first + i];
			const struct vr_function *function = vr_place_function(stacks, place);

			if (innermost == VPROF_NONE)
				innermost = places.first + i;
			if (!vr_is_wrapper(function->name) && !is_allocator(function->module))
				return place;
		}
	}
	return innermost == VPROF_NONE ? NULL : &stacks->place[innermost];
}
