#include "model/identity.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/text.h"
#include "cli/xalloc.h"

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

/* 1 for a hexadecimal number and nothing else. */
static int is_number(const char *text)
{
	return strncmp(text, "0x", 2) == 0 && text[2] &&
	       !text[2 + strspn(text + 2, "0123456789abcdef")];
}

/* 1 for "app+0x12" and "0x12": a place, which another build has elsewhere. */
static int is_address(const char *function, const char *base)
{
	size_t length = strnlen(base, VR_BASE_SHOWN);

	if (is_number(function))
		return 1;
	return length && strncmp(function, base, length) == 0 && function[length] == '+' &&
	       is_number(function + length + 1);
}

/* What runs before main() and before a thread's function. */
static int is_start(const char *function, const char *base)
{
	if (strncmp(base, "libc.so", 7) == 0 || strncmp(base, "ld-linux", 8) == 0 ||
	    strncmp(base, "libpthread", 10) == 0)
		return 1;
	return strcmp(function, "_start") == 0;
}

/* As JSON has it: a baseline that was kept as JSON must name the same path. */
static char *part(const char *text, size_t length)
{
	char *cut = vr_xprintf("%.*s", (int)length, text);
	char *valid = vr_text_utf8(cut);

	free(cut);
	return valid;
}

/* "{lambda:12}" without the line, which every edit above it changes. */
static char *without_lines(char *name)
{
	static const char lambda[] = "{lambda:";
	char *to = name;

	for (const char *from = name; *from;) {
		if (strncmp(from, lambda, sizeof(lambda) - 1) != 0) {
			*to++ = *from++;
			continue;
		}
		memcpy(to, lambda, sizeof(lambda) - 2);
		to += sizeof(lambda) - 2;
		from += sizeof(lambda) - 1;
		from += strspn(from, "0123456789");
	}
	*to = '\0';
	return name;
}

void vr_identity_add(struct vr_identity *identity, const char *function, const char *module)
{
	const char *base = vr_text_base(module);
	int unnamed = !*function || strcmp(function, "?") == 0 || is_address(function, base);
	int start = is_start(function, base);

	identity->frame =
	    vr_xgrow(identity->frame, identity->frames, &identity->room, sizeof(*identity->frame));
	identity->frame[identity->frames++] = (struct vr_identity_frame){
	    .object = part(base, object_length(base)),
	    .function = unnamed ? NULL : without_lines(part(function, function_length(function))),
	};
	/* Without a name, what calls libc's start is _start() all the same. */
	if (!start && !(unnamed && identity->after_start))
		identity->kept = identity->frames;
	identity->after_start = start;
}

#define FNV_START 0xcbf29ce484222325ull
#define FNV_PRIME 0x100000001b3ull

static uint64_t hash_char(uint64_t hash, char c)
{
	return (hash ^ (unsigned char)c) * FNV_PRIME;
}

/* A name and the mark that ends it.  A mark in the name itself gets a backslash, so
 * that no two lists of names sum up alike by the letters they hold. */
static uint64_t hash_name(uint64_t hash, const char *name, char end)
{
	for (; *name; name++) {
		if (*name == '\n' || *name == '\\' || *name == end)
			hash = hash_char(hash, '\\');
		hash = hash_char(hash, *name);
	}
	return hash_char(hash, end);
}

static void drop(struct vr_identity_frame *frame)
{
	free(frame->object);
	free(frame->function);
}

void vr_identity_end(struct vr_identity *identity)
{
	const char *last = NULL;

	while (identity->kept && identity->frames > identity->kept)
		drop(&identity->frame[--identity->frames]);
	identity->path = identity->shape = FNV_START;
	for (size_t i = 0; i < identity->frames; i++) {
		const struct vr_identity_frame *frame = &identity->frame[i];

		identity->unnamed += !frame->function;
		identity->path = hash_name(identity->path, frame->object, '!');
		identity->path =
		    hash_name(identity->path, frame->function ? frame->function : "?", '\n');
		if (last && strcmp(last, frame->object) == 0)
			continue;
		last = frame->object;
		identity->shape = hash_name(identity->shape, frame->object, '!');
	}
}

struct vr_identity vr_identity_of(struct vr_stacks *stacks, uint32_t node)
{
	struct vr_identity identity = {0};

	for (; node != VPROF_NODE_ROOT; node = vr_stacks_parent(stacks, node)) {
		struct vr_places places = vr_stacks_at(stacks, node);

		for (uint32_t i = 0; i < places.count; i++) {
			const struct vr_function *function =
			    vr_place_function(stacks, &stacks->place[places.first + i]);

			vr_identity_add(&identity, function->name, function->module);
		}
	}
	vr_identity_end(&identity);
	return identity;
}

void vr_identity_free(struct vr_identity *identity)
{
	for (size_t i = 0; i < identity->frames; i++)
		drop(&identity->frame[i]);
	free(identity->frame);
	*identity = (struct vr_identity){0};
}

uint64_t vr_identity_hash(const char *text)
{
	uint64_t hash = FNV_START;

	for (; *text; text++)
		hash = hash_char(hash, *text);
	return hash;
}

void vr_fingerprint(struct vr_stacks *stacks, uint32_t node, char out[VR_FINGERPRINT])
{
	struct vr_identity identity = vr_identity_of(stacks, node);

	snprintf(out, VR_FINGERPRINT, "%016" PRIx64, identity.path);
	vr_identity_free(&identity);
}
