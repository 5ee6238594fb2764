#include "control/roads.h"
#include "base/fmt.h"
#include "base/glibc.h"
#include "base/real.h"
#include "base/state.h"
#include "control/control.h"
#include "control/operators.h"
#include "control/slots.h"
#include "control/trace.h"
#include "ring/file.h"
#include "ring/tables.h"
#include "track/heap.h"

#include <dlfcn.h>
#include <string.h>

/* The last three are how an object would go on to open others unseen. */
#define ROADS(ROAD)                                                                                \
	ROAD(malloc)                                                                               \
	ROAD(calloc)                                                                               \
	ROAD(realloc)                                                                              \
	ROAD(free)                                                                                 \
	ROAD(reallocarray)                                                                         \
	ROAD(posix_memalign)                                                                       \
	ROAD(aligned_alloc)                                                                        \
	ROAD(memalign)                                                                             \
	ROAD(valloc)                                                                               \
	ROAD(pvalloc)                                                                              \
	ROAD(malloc_usable_size)                                                                   \
	ROAD(dlopen)                                                                               \
	ROAD(dlmopen)                                                                              \
	ROAD(dlclose)
#define ROAD_RULE(function) {.name = #function, .real = (void *)&vp_real.function},
static struct vp_slot_rule roads[] = {ROADS(ROAD_RULE)};
#define ROAD_COUNT  (sizeof(roads) / sizeof(roads[0]))
#define NAMED_ROADS 4u /* those whose other definitions are worth a word */

/* Objects that need no second look.  Beyond that many all are looked at. */
#define KNOWN_MOST 1024u
struct known {
	uint64_t lo;
	const void *dynamic;
};
static struct known known[KNOWN_MOST];
static uint32_t known_count, started_count; /* the first were loaded with the program */
static uint64_t removed;		    /* objects so far, as the loader counts */

static struct dl_find_object everybody; /* the object that everybody's malloc is in */
static int ready, missed_ever;
static uint32_t opening; /* calls of dlopen under way */
uint32_t vp_roads_waiting;

/* What is said: "NAME: how; NAME: how". */
static char said[1024];
static uint32_t said_length, published; /* bytes of `said` */

/* --- names: within the loader's lock, or one thread ---------------------- */
static void say(const char *path, const char *how)
{
	const char *name = strrchr(path, '/');
	char entry[300];
	struct vp_text text;

	name = name ? name + 1 : path;
	vp_text_init(&text, entry, sizeof(entry));
	for (; *name && text.len < 128; name++)
		vp_text_char(&text, *name < ' ' || *name == 0x7f || *name == ';' ? '?' : *name);
	vp_text_str(&text, ": ");
	vp_text_str(&text, how);
	if (strstr(said, entry))
		return;
	if (said_length + text.len + 16 > sizeof(said)) {
		if (said[said_length - 1] != '.') {
			memcpy(said + said_length, "; ...", 6);
			said_length += 5;
		}
		return;
	}
	if (said_length) {
		memcpy(said + said_length, "; ", 2);
		said_length += 2;
	}
	memcpy(said + said_length, entry, text.len + 1);
	/* Pairs with publish(). */
	__atomic_store_n(&said_length, said_length + (uint32_t)text.len, __ATOMIC_RELEASE);
}

struct look {
	struct vp_slot_rule rule[ROAD_COUNT];
	int fresh;	   /* 1: an object was not known */
	int common;	   /* 1: the object looked at calls everybody's */
	const void *owner; /* dynamic section of one that defines malloc itself */
	int first;	   /* 1: all are taken for known */
	int settle;	   /* 1: nothing is half loaded */
	const void *lazy;  /* the one object whose lazy slots are told; NULL: all new ones */
};

/* A slot that does not lead to where our hook goes on to. */
static void elsewhere(const struct vp_object *object, const Elf64_Sym *symbol,
		      const struct vp_slot_rule *rule, uint64_t value, void *arg)
{
	struct dl_find_object found;
	struct look *look = arg;
	const struct vp_slot_rule *first =
	    rule >= roads && rule < roads + ROAD_COUNT ? roads : look->rule;

	if (rule >= first + NAMED_ROADS)
		return;
	if (vp_slot_is_unbound(object, symbol, value) ||
	    _dl_find_object((void *)value, &found) != 0) /* NOLINT(performance-no-int-to-ptr) */
		return;
	/* One in the program that defines none is its stub, which leads to everybody's. */
	if (found.dlfo_map_start == everybody.dlfo_map_start || !found.dlfo_link_map->l_prev) {
		look->common = 1;
		return;
	}
	if ((uint64_t)(uintptr_t)found.dlfo_map_start == object->lo)
		say(object->path, "has a malloc of its own");
	else
		say(object->path, "calls another malloc than the program");
}

