/* Every address once: the cache, and who is asked when it misses. */
#include "symbols/sym.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "symbols/sym_kernel.h"
#include "symbols/sym_object.h"
#include "symbols/sym_perfmap.h"

struct entry {
	uint64_t address;
	uint32_t id; /* module */
	uint16_t exact;
	uint16_t count; /* 0: free slot */
	const struct vr_frame *frame;
};

struct vr_sym {
	struct vr_object **object;
	uint32_t objects; /* slots of object[]; unknown ids are NULL */
	struct entry *slot;
	size_t used, slots;
	struct vr_names names;
	struct vr_kernel kernel;
	struct vr_perfmap perfmap;
	Dwfl_Callbacks callbacks;
	char *debug_path;
	uint32_t pid;
	int same_boot, inlines, kernel_tried, perfmap_tried;
};

static const struct vr_frame no_memory = {.function = "?", .linkage = "", .file = "", .module = ""};

struct vr_sym *vr_sym_open(uint32_t pid, int same_boot, int inlines)
{
	struct vr_sym *sym = calloc(1, sizeof(*sym));

	if (!sym)
		return NULL;
	sym->pid = pid;
	sym->same_boot = same_boot;
	sym->inlines = inlines;
	/* The standard search asks debuginfod servers last, and only those the
	 * user named in DEBUGINFOD_URLS. */
	sym->callbacks.find_elf = dwfl_build_id_find_elf;
	sym->callbacks.find_debuginfo = dwfl_standard_find_debuginfo;
	sym->callbacks.debuginfo_path = &sym->debug_path;
	return sym;
}

void vr_sym_close(struct vr_sym *sym)
{
	if (!sym)
		return;
	for (uint32_t i = 0; i < sym->objects; i++)
		vr_object_free(sym->object[i]);
	free(sym->object);
	free(sym->slot);
	vr_names_free(&sym->names);
	vr_kernel_free(&sym->kernel);
	vr_perfmap_free(&sym->perfmap);
	free(sym->debug_path);
	free(sym);
}

int vr_sym_debug_path(struct vr_sym *sym, const char *path)
{
	char *copy = strdup(path);

	if (!copy)
		return -ENOMEM;
	free(sym->debug_path);
	sym->debug_path = copy;
	return 0;
}

static int make_room(struct vr_sym *sym, uint32_t id)
{
	uint32_t room = sym->objects ? sym->objects : 16;
	struct vr_object **grown;

	if (id < sym->objects)
		return 0;
	while (room <= id)
		room *= 2;
	grown = reallocarray(sym->object, room, sizeof(struct vr_object *));
	if (!grown)
		return -ENOMEM;
	memset(grown + sym->objects, 0, (room - sym->objects) * sizeof(struct vr_object *));
	sym->object = grown;
	sym->objects = room;
	return 0;
}

int vr_sym_add_module(struct vr_sym *sym, uint32_t id, const struct vr_sym_module *module)
{
	struct vr_object *object;

	/* A module that frames were named from stays. */
	if (id >= VR_SYM_KERNEL ||
	    (id < sym->objects && sym->object[id] && sym->object[id]->state != VR_SYM_NOT_TRIED))
		return 0;
	if (make_room(sym, id))
		return -ENOMEM;
	object = vr_object_new(module);
	if (!object)
		return -ENOMEM;
	vr_object_free(sym->object[id]);
	sym->object[id] = object;
	return 0;
}

enum vr_sym_state vr_sym_module_state(const struct vr_sym *sym, uint32_t id)
{
	if (id >= sym->objects || !sym->object[id])
		return VR_SYM_NOT_TRIED;
	return sym->object[id]->state;
}

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

static const char *numbered(struct vr_sym *sym, const char *base, const char *format,
			    uint64_t value)
{
	char text[64 + VR_BASE_SHOWN];

	snprintf(text, sizeof(text), format, base, (unsigned long long)value);
	return vr_names_keep(&sym->names, text);
}

static size_t find_unknown(struct vr_sym *sym, uint64_t pc, uint64_t address,
			   struct vr_frame *frame)
{
	char path[64];

	if (!sym->perfmap_tried) {
		sym->perfmap_tried = 1;
		snprintf(path, sizeof(path), "/tmp/perf-%u.map", sym->pid);
		(void)vr_perfmap_load(&sym->perfmap, path); /* most processes have none */
	}
	frame->function = vr_perfmap_find(&sym->perfmap, pc);
	if (!frame->function)
		frame->function = numbered(sym, "", "%s0x%llx", address);
	frame->module = "[jit]";
	frame->offset = address;
	return 1;
}

static size_t find_kernel(struct vr_sym *sym, uint64_t pc, uint64_t address, struct vr_frame *frame)
{
	if (!sym->kernel_tried && sym->same_boot) {
		sym->kernel_tried = 1;
		(void)vr_kernel_load(&sym->kernel, "/proc/kallsyms");
	}
	frame->function = vr_kernel_find(&sym->kernel, pc);
	if (!frame->function)
		frame->function = "[kernel]";
	frame->module = "[kernel]";
	frame->offset = address;
	return 1;
}

