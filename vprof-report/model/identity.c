#include "model/identity.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/xalloc.h"

/* Length of an object's name without its version: "libbook.so" of
 * "libbook.so.1.2". */
static size_t object_length(const char *base)
{
	const char *so = strstr(base, ".so.");

	return so ? (size_t)(so - base) + 3 : strlen(base);
}

/* Length of a function's name without what the compiler added to it. */
static size_t function_length(const char *name)
{
	static const char *const added[] = {" [clone", ".constprop.", ".isra.", ".part.",
					    ".cold",   ".lto_priv",   ".llvm."};
	size_t length = strlen(name);

	for (size_t i = 0; i < sizeof(added) / sizeof(added[0]); i++) {
		const char *at = strstr(name, added[i]);

		if (at && at > name && (size_t)(at - name) < length)
			length = (size_t)(at - name);
	}
	return length;
}

/* 1 for "app+0x12" and "0x12": a place, which another build has elsewhere. */
static int is_address(const char *function, const char *base)
{
	size_t length = strlen(base);

	if (strncmp(function, "0x", 2) == 0)
		return 1;
	return length && strncmp(function, base, length) == 0 && function[length] == '+';
}

/* What runs before main() and before a thread's function. */
static int is_start(const char *function, const char *base)
{
	if (strncmp(base, "libc.so", 7) == 0 || strncmp(base, "ld-linux", 8) == 0 ||
	    strncmp(base, "libpthread", 10) == 0)
		return 1;
	return strcmp(function, "_start") == 0;
}

void vr_identity_add(struct vr_identity *identity, const char *function, const char *module)
{
	const char *base = vr_text_base(module);
	int unnamed = !*function || is_address(function, base);
	char *line =
	    vr_xprintf("%.*s!%.*s\n", (int)object_length(base), base,
		       unnamed ? 1 : (int)function_length(function), unnamed ? "?" : function);
	size_t length = strlen(line);
	int start;

	while (identity->used + length + 1 > identity->room) {
		identity->room = 2 * identity->room + 256;
		identity->text = vr_xrealloc(identity->text, identity->room, 1);
	}
	memcpy(identity->text + identity->used, line, length + 1);
	identity->used += length;
	start = is_start(function, base);
	/* Without a name, what calls libc's start is _start() all the same. */
	if (!start && !(unnamed && identity->after_start))
		identity->kept = identity->used;
	identity->after_start = start;
	free(line);
}

void vr_identity_end(struct vr_identity *identity)
{
	const char *last = "", *line, *next;
	size_t used = 0;

	if (!identity->text)
		identity->text = vr_xstrdup("");
	if (identity->kept)
		identity->text[identity->kept] = '\0';
	identity->shape = vr_xcalloc(strlen(identity->text) + 1, 1);
	for (line = identity->text; *line; line = next) {
		size_t object = strcspn(line, "!") + 1;

		next = line + strcspn(line, "\n") + 1;
		identity->unnamed += next - line == (ptrdiff_t)object + 2 && line[object] == '?';
		if (strncmp(line, last, object) == 0)
			continue;
		last = line;
		memcpy(identity->shape + used, line, object);
		used += object;
	}
}

struct vr_identity vr_identity_of(struct vr_stacks *stacks, uint32_t node)
{
	struct vr_identity identity = {0};

	for (; node != VPROF_NODE_ROOT; node = vr_stacks_parent(stacks, node)) {
		struct vr_span span = vr_stacks_at(stacks, node);

		for (uint32_t i = 0; i < span.count; i++) {
			const struct vr_function *function =
			    vr_place_function(stacks, &stacks->place[span.first + i]);

			vr_identity_add(&identity, function->name, function->module);
		}
	}
	vr_identity_end(&identity);
	return identity;
}

void vr_identity_free(struct vr_identity *identity)
{
	free(identity->text);
	free(identity->shape);
	*identity = (struct vr_identity){0};
}

uint64_t vr_identity_hash(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325ull;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3ull;
	return hash;
}

void vr_fingerprint(struct vr_stacks *stacks, uint32_t node, char out[VR_FINGERPRINT])
{
	struct vr_identity identity = vr_identity_of(stacks, node);

	snprintf(out, VR_FINGERPRINT, "%016" PRIx64, vr_identity_hash(identity.text));
	vr_identity_free(&identity);
}