static void publish(void)
{
	uint32_t length = __atomic_load_n(&said_length, __ATOMIC_ACQUIRE), id;

	if (!length || (vp_file.header->second_roads && length == published))
		return;
	id = vp_string_add(said, length);
	if (id == VPROF_NONE)
		return;
	published = length;
	/* Pairs with a reader of the file. */
	__atomic_store_n(&vp_file.header->second_roads, id, __ATOMIC_RELEASE);
}

/* --- a look at what is loaded -------------------------------------------- */
static int is_known(const struct vp_object *object)
{
	for (uint32_t i = 0; i < known_count; i++) {
		if (known[i].lo == object->lo && known[i].dynamic == object->dynamic)
			return 1;
	}
	return 0;
}

static void become_known(const struct vp_object *object)
{
	if (known_count < KNOWN_MOST)
		known[known_count++] = (struct known){object->lo, object->dynamic};
}

static int look_at(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct look *look = arg;
	struct vp_slot_rules rules = {look->rule, ROAD_COUNT, elsewhere, look};
	struct vp_object object;
	uint32_t missed;

	(void)size;
	if (info->dlpi_subs != removed) { /* addresses may be another's now */
		removed = info->dlpi_subs;
		known_count = started_count;
	}
	if (vp_slots_read(&object, info) != 0 || is_known(&object))
		return 0;
	if (look->first || look->settle)
		become_known(&object);
	if (look->first)
		return 0;
	look->fresh = 1;
	if (look->lazy && look->lazy != object.dynamic)
		rules.rule = roads;
	look->common = 0;
	missed = vp_slots_patch(&object, &rules);
	if (look->owner == object.dynamic && !look->common)
		say(object.path, "has a malloc of its own");
	if (missed) {
		say(object.path, "its calls of malloc could not be redirected");
		missed_ever = 1;
	}
	return 0;
}

/* A lazy slot of an object that looks into its own libraries first will lead to
 * what they define first. */
static void expect_unbound(struct look *look, void *handle)
{
	for (size_t i = 0; i < ROAD_COUNT; i++) {
		void *found = vp_real_symbol(handle, look->rule[i].name);

		if (!found)
			dlerror(); /* ours, not the host's */
		look->rule[i].unbound =
		    found && look->rule[i].hi && (uint64_t)(uintptr_t)found == look->rule[i].lo;
	}
}

/* Does an object define malloc itself?  Its own calls may then need no slot. */
static void find_owner(struct look *look, void *handle)
{
	const struct link_map *map = handle;
	struct dl_find_object found;
	void *own = vp_real_symbol(handle, "malloc");

	if (!own)
		dlerror();
	else if (_dl_find_object(own, &found) == 0 && found.dlfo_link_map == map)
		look->owner = map->l_ld;
}

static void look_around(void *handle, int deep, const void *lazy)
{
	struct look look = {.lazy = lazy,
			    .settle = __atomic_load_n(&opening, __ATOMIC_ACQUIRE) == 0};

	memcpy(look.rule, roads, sizeof(roads));
	if (handle)
		find_owner(&look, handle);
	if (deep || look.owner)
		vp_heap_has_unseen_blocks = 1;
	if (handle && deep)
		expect_unbound(&look, handle);
	dl_iterate_phdr(look_at, &look);
	if (deep && look.fresh) /* its constructor has run */
		vp_heap_frees_seen();
	if (vp_operators_patch_more())
		__atomic_fetch_or(&vp_file.header->flags, VPROF_F_OPERATOR_NEW_BYPASS,
				  __ATOMIC_RELAXED);
	if (missed_ever)
		__atomic_fetch_or(&vp_file.header->flags, VPROF_F_FREES_UNSEEN, __ATOMIC_RELAXED);
	publish();
}

void vp_roads_init(void)
{
	struct look look = {.first = 1};
	void *used = vp_real_default("malloc");

	if (!used || _dl_find_object(used, &everybody) != 0)
		return;
	for (size_t i = 0; i < ROAD_COUNT; i++) {
		struct vp_slot_rule *rule = &roads[i];
		void *real;

		memcpy(&real, rule->real, sizeof(real));
		rule->to = vp_real_default(rule->name);
		rule->lo = (uint64_t)(uintptr_t)real;
		rule->hi = real && rule->to && real != rule->to ? rule->lo + 1 : 0;
	}
	dl_iterate_phdr(look_at, &look);
	started_count = known_count;
	ready = 1;
}

