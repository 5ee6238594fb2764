/* One process: which object an address lies in, and who is asked about it. */
#include "symbols/sym.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "symbols/sym_cache.h"
#include "symbols/sym_perfmap.h"
#include "symbols/sym_vdso.h"

/* Code without an object: what the process that made it says of it. */
struct jit {
	struct vr_perfmap map;
	uint32_t pid, number; /* of the process in the cache */
	int tried;
};

/* Where the process had an object. */
struct mapped {
	uint32_t object; /* index in the cache */
	int known, used; /* used: names were asked for */
	uint64_t bias;
	struct jit *jit; /* NULL: it is an object */
};

struct vr_sym {
	struct vr_symcache *cache;
	int own_cache;
	struct mapped *module;
	uint32_t modules; /* room of module[]; unknown ids are zero */
	struct jit jit;
	int same_boot;
};

struct vr_sym *vr_sym_open_in(struct vr_symcache *cache, uint32_t pid, int same_boot)
{
	struct vr_sym *sym = calloc(1, sizeof(*sym));

	if (!sym)
		return NULL;
	sym->cache = cache;
	sym->same_boot = same_boot;
	sym->jit = (struct jit){.pid = pid, .number = cache->processes++};
	return sym;
}

struct vr_sym *vr_sym_open(uint32_t pid, int same_boot, int inlines)
{
	struct vr_symcache *cache = vr_symcache_new(inlines);
	struct vr_sym *sym = cache ? vr_sym_open_in(cache, pid, same_boot) : NULL;

	if (sym)
		sym->own_cache = 1;
	else
		vr_symcache_free(cache);
	return sym;
}

void vr_sym_close(struct vr_sym *sym)
{
	if (!sym)
		return;
	for (uint32_t i = 0; i < sym->modules; i++) {
		if (sym->module[i].jit)
			vr_perfmap_free(&sym->module[i].jit->map);
		free(sym->module[i].jit);
	}
	free(sym->module);
	vr_perfmap_free(&sym->jit.map);
	if (sym->own_cache)
		vr_symcache_free(sym->cache);
	free(sym);
}

int vr_sym_debug_path(struct vr_sym *sym, const char *path)
{
	char *copy = strdup(path);

	if (!copy)
		return -ENOMEM;
	free(sym->cache->search.debug_path);
	sym->cache->search.debug_path = copy;
	return 0;
}

