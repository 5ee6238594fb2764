/* Text of unknown origin, stacks and tables, on the report. */
#ifndef VR_PRINT_H
#define VR_PRINT_H

#include "text/context.h"

/* Text with control characters escaped, to ctx->out. */
void vr_print_safe(struct vr_context *ctx, const char *text);
/* The same for several lines. */
void vr_print_lines(struct vr_context *ctx, const char *text);

/* Prints text in lines of at most the terminal's width, where that is known; all but the first
 * begin with `indent` blanks, which are already there before the first. */
void vr_print_wrapped(struct vr_context *ctx, const char *text, int indent);

/* Prints up to `max` frames of a stack, innermost first, one a line.
 * 0: all.  Says how many it left out. */
void vr_print_stack(struct vr_context *ctx, uint32_t node, const char *indent, size_t max);

/* Prints the table in the context's format (not JSON) and frees it. */
void vr_print_table(struct vr_context *ctx, struct vr_table *table);
/* "N more rows; -n 0 shows all" under a cut table; nothing in CSV. */
void vr_print_more(struct vr_context *ctx, size_t shown, size_t all, const char *what);

/* A line that says that there is nothing to list: "no thread waited", and of what where the user
 * has chosen. */
void vr_print_none(struct vr_context *ctx, const char *what);

#endif