/* --- the hooks' side ------------------------------------------------------- */
enum { HAS_RPATH = 1, HAS_RUNPATH = 2, HAS_NODEFLIB = 4 };

static int paths_of(const ElfW(Dyn) * dynamic)
{
	int has = 0;

	for (; dynamic && dynamic->d_tag != DT_NULL; dynamic++) {
		if (dynamic->d_tag == DT_RPATH)
			has |= HAS_RPATH;
		else if (dynamic->d_tag == DT_RUNPATH)
			has |= HAS_RUNPATH;
		else if (dynamic->d_tag == DT_FLAGS_1 && dynamic->d_un.d_val & DF_1_NODEFLIB)
			has |= HAS_NODEFLIB;
	}
	return has;
}

/* A caller without a path of its own is as good as another; a name with a slash
 * is not searched for, but what it needs is, by an old-style path of its caller. */
int vp_roads_stands_in(const char *file, const void *caller)
{
	const struct link_map *map = _r_debug.r_map; /* code of no object counts as the program's */
	struct dl_find_object found;
	int has;

	if (!file || strchr(file, '$') || !map || !vp_glibc_knows(VP_GLIBC_OBJECTS))
		return 0;
	if (_dl_find_object((void *)(uintptr_t)caller, &found) == 0)
		map = found.dlfo_link_map;
	has = paths_of(map->l_ld);
	if (!has)
		return 1;
	return strchr(file, '/') && (map == _r_debug.r_map || !(has & HAS_RPATH)) &&
	       !(has & HAS_NODEFLIB);
}

static int may_look(struct vp_inside *inside)
{
	return ready && vp_control.heap != VPROF_HEAP_OFF && vp_owns_process() &&
	       vp_inside_try(inside);
}

int vp_roads_begin(void)
{
	vp_roads_catch_up(RTLD_DEFAULT);
	__atomic_add_fetch(&opening, 1, __ATOMIC_ACQ_REL);
	return 1;
}

void vp_roads_done(int begun, void *handle, int mode)
{
	struct vp_inside inside;

	__atomic_sub_fetch(&opening, (uint32_t)begun, __ATOMIC_ACQ_REL);
	if (!handle || mode & RTLD_NOLOAD)
		return;
	vp_trace_opened();
	if (!may_look(&inside))
		return;
	look_around(handle, mode & RTLD_DEEPBIND, NULL);
	vp_inside_end(inside);
}

/* Until somebody looks, an object that finds libc first may free unseen. */
void vp_roads_jumped(int mode)
{
	if (mode & RTLD_NOLOAD || !ready || !vp_owns_process())
		return;
	if (mode & RTLD_DEEPBIND)
		__atomic_fetch_or(&vp_file.header->flags, VPROF_F_FREES_UNSEEN, __ATOMIC_RELAXED);
	/* Pairs with vp_roads_catch_up(). */
	__atomic_store_n(&vp_roads_waiting, 1, __ATOMIC_RELEASE);
}

void vp_roads_catch_up(void *handle)
{
	struct vp_inside inside;

	if (!__atomic_load_n(&vp_roads_waiting, __ATOMIC_ACQUIRE))
		return;
	vp_trace_opened();
	if (!may_look(&inside))
		return;
	/* Pairs with vp_roads_catch_up() of another thread. */
	__atomic_store_n(&vp_roads_waiting, 0, __ATOMIC_RELEASE);
	handle = handle == RTLD_NEXT ? NULL : handle;
	look_around(handle, (vp_file.header->flags & VPROF_F_FREES_UNSEEN) != 0,
		    handle ? ((const struct link_map *)handle)->l_ld : NULL);
	if (!missed_ever)
		__atomic_fetch_and(&vp_file.header->flags, ~VPROF_F_FREES_UNSEEN, __ATOMIC_RELAXED);
	vp_inside_end(inside);
}

void vp_roads_other_world(const char *file)
{
	struct vp_inside inside;

	if (!file || !may_look(&inside))
		return;
	say(file, "opened by dlmopen, with a libc of its own");
	publish();
	vp_inside_end(inside);
}

void vp_roads_fork_child(void)
{
	opening = 0; /* whoever else was at it stayed in the parent */
	published = 0;
	publish();
}
