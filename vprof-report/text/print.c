#include "text/print.h"

#include <stdlib.h>
#include <string.h>

#include "cli/text.h"
#include "cli/units.h"
#include "cli/xalloc.h"
#include "output/out.h"
#include "text/names.h"

#define FRAME_LEAST 20 /* columns of a frame, however narrow the terminal is */

void vr_print_safe(struct vr_context *ctx, const char *text)
{
	vr_text_put(ctx->out, text);
}

void vr_print_lines(struct vr_context *ctx, const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "\n");
		char *line = vr_xprintf("%.*s", (int)length, text);

		vr_print_safe(ctx, line);
		fputc('\n', ctx->out);
		free(line);
		text += length + (text[length] == '\n');
	}
}

void vr_print_wrapped(struct vr_context *ctx, const char *text, int indent)
{
	char *safe = vr_text_escape(text);
	size_t room = (size_t)((ctx->width > 40 ? ctx->width : 40) - indent - 1);
	char *at = safe;

	while (ctx->width && strlen(at) > room) {
		char *blank = memrchr(at, ' ', room);

		if (!blank)
			blank = strchr(at + room, ' '); /* one long word, not cut */
		if (!blank)
			break;
		fprintf(ctx->out, "%.*s\n%*s", (int)(blank - at), at, indent, "");
		at = blank + 1;
	}
	fprintf(ctx->out, "%s\n", at);
	free(safe);
}

/* A frame in what the terminal has left; " [inlined]" may follow it. */
static char *frame_text(struct vr_context *ctx, const struct vr_place *place, int indent)
{
	int room = ctx->width - indent - (place->inlined ? (int)strlen(" [inlined]") : 0);

	return vr_caption_short(ctx->profile,
				vr_place_caption(ctx->profile->stacks, place, ctx->strip_dirs),
				!ctx->width	     ? 0
				: room > FRAME_LEAST ? room
						     : FRAME_LEAST);
}

void vr_print_stack(struct vr_context *ctx, uint32_t node, const char *indent, size_t max)
{
	struct vr_stacks *stacks = ctx->profile->stacks;
	size_t printed = 0;
	size_t left_out = 0;

	for (; node != VPROF_NODE_ROOT; node = vr_stacks_parent(stacks, node)) {
		struct vr_places places = vr_stacks_at(stacks, node);

		for (uint32_t i = 0; i < places.count; i++) {
			const struct vr_place *place = &stacks->place[places.first + i];
			char *text;

			if (max && printed == max) {
				left_out++;
				continue;
			}
			text = frame_text(ctx, place, (int)strlen(indent));
			fputs(indent, ctx->out);
			vr_print_safe(ctx, text);
			fputs(place->inlined ? " [inlined]\n" : "\n", ctx->out);
			free(text);
			printed++;
		}
	}
	if (left_out)
		fprintf(ctx->out, "%s... %zu more\n", indent, left_out);
}

void vr_print_table(struct vr_context *ctx, struct vr_table *table)
{
	if (ctx->format == VR_FORMAT_CSV)
		vr_table_csv(table, ctx->out);
	else
		vr_table_print(table, ctx->out, ctx->width);
	vr_table_free(table);
}

void vr_print_more(struct vr_context *ctx, size_t shown, size_t all, const char *what)
{
	char count[VR_UNIT_MAX];

	if (ctx->format == VR_FORMAT_TABLE && shown < all)
		fprintf(ctx->out, "%s more %.*s; -n 0 shows all\n",
			vr_format_count(count, all - shown), (int)strlen(what) - (all - shown == 1),
			what); /* "1 more site" */
}

void vr_print_none(struct vr_context *ctx, const char *what)
{
	const struct vr_select *select = &ctx->profile->select;
	int chosen = select->thread || select->module || select->label || select->windowed;

	fprintf(ctx->out, "   %s%s\n", what, chosen ? " in what was selected" : "");
}
