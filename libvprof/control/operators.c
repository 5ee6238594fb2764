/* L5 */
#include "control/operators.h"
#include "base/real.h"
#include "base/sys.h"
#include "track/heap.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>

/* What gives memory and what takes it back: plain, nothrow, aligned, sized.
 * The last two are jemalloc's own names for a free, which C++ libraries call
 * on memory from malloc and new; mallocx and rallocx stay unseen. */
#define OPERATORS(NEW, DELETE)                                                                     \
	NEW(_Znwm)                                                                                 \
	NEW(_Znam)                                                                                 \
	NEW(_ZnwmRKSt9nothrow_t)                                                                   \
	NEW(_ZnamRKSt9nothrow_t)                                                                   \
	NEW(_ZnwmSt11align_val_t)                                                                  \
	NEW(_ZnamSt11align_val_t)                                                                  \
	NEW(_ZnwmSt11align_val_tRKSt9nothrow_t)                                                    \
	NEW(_ZnamSt11align_val_tRKSt9nothrow_t)                                                    \
	DELETE(_ZdlPv)                                                                             \
	DELETE(_ZdaPv)                                                                             \
	DELETE(_ZdlPvm)                                                                            \
	DELETE(_ZdaPvm)                                                                            \
	DELETE(_ZdlPvRKSt9nothrow_t)                                                               \
	DELETE(_ZdaPvRKSt9nothrow_t)                                                               \
	DELETE(_ZdlPvSt11align_val_t)                                                              \
	DELETE(_ZdaPvSt11align_val_t)                                                              \
	DELETE(_ZdlPvmSt11align_val_t)                                                             \
	DELETE(_ZdaPvmSt11align_val_t)                                                             \
	DELETE(_ZdlPvSt11align_val_tRKSt9nothrow_t)                                                \
	DELETE(_ZdaPvSt11align_val_tRKSt9nothrow_t)                                                \
	DELETE(dallocx)                                                                            \
	DELETE(sdallocx)

/* The forms differ only in what follows the size or the pointer, all of it
 * passed in registers: one shape hands on whatever is there.  The real new may
 * throw through us, so nothing is held across it. */
