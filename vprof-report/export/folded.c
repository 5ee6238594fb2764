/* Folded stacks: "outer;inner COUNT", what flame graph tools read. */
#include <inttypes.h>
#include <stdlib.h>

#include "cli/xalloc.h"
#include "export/paths.h"

/* A name may hold the separator ("[u8; 4]"): a comma is the closest. */
static void put_name(const char *name, FILE *out)
{
	for (; *name; name++)
		fputc(*name == ';' ? ',' : *name, out);
}

static void put_stack(const struct vr_dump *dump, const uint32_t *stack, size_t depth, FILE *out)
{
	for (size_t i = 0; i < depth; i++) {
		if (i)
			fputc(';', out);
		put_name(dump->function[stack[i]].name, out);
	}
}

/* The functions from the outermost to the one that is left last. */
struct stack {
	uint32_t *function;
	size_t depth, room;
};

static void leave(void *arg, uint32_t path)
{
	struct stack *stack = arg;

	(void)path;
	stack->depth--;
}

void vr_write_folded(const struct vr_dump *dump, enum vr_value value, FILE *out)
{
	struct vr_paths *paths = vr_paths_new(dump, 0, VR_DUMP_NONE);
	struct stack stack = {0};

	for (uint32_t at = paths->path[0].child; at; at = vr_paths_step(paths, at, leave, &stack)) {
		const struct vr_path *path = &paths->path[at];

		stack.function =
		    vr_xgrow(stack.function, stack.depth, &stack.room, sizeof(*stack.function));
		stack.function[stack.depth++] = path->function;
		if (!path->self[value])
			continue;
		put_stack(dump, stack.function, stack.depth, out);
		fprintf(out, " %" PRIu64 "\n", path->self[value]);
	}
	free(stack.function);
	vr_paths_free(paths);
}
