/* Lines on stderr about one file: what limits the numbers that are printed. */
#ifndef VR_NOTES_H
#define VR_NOTES_H

#include "model/cpu.h"
#include "model/heap.h"
#include "text/context.h"

/* "vprof-report: FILE: ...".  Nothing for a damaged file, about which one line has been
 * said: what else it claims may be damage. */
__attribute__((format(printf, 2, 3))) void vr_note(const struct vr_context *ctx, const char *format,
						   ...);

/* That --module names no object of the profile, and which there are. */
void vr_warn_module(const struct vr_context *ctx);

/* What limits the CPU numbers: a window that begins before the oldest event, kernel time
 * unknown in a window. */
void vr_warn_cpu(const struct vr_context *ctx, const struct vr_cpu *cpu);
/* The same for heap numbers: bypassed malloc, overflow, shared counters. */
void vr_warn_heap(const struct vr_context *ctx, const struct vr_heap *heap);
/* A line when objects on disk are not the ones that ran, and one for each whose debug
 * information is not whole. */
void vr_warn_symbols(const struct vr_context *ctx);

#endif