static int make_room(struct vr_sym *sym, uint32_t id)
{
	uint32_t room = sym->modules ? sym->modules : 16;
	struct mapped *grown;

	if (id < sym->modules)
		return 0;
	while (room <= id)
		room *= 2;
	grown = reallocarray(sym->module, room, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	memset(grown + sym->modules, 0, (room - sym->modules) * sizeof(*grown));
	sym->module = grown;
	sym->modules = room;
	return 0;
}

int vr_sym_add_module(struct vr_sym *sym, uint32_t id, const struct vr_sym_module *module)
{
	int64_t object;

	/* A module that frames were named from stays. */
	if (id >= VR_SYM_KERNEL || (id < sym->modules && sym->module[id].used))
		return 0;
	if (make_room(sym, id))
		return -ENOMEM;
	object = vr_symcache_object(sym->cache, module);
	if (object < 0)
		return -ENOMEM;
	sym->module[id] =
	    (struct mapped){.object = (uint32_t)object, .known = 1, .bias = module->bias};
	return 0;
}

int vr_sym_add_process(struct vr_sym *sym, uint32_t id, uint32_t pid)
{
	struct jit *jit;

	if (make_room(sym, id))
		return -ENOMEM;
	jit = calloc(1, sizeof(*jit));
	if (!jit)
		return -ENOMEM;
	*jit = (struct jit){.pid = pid, .number = sym->cache->processes++};
	sym->module[id].jit = jit;
	return 0;
}

/* The object of module `id`, NULL: unknown. */
static struct vr_object *object_of(const struct vr_sym *sym, uint32_t id)
{
	return id < sym->modules && sym->module[id].known
		   ? sym->cache->object[sym->module[id].object]
		   : NULL;
}

enum vr_sym_state vr_sym_module_state(const struct vr_sym *sym, uint32_t id)
{
	const struct vr_object *object = object_of(sym, id);

	return object && sym->module[id].used ? object->state : VR_SYM_NOT_TRIED;
}

char *vr_sym_module_note(const struct vr_sym *sym, uint32_t id)
{
	const struct vr_object *object = object_of(sym, id);

	return object && sym->module[id].used ? vr_object_note(object) : NULL;
}

/* What is asked for, for the functions that find it. */
struct lookup {
	struct vr_sym *sym;
	struct vr_object *object;
	struct jit *jit;
	uint64_t pc; /* within the instruction; of an object as its ELF file counts */
};

static size_t find_unknown(void *arg, uint64_t address, struct vr_frame *frame)
{
	struct lookup *lookup = arg;
	struct jit *jit = lookup->jit;
	char path[64];

	if (!jit->tried) {
		jit->tried = 1;
		snprintf(path, sizeof(path), "/tmp/perf-%u.map", jit->pid);
		(void)vr_perfmap_load(&jit->map, path); /* most processes have none */
	}
	frame->function = vr_perfmap_find(&jit->map, lookup->pc);
	if (!frame->function)
		frame->function = vr_symcache_numbered(lookup->sym->cache, "", "%s0x%llx", address);
	frame->module = "[jit]";
	frame->offset = address;
	return 1;
}

static size_t find_kernel(void *arg, uint64_t address, struct vr_frame *frame)
{
	struct lookup *lookup = arg;
	struct vr_symcache *cache = lookup->sym->cache;

	if (lookup->sym->same_boot && !cache->kernel_tried) {
		cache->kernel_tried = 1;
		(void)vr_kernel_load(&cache->kernel, "/proc/kallsyms");
	}
	frame->function =
	    lookup->sym->same_boot ? vr_kernel_find(&cache->kernel, lookup->pc) : NULL;
	if (!frame->function)
		frame->function = "[kernel]";
	frame->module = "[kernel]";
	frame->offset = address;
	return 1;
}

static size_t find_nothing(void *arg, uint64_t address, struct vr_frame *frame)
{
	struct lookup *lookup = arg;

	frame->function = vr_symcache_numbered(lookup->sym->cache, "", "%s0x%llx", address);
	frame->offset = address;
	return 1;
}

static size_t find_object(void *arg, uint64_t offset, struct vr_frame *frame)
{
	struct lookup *lookup = arg;
	struct vr_symcache *cache = lookup->sym->cache;
	struct vr_object *object = lookup->object;
	struct vr_source_place place[VR_PLACES_MAX];
	const struct vr_range *bounds;
	size_t count;

	vr_object_open(object, &cache->search, &cache->names);
	bounds = vr_ranges_find(&object->bounds, lookup->pc);
	count = vr_object_find(object, lookup->pc, cache->inlines, place);
	if (!count)
		memset(&place[count++], 0, sizeof(place[0]));
	for (size_t i = 0; i < count; i++) {
		frame[i].function = place[i].function;
		frame[i].linkage = place[i].linkage;
		frame[i].file = place[i].file;
		frame[i].line = place[i].line;
		frame[i].module = object->shown;
		frame[i].offset = offset;
		frame[i].inlined = i + 1 < count;
		if (frame[i].function)
			continue;
		/* A function without a name is called by its start: one row, not
		 * one an address. */
		frame[i].function = object->vdso
					? VR_VDSO_NAME
					: vr_symcache_numbered(cache, object->base, "%.255s+0x%llx",
							       bounds ? bounds->lo : offset);
	}
	return count;
}

struct vr_frames vr_sym_resolve(struct vr_sym *sym, uint32_t id, uint64_t address, int exact)
{
	struct lookup lookup = {.sym = sym, .object = object_of(sym, id)};
	uint64_t bias;

	lookup.pc = exact || !address ? address : address - 1;
	if (id == VR_SYM_KERNEL)
		return vr_symcache_frames(sym->cache,
					  sym->same_boot ? VR_OWNER_KERNEL : VR_OWNER_OTHER_KERNEL,
					  address, exact, find_kernel, &lookup);
	if (id == VR_SYM_UNKNOWN)
		lookup.jit = &sym->jit;
	else if (id < sym->modules)
		lookup.jit = sym->module[id].jit;
	if (lookup.jit)
		return vr_symcache_frames(sym->cache, VR_OWNER_PROCESS(lookup.jit->number), address,
					  exact, find_unknown, &lookup);
	if (!lookup.object)
		return vr_symcache_frames(sym->cache, VR_OWNER_NOBODY, address, exact, find_nothing,
					  &lookup);
	bias = sym->module[id].bias;
	lookup.pc -= bias;
	sym->module[id].used = 1;
	return vr_symcache_frames(sym->cache, sym->module[id].object, address - bias, exact,
				  find_object, &lookup);
}

const char *vr_sym_variable(struct vr_sym *sym, uint32_t id, uint64_t address)
{
	struct vr_object *object = object_of(sym, id);
	struct vr_symcache *cache = sym->cache;
	const char *name;
	uint64_t into;
	char text[512];

	if (!object)
		return NULL;
	sym->module[id].used = 1;
	vr_object_open(object, &cache->search, &cache->names);
	name = vr_object_variable(object, address - sym->module[id].bias, &into);
	if (!name)
		return NULL;
	name = vr_names_demangle(&cache->names, name);
	if (!into)
		return name;
	snprintf(text, sizeof(text), "%.480s+0x%llx", name, (unsigned long long)into);
	return vr_names_keep(&cache->names, text);
}

const char *vr_sym_keep(struct vr_sym *sym, const char *name)
{
	return vr_names_keep(&sym->cache->names, name);
}

/* A name that an object has, for whoever asked. */
struct naming {
	struct vr_names *names;
	vr_each_name *each;
	void *arg;
};

static void demangle(void *arg, const char *name)
{
	struct naming *naming = arg;

	naming->each(naming->arg, vr_names_demangle(naming->names, name));
}

void vr_sym_names(struct vr_sym *sym, uint32_t id, int variables, vr_each_name *each, void *arg)
{
	struct vr_object *object = object_of(sym, id);
	struct naming naming = {&sym->cache->names, each, arg};

	if (!object)
		return;
	sym->module[id].used = 1;
	vr_object_open(object, &sym->cache->search, &sym->cache->names);
	vr_object_names(object, variables, demangle, &naming);
}

int vr_sym_has_debug(struct vr_sym *sym, uint32_t id)
{
	struct vr_object *object = object_of(sym, id);

	if (!object)
		return 0;
	sym->module[id].used = 1;
	vr_object_open(object, &sym->cache->search, &sym->cache->names);
	return object->dwarf.units != 0;
}

size_t vr_sym_bytes(struct vr_sym *sym, uint32_t id, uint64_t address, uint8_t *out, size_t len)
{
	struct vr_object *object = object_of(sym, id);

	if (!object)
		return 0;
	sym->module[id].used = 1;
	vr_object_open(object, &sym->cache->search, &sym->cache->names);
	return vr_object_bytes(object, address - sym->module[id].bias, out, len);
}
