#include "base/real.h"
#include "base/early.h"
#include "base/state.h"
#include "base/symbols.h"
#include "base/sys.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>

/* An entry by its number: the table is an array of pointers, too. */
enum entry {
#define REAL(name, result, parameters, arguments, lacking) AT_##name,
#include "base/real.def"
	ENTRIES
};
_Static_assert(sizeof(struct vp_real) == ENTRIES * sizeof(void *), "nothing but functions");

#define FAILS(value) (errno = ENOSYS, (value))

/* What the entries begin as, and what they are where libc lacks the function.  A resolver
 * ends in a jump: dlsym and dlopen look at who called. */
static void *find(enum entry at);
static int searching(void);
#define RESOLVER(name, result, parameters, arguments)                                              \
	static result first_##name parameters                                                      \
	{                                                                                          \
		__typeof__(vp_real.name) found_ = find(AT_##name);                                 \
                                                                                                   \
		return found_ arguments;                                                           \
	}
#define LACKING(name, result, parameters, lacking)                                                 \
	static result lacking_##name parameters                                                    \
	{                                                                                          \
		return lacking;                                                                    \
	}
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
#define REAL(name, result, parameters, arguments, lacking)                                         \
	LACKING(name, result, parameters, lacking)
#include "base/real.def"
#pragma GCC diagnostic pop

/* Memory for a search that allocates: dlsym may. */
static void *early(size_t align, size_t size)
{
	void *ptr = vp_early_alloc(align, size);

	if (!ptr)
		errno = ENOMEM;
	return ptr;
}

static void *early_again(void *ptr, size_t size)
{
	void *fresh = early(1, size);

	if (fresh && ptr)
		memcpy(fresh, ptr, vp_early_size(ptr) < size ? vp_early_size(ptr) : size);
	return fresh;
}

static void *early_array(void *ptr, size_t n, size_t size)
{
	size_t bytes;

	if (!__builtin_mul_overflow(n, size, &bytes))
		return early_again(ptr, bytes);
	errno = ENOMEM;
	return NULL;
}

static int early_into(void **out, size_t align, size_t size)
{
	void *ptr = vp_early_alloc(align, size);

	if (!ptr)
		return ENOMEM;
	*out = ptr;
	return 0;
}

#define EARLY_RESOLVER(name, result, parameters, arguments, instead)                               \
	static result first_##name parameters                                                      \
	{                                                                                          \
		__typeof__(vp_real.name) found_;                                                   \
                                                                                                   \
		if (searching())                                                                   \
			return instead;                                                            \
		found_ = find(AT_##name);                                                          \
		return found_ arguments;                                                           \
	}
#define REAL(name, result, parameters, arguments, lacking)                                         \
	RESOLVER(name, result, parameters, arguments)
#define HOOK_EARLY(name, result, parameters, arguments, lacking, instead)                          \
	EARLY_RESOLVER(name, result, parameters, arguments, instead)
#include "base/real.def"

struct vp_real vp_real = {
#define REAL(name, result, parameters, arguments, lacking) .name = first_##name,
#include "base/real.def"
};

/* How each is looked up. */
enum which {
	PLAIN,
	NEWER, /* of two versions */
	OLDER
};
static const struct {
	const char *name;
	void *lacking;
	enum which which;
} entries[ENTRIES] = {
#define REAL(name, result, parameters, arguments, lacking) {#name, (void *)lacking_##name, PLAIN},
#define HOOK_IN_TWO(name, result, parameters, arguments, lacking)                                  \
	{#name, (void *)lacking_##name, NEWER}, {#name, (void *)lacking_##name##_old, OLDER},
#include "base/real.def"
};

typedef void *finder(const char *name, const char *version);

static void *look_up(enum entry at, finder *next)
{
	const char *name = entries[at].name;
	void *plain = next(name, NULL), *fresh, *old;

	if (entries[at].which == PLAIN)
		return plain ? plain : entries[at].lacking;
	/* What a plain lookup gives may be another preloaded library, which has to stay in
	 * the chain; but some versions of libc give the old code. */
	fresh = next(name, "GLIBC_2.3.2");
	old = next(name, "GLIBC_2.2.5");
	if (entries[at].which == NEWER)
		plain = plain && plain != old ? plain : fresh ? fresh : plain;
	else
		plain = old ? old : plain;
	return plain ? plain : entries[at].lacking;
}

/* The name is ours, too; the oldest version is the one that all have. */
static void *(*next_dlsym)(void *handle, const char *name);

static void *next_of_ours(const char *name, const char *version)
{
	void *found;

	if (version)
		return dlvsym(RTLD_NEXT, name, version);
	if (!next_dlsym)
		next_dlsym = (__typeof__(next_dlsym))dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.2.5");
	if (!strcmp(name, "dlsym"))
		return (void *)next_dlsym;
	found = vp_symbols_next(name);
	if (found)
		return found;
	return next_dlsym ? next_dlsym(RTLD_NEXT, name) : NULL;
}

/* How deep this thread is in a search.  A search may come back to the hooks: dlsym allocates,
 * and what it looks up may choose its code by calling others. */
static __thread uint32_t depth;
static uint32_t done;

static int searching(void)
{
	return depth != 0;
}

typedef void *__attribute__((may_alias)) function;

static function *slot(enum entry at)
{
	return (function *)&vp_real + at;
}

/* Other threads may call meanwhile: each entry is whole at any time. */
void vp_real_resolve_by(finder *next)
{
	void *found[ENTRIES];

	depth++;
	for (enum entry at = 0; at < ENTRIES; at++)
		found[at] = look_up(at, next);
	depth--;
	for (enum entry at = 0; at < ENTRIES; at++)
		__atomic_store_n(slot(at), found[at], __ATOMIC_RELAXED);
}

/* What dlsym allocates, for its errors, is neither the host's nor a moment to start in. */
void vp_real_resolve(void)
{
	uint32_t busy = vp_tls.busy;

	if (depth > 1 || __atomic_load_n(&done, __ATOMIC_ACQUIRE))
		return;
	vp_tls.busy = 1;
	vp_symbols_begin();
	vp_real_resolve_by(next_of_ours);
	vp_tls.busy = busy;
	/* Pairs with the first lines of this function. */
	__atomic_store_n(&done, 1, __ATOMIC_RELEASE);
}

/* The function to call in a resolver's place, never a resolver.  Within a search it is
 * looked up alone, and within that it counts as one that libc lacks. */
static void *find(enum entry at)
{
	void *found = entries[at].lacking;

	if (depth == 0)
		vp_real_resolve();
	if (__atomic_load_n(&done, __ATOMIC_ACQUIRE))
		return *slot(at);
	if (depth < 2) {
		depth++;
		found = look_up(at, next_of_ours);
		depth--;
	}
	return found;
}

/* Of the objects behind one, in the order in which they are searched, the first that has a
 * definition of its own.  Nothing can be looked up in the kernel's, nor in those loaded
 * with the program before they were opened. */
static void *defined_behind(struct link_map *map, const char *name)
{
	struct link_map *maker;
	Dl_info info;

	while ((map = map->l_next)) {
		void *library = NULL, *found = NULL;

		if (map->l_addr != getauxval(AT_SYSINFO_EHDR))
			library = vp_real.dlopen(map->l_name, RTLD_LAZY | RTLD_NOLOAD);
		if (!library)
			continue;
		found = vp_real.dlsym(library, name);
		vp_real.dlclose(library);
		if (found && dladdr1(found, &info, (void **)&maker, RTLD_DL_LINKMAP) &&
		    maker == map)
			return found;
	}
	return NULL;
}

void *vp_real_default(const char *name)
{
	void *found = vp_real.dlsym(RTLD_DEFAULT, name), *entry, *map;
	Dl_info info;

	/* An executable linked at a fixed address that takes a function's address
	 * stands in for it with its own PLT stub: that defines nothing. */
	if (found && dladdr1(found, &info, &entry, RTLD_DL_SYMENT) && entry &&
	    ((const ElfW(Sym) *)entry)->st_shndx == SHN_UNDEF &&
	    dladdr1(found, &info, &map, RTLD_DL_LINKMAP))
		found = defined_behind(map, name);
	return found;
}

void *vp_real_open(const char *soname)
{
	return vp_real.dlopen(soname, RTLD_NOW | RTLD_LOCAL);
}

void *vp_real_symbol(void *library, const char *name)
{
	return vp_real.dlsym(library, name);
}

/* The library that had the last one, kept loaded: the next call may come from there by a jump,
 * and have one of our hooks for its caller. */
static void *late_library;

static void *behind_caller(const char *name, const void *caller)
{
	struct link_map *map, *ours;
	void *library, *found;
	Dl_info info;

	if (!dladdr1(caller, &info, (void **)&map, RTLD_DL_LINKMAP) ||
	    !dladdr1((void *)&late_library, &info, (void **)&ours, RTLD_DL_LINKMAP))
		return NULL;
	if (map == ours)
		return late_library ? vp_real.dlsym(late_library, name) : NULL;
	/* What the program itself is linked to was found at the start. */
	if (!map->l_name[0])
		return NULL;
	library = vp_real.dlopen(map->l_name, RTLD_LAZY | RTLD_NOLOAD);
	found = library ? vp_real.dlsym(library, name) : NULL;
	if (found)
		late_library = library;
	else if (library)
		vp_real.dlclose(library);
	if (!found) /* the host asks for its own errors only */
		dlerror();
	return found;
}

void *vp_real_late(void *entry, const char *name, const void *caller)
{
	function *slot_of = entry;
	enum entry at = (enum entry)(slot_of - slot(0));
	void *found;

	vp_real_resolve();
	found = __atomic_load_n(slot_of, __ATOMIC_RELAXED);
	if (__builtin_expect(found != entries[at].lacking, 1))
		return found;
	found = behind_caller(name, caller);
	if (!found)
		return entries[at].lacking;
	__atomic_store_n(slot_of, found, __ATOMIC_RELAXED);
	return found;
}
