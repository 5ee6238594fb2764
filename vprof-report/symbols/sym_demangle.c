/* Demangling through libiberty, remembered by content: the same few thousand
 * linkage names come back from every compilation unit. */
#include "symbols/sym_demangle.h"

#include <libiberty/demangle.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define LINKAGE_MAX  16384u /* longer ones are shown as they are */
#define READABLE_MAX 65536u /* a few substitutions can ask for gigabytes */

struct vr_name {
	uint64_t hash;
	const char *text;     /* NULL: free slot */
	const char *readable; /* NULL: not asked for yet */
};

struct buffer {
	char *text;
	size_t used, room;
	jmp_buf full;
};

/* libiberty's callback cannot say "stop", and a hostile name of 200 bytes
 * makes it print for hours: leave through longjmp.  Its callback interface
 * keeps its state on the stack, so nothing is left behind. */
static void collect(const char *text, size_t length, void *opaque)
{
	struct buffer *buffer = opaque;
	char *grown;

	if (!length) /* `text` may be NULL then */
		return;
	if (length >= READABLE_MAX || buffer->used + length >= READABLE_MAX)
		longjmp(buffer->full, 1);
	if (buffer->used + length >= buffer->room) {
		buffer->room = (buffer->used + length + 1) * 2;
		grown = realloc(buffer->text, buffer->room);
		if (!grown)
			longjmp(buffer->full, 1);
		buffer->text = grown;
	}
	memcpy(buffer->text + buffer->used, text, length);
	buffer->used += length;
	buffer->text[buffer->used] = '\0';
}

static int demangle_into(struct buffer *buffer, const char *linkage)
{
	if (setjmp(buffer->full))
		return 0;
	/* Rust first: its legacy names are valid C++ names with a hash in them. */
	if (rust_demangle_callback(linkage, DMGL_NO_OPTS, collect, buffer))
		return 1;
	buffer->used = 0;
	return cplus_demangle_v3_callback(linkage, DMGL_PARAMS | DMGL_ANSI, collect, buffer);
}

static int looks_mangled(const char *linkage)
{
	if (linkage[0] == '_' && (linkage[1] == 'Z' || linkage[1] == 'R'))
		return 1;
	/* Static constructors: _GLOBAL__sub_I_file and the like. */
	return !strncmp(linkage, "_GLOBAL_", 8);
}

char *vr_demangle(const char *linkage)
{
	struct buffer *buffer;
	char *text = NULL;

	if (!looks_mangled(linkage) || strnlen(linkage, LINKAGE_MAX) >= LINKAGE_MAX)
		return NULL;
	/* On the heap: a local would be indeterminate after longjmp. */
	buffer = calloc(1, sizeof(*buffer));
	if (!buffer)
		return NULL;
	if (demangle_into(buffer, linkage) && buffer->used) {
		text = buffer->text;
		buffer->text = NULL;
	}
	free(buffer->text);
	free(buffer);
	return text;
}

static uint64_t hash_text(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
	return hash ^ (hash >> 32);
}

static struct vr_name *probe(struct vr_name *slot, size_t slots, uint64_t hash, const char *text)
{
	size_t i = (size_t)hash & (slots - 1);

	while (slot[i].text && (slot[i].hash != hash || strcmp(slot[i].text, text)))
		i = (i + 1) & (slots - 1);
	return &slot[i];
}

static int grow(struct vr_names *names)
{
	size_t slots = names->slots ? names->slots * 2 : 1024;
	struct vr_name *slot = calloc(slots, sizeof(*slot));

	if (!slot)
		return -1;
	for (size_t i = 0; i < names->slots; i++) {
		const struct vr_name *old = &names->slot[i];

		if (old->text)
			*probe(slot, slots, old->hash, old->text) = *old;
	}
	free(names->slot);
	names->slot = slot;
	names->slots = slots;
	return 0;
}

static struct vr_name *find_or_add(struct vr_names *names, const char *text)
{
	uint64_t hash = hash_text(text);
	struct vr_name *name;

	if (names->used * 2 >= names->slots && grow(names))
		return NULL;
	name = probe(names->slot, names->slots, hash, text);
	if (name->text)
		return name;
	name->text = vr_arena_text(&names->arena, text, strlen(text));
	if (!name->text)
		return NULL;
	name->hash = hash;
	names->used++;
	return name;
}

const char *vr_names_keep(struct vr_names *names, const char *text)
{
	struct vr_name *name = find_or_add(names, text);

	return name ? name->text : text;
}

const char *vr_names_demangle(struct vr_names *names, const char *linkage)
{
	struct vr_name *name = find_or_add(names, linkage);
	char *text;

	if (!name)
		return linkage;
	if (name->readable)
		return name->readable;
	text = vr_demangle(linkage);
	if (text)
		name->readable = vr_arena_text(&names->arena, text, strlen(text));
	free(text);
	if (!name->readable)
		name->readable = name->text;
	return name->readable;
}

void vr_names_free(struct vr_names *names)
{
	free(names->slot);
	vr_arena_free(&names->arena);
	memset(names, 0, sizeof(*names));
}