static size_t find_object(struct vr_sym *sym, struct vr_object *object, uint64_t pc,
			  uint64_t address, struct vr_frame *frame)
{
	struct vr_source_place place[VR_PLACES_MAX];
	const struct vr_range *bounds;
	size_t count;

	vr_object_open(object, &sym->callbacks, &sym->names);
	bounds = vr_ranges_find(&object->bounds, pc - object->bias);
	count = vr_object_find(object, pc - object->bias, sym->inlines, place);
	if (!count)
		memset(&place[count++], 0, sizeof(place[0]));
	for (size_t i = 0; i < count; i++) {
		frame[i].function = place[i].function;
		frame[i].linkage = place[i].linkage;
		frame[i].file = place[i].file;
		frame[i].line = place[i].line;
		frame[i].module = object->shown;
		frame[i].offset = address - object->bias;
		frame[i].inlined = i + 1 < count;
		if (frame[i].function)
			continue;
		/* A function without a name is called by its start: one row, not
		 * one an address. */
		frame[i].function = object->vdso ? "[vdso]"
						 : numbered(sym, object->base, "%.255s+0x%llx",
							    bounds ? bounds->lo : frame[i].offset);
	}
	return count;
}

/* Fills frame[]; returns how many. */
static size_t find(struct vr_sym *sym, uint32_t id, uint64_t address, int exact,
		   struct vr_frame *frame)
{
	uint64_t pc = exact || !address ? address : address - 1;

	memset(frame, 0, sizeof(*frame));
	if (id == VR_SYM_KERNEL)
		return find_kernel(sym, pc, address, frame);
	if (id == VR_SYM_UNKNOWN)
		return find_unknown(sym, pc, address, frame);
	if (id < sym->objects && sym->object[id])
		return find_object(sym, sym->object[id], pc, address, frame);
	frame->function = numbered(sym, "", "%s0x%llx", address);
	frame->offset = address;
	return 1;
}

static struct entry *probe(struct entry *slot, size_t slots, uint32_t id, uint64_t address,
			   uint16_t exact)
{
	uint64_t hash =
	    (address ^ (uint64_t)id << 48 ^ (uint64_t)exact << 47) * 0x9e3779b97f4a7c15u;
	size_t i = (size_t)(hash >> 20) & (slots - 1);

	while (slot[i].count &&
	       (slot[i].address != address || slot[i].id != id || slot[i].exact != exact))
		i = (i + 1) & (slots - 1);
	return &slot[i];
}

static int grow_cache(struct vr_sym *sym)
{
	size_t slots = sym->slots ? sym->slots * 2 : 4096;
	struct entry *slot = calloc(slots, sizeof(*slot));

	if (!slot)
		return -ENOMEM;
	for (size_t i = 0; i < sym->slots; i++) {
		const struct entry *old = &sym->slot[i];

		if (old->count)
			*probe(slot, slots, old->id, old->address, old->exact) = *old;
	}
	free(sym->slot);
	sym->slot = slot;
	sym->slots = slots;
	return 0;
}

static int fill(struct vr_sym *sym, struct entry *entry)
{
	struct vr_frame frame[VR_PLACES_MAX], *copy;
	size_t count = find(sym, entry->id, entry->address, entry->exact, frame);

	copy = vr_arena_alloc(&sym->names.arena, count * sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		copy[i] = frame[i];
		copy[i].linkage = or_empty(frame[i].linkage);
		copy[i].file = or_empty(frame[i].file);
		copy[i].module = or_empty(frame[i].module);
	}
	entry->frame = copy;
	entry->count = (uint16_t)count;
	return 0;
}

struct vr_frames vr_sym_resolve(struct vr_sym *sym, uint32_t id, uint64_t address, int exact)
{
	const struct vr_frames failed = {&no_memory, 1};
	struct entry *entry;
	uint16_t is_exact = exact != 0;

	if (sym->used * 2 >= sym->slots && grow_cache(sym))
		return failed;
	entry = probe(sym->slot, sym->slots, id, address, is_exact);
	if (!entry->count) {
		entry->address = address;
		entry->id = id;
		entry->exact = is_exact;
		if (fill(sym, entry))
			return failed;
		sym->used++;
	}
	return (struct vr_frames){entry->frame, entry->count};
}

const char *vr_sym_variable(struct vr_sym *sym, uint32_t id, uint64_t address)
{
	struct vr_object *object = id < sym->objects ? sym->object[id] : NULL;
	const char *name;
	uint64_t into;
	char text[512];

	if (!object)
		return NULL;
	vr_object_open(object, &sym->callbacks, &sym->names);
	name = vr_object_variable(object, address - object->bias, &into);
	if (!name)
		return NULL;
	name = vr_names_demangle(&sym->names, name);
	if (!into)
		return name;
	snprintf(text, sizeof(text), "%.480s+0x%llx", name, (unsigned long long)into);
	return vr_names_keep(&sym->names, text);
}