#define DEFINE_NEW(symbol)                                                                         \
	static void *(*real_##symbol)(size_t, uintptr_t, uintptr_t);                               \
	static void *hook_##symbol(size_t size, uintptr_t second, uintptr_t third)                 \
	{                                                                                          \
		void *ptr = real_##symbol(size, second, third);                                    \
                                                                                                   \
		vp_heap_alloc(ptr, size);                                                          \
		return ptr;                                                                        \
	}
#define DEFINE_DELETE(symbol)                                                                      \
	static void (*real_##symbol)(void *, uintptr_t, uintptr_t);                                \
	static void hook_##symbol(void *ptr, uintptr_t second, uintptr_t third)                    \
	{                                                                                          \
		vp_heap_free(ptr);                                                                 \
		real_##symbol(ptr, second, third);                                                 \
	}
OPERATORS(DEFINE_NEW, DEFINE_DELETE)

/* A slot for `name` whose value lies in [lo, hi) is to hold `to`. */
struct rule {
	const char *name;
	void *to;
	void *real; /* where the address of the real function is kept */
	uint64_t lo, hi;
};

#define OPERATOR_RULE(symbol)                                                                      \
	{.name = #symbol, .to = (void *)hook_##symbol, .real = (void *)&real_##symbol},
static struct rule operators[] = {OPERATORS(OPERATOR_RULE, OPERATOR_RULE)};

/* jemalloc's operators do call free and aligned_alloc, by name, which is us:
 * counted twice.  What the allocator calls in itself stays in itself. */
#define INNER_RULE(function) {.name = #function, .real = (void *)&vp_real.function##_fn},
#define INNER(RULE)                                                                                \
	RULE(malloc)                                                                               \
	RULE(calloc)                                                                               \
	RULE(realloc)                                                                              \
	RULE(free)                                                                                 \
	RULE(posix_memalign)                                                                       \
	RULE(aligned_alloc)                                                                        \
	RULE(memalign)
static struct rule inner[] = {INNER(INNER_RULE)};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct mapping {
	uint64_t lo, hi;
	int prot;
};

struct object {
	uint64_t bias, lo, hi;
	const Elf64_Sym *symbols;
	const char *names;
	uint64_t rela[2], rela_bytes[2]; /* DT_RELA and DT_JMPREL */
	int symbolic;			 /* binds to its own definitions first */
};

struct patch {
	const struct vp_module *allocator;
	const struct rule *rules; /* of the object being walked */
	size_t rule_count;
	struct mapping mapping; /* looked up last */
	uint32_t missed;
};

/* One line of /proc/self/maps: "lo-hi rwxp ...". */
struct maps_line {
	struct mapping mapping;
	int field;
};

static uint64_t hex(uint64_t value, char c)
{
	return value * 16 + (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* Takes the next character; returns 1 when the fields wanted are complete. */
static int feed(struct maps_line *line, char c)
{
	struct mapping *mapping = &line->mapping;

	if (c == '\n') {
		*line = (struct maps_line){0};
	} else if (line->field < 3 && (c == '-' || c == ' ') && (line->field != 2 || c == ' ')) {
		return ++line->field == 3;
	} else if (line->field == 0) {
		mapping->lo = hex(mapping->lo, c);
	} else if (line->field == 1) {
		mapping->hi = hex(mapping->hi, c);
	} else if (line->field == 2) {
		mapping->prot |= c == 'r' ? PROT_READ : 0;
		mapping->prot |= c == 'w' ? PROT_WRITE : 0;
		mapping->prot |= c == 'x' ? PROT_EXEC : 0;
	}
	return 0;
}

/* What the kernel says, not what the program header promises: somebody else
 * who patches slots may have left the page writable, and rely on it. */
static int find_mapping(uint64_t address, struct mapping *out)
{
	struct maps_line line = {0};
	char buf[4096];
	int fd = vp_sys_open("/proc/self/maps", O_RDONLY, 0), found = 0;
	long len;

	if (fd < 0)
		return fd;
	while (!found && (len = vp_sys_read(fd, buf, sizeof(buf))) > 0) {
		for (long i = 0; i < len && !found; i++)
			found = feed(&line, buf[i]) && address >= line.mapping.lo &&
				address < line.mapping.hi;
	}
	vp_sys_close(fd);
	if (found)
		*out = line.mapping;
	return found ? 0 : -ENOENT;
}

static int store(struct mapping *mapping, uint64_t *slot, const void *to)
{
	uint64_t at = (uint64_t)(uintptr_t)slot, page = at & ~4095ull;
	long err = 0;

	if (at % sizeof(*slot)) /* could lie across two pages */
		return -EINVAL;
	if (at < mapping->lo || at >= mapping->hi)
		err = find_mapping(at, mapping);
	if (!err && !(mapping->prot & PROT_WRITE))
		err = vp_sys(SYS_mprotect, page, 4096, mapping->prot | PROT_WRITE);
	if (err)
		return (int)err;
	__atomic_store_n(slot, (uint64_t)(uintptr_t)to, __ATOMIC_RELAXED);
	if (!(mapping->prot & PROT_WRITE))
		vp_sys(SYS_mprotect, page, 4096, mapping->prot);
	return 0;
}

/* Does a call through the slot arrive where the rule says?  A slot not bound
 * yet points back into its object's own PLT; it would bind as everybody's. */
static int applies(const struct rule *rule, const struct object *object, const Elf64_Rela *rela,
		   const Elf64_Sym *symbol, uint64_t value)
{
	uint64_t own = symbol->st_shndx == SHN_UNDEF ? 0 : object->bias + symbol->st_value;

	if (!rule->hi)
		return 0;
	if (value >= rule->lo && value < rule->hi)
		return 1;
	return ELF64_R_TYPE(rela->r_info) == R_X86_64_JUMP_SLOT && value >= object->lo &&
	       value < object->hi && value != own && !object->symbolic;
}

static void patch_slot(struct patch *patch, const struct object *object, const Elf64_Rela *rela)
{
	const Elf64_Sym *symbol = object->symbols + ELF64_R_SYM(rela->r_info);
	const char *name = object->names + symbol->st_name;
	uint64_t *slot = (uint64_t *)(uintptr_t)(object->bias + rela->r_offset);

	for (size_t i = 0; i < patch->rule_count; i++) {
		const struct rule *rule = &patch->rules[i];

		if (strcmp(name, rule->name) != 0)
			continue;
		if (applies(rule, object, rela, symbol, *slot) &&
		    store(&patch->mapping, slot, rule->to) != 0)
			patch->missed++;
		return;
	}
}

/* Pointers in data (R_X86_64_64) change with the slots: a program that
 * compares two addresses of one operator finds them equal, as before. */
static int is_slot(const Elf64_Rela *rela)
{
	switch (ELF64_R_TYPE(rela->r_info)) {
	case R_X86_64_JUMP_SLOT:
	case R_X86_64_GLOB_DAT:
		return 1;
	case R_X86_64_64:
		return rela->r_addend == 0;
	default:
		return 0;
	}
}

static void read_dynamic(struct object *object, const Elf64_Dyn *dynamic)
{
	for (; dynamic->d_tag != DT_NULL; dynamic++) {
		/* The loader relocates these in place, but for read-only ones. */
		uint64_t value = dynamic->d_un.d_val;
		uint64_t at = value < object->lo ? value + object->bias : value;

		switch (dynamic->d_tag) {
		case DT_SYMTAB:
			object->symbols = (const void *)(uintptr_t)at;
			break;
		case DT_STRTAB:
			object->names = (const void *)(uintptr_t)at;
			break;
		case DT_RELA:
			object->rela[0] = at;
			break;
		case DT_RELASZ:
			object->rela_bytes[0] = value;
			break;
		case DT_JMPREL:
			object->rela[1] = at;
			break;
		case DT_PLTRELSZ:
			object->rela_bytes[1] = value;
			break;
		case DT_SYMBOLIC:
			object->symbolic = 1;
			break;
		case DT_FLAGS:
			object->symbolic |= (value & DF_SYMBOLIC) != 0;
			break;
		}
	}
}

static const Elf64_Dyn *describe(struct object *object, const struct dl_phdr_info *info)
{
	const Elf64_Dyn *dynamic = NULL;

	object->bias = info->dlpi_addr;
	object->lo = UINT64_MAX;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const Elf64_Phdr *phdr = &info->dlpi_phdr[i];
		uint64_t at = info->dlpi_addr + phdr->p_vaddr;

		if (phdr->p_type == PT_DYNAMIC)
			dynamic = (const void *)(uintptr_t)at;
		if (phdr->p_type != PT_LOAD)
			continue;
		object->lo = at < object->lo ? at : object->lo;
		object->hi = at + phdr->p_memsz > object->hi ? at + phdr->p_memsz : object->hi;
	}
	return dynamic;
}

static int in_module(const struct vp_module *module, const void *address)
{
	return (uint64_t)(uintptr_t)address >= module->start &&
	       (uint64_t)(uintptr_t)address < module->end;
}

/* Called for each loaded object.  The library itself, libunwind and the loader
 * need no exception: they use none of the names. */
static int patch_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct patch *patch = arg;
	struct object object = {0};
	const Elf64_Dyn *dynamic = describe(&object, info);
	int own = in_module(patch->allocator, dynamic);

	(void)size;
	if (dynamic)
		read_dynamic(&object, dynamic);
	if (!object.symbols || !object.names)
		return 0;
	patch->rules = own ? inner : operators;
	patch->rule_count = own ? COUNT(inner) : COUNT(operators);
	for (int table = 0; table < 2; table++) {
		const Elf64_Rela *rela = (const void *)(uintptr_t)object.rela[table];
		const Elf64_Rela *end = rela + object.rela_bytes[table] / sizeof(*rela);

		for (; rela && rela < end; rela++) {
			if (is_slot(rela))
				patch_slot(patch, &object, rela);
		}
	}
	return 0;
}

/* A name the allocator does not define, or that the program defines over it,
 * keeps an empty range: such a call comes to our malloc as ever. */
static void find_operators(const struct vp_module *allocator)
{
	for (size_t i = 0; i < COUNT(operators); i++) {
		struct rule *rule = &operators[i];
		void *real = vp_real_default(rule->name);

		if (!real || !in_module(allocator, real))
			continue;
		memcpy(rule->real, &real, sizeof(real));
		rule->lo = (uint64_t)(uintptr_t)real;
		rule->hi = rule->lo + 1;
	}
}

static void find_inner(const struct vp_module *self)
{
	for (size_t i = 0; i < COUNT(inner); i++) {
		struct rule *rule = &inner[i];

		memcpy(&rule->to, rule->real, sizeof(rule->to));
		rule->lo = self->start;
		rule->hi = self->end;
	}
}

/* Objects opened later with dlopen keep their slots.  What only they make is
 * not seen; what they delete of the others' counts as live until its address
 * is given out again.  dlopen itself cannot be hooked (hooks/dl.c). */
int vp_operators_patch(const struct vp_module *allocator)
{
	static int done, result;
	const struct vp_module *self = vp_module_find((uint64_t)(uintptr_t)&vp_operators_patch);
	struct patch patch = {.allocator = allocator};

	if (done || !self)
		return done ? result : -EPERM;
	find_operators(allocator);
	find_inner(self);
	dl_iterate_phdr(patch_object, &patch);
	done = 1;
	result = patch.missed ? -EPERM : 0;
	return result;
}
