/* Functions of one compilation unit and the calls inlined into them.  Part of
 * sym_dwarf. */
#ifndef VR_SYM_FUNC_H
#define VR_SYM_FUNC_H

#include <elfutils/libdw.h>
#include <stddef.h>
#include <stdint.h>

#include "symbols/sym_demangle.h"
#include "symbols/sym_range.h"
#include "symbols/sym_split.h"

/* One inlined call.  A function's calls lie in the order of its DIE tree, so
 * the calls inlined into call i are i + 1 .. end - 1. */
struct vr_inline {
	Dwarf_Die die;
	const char *function, *linkage; /* valid once named */
	uint32_t first_range, ranges;	/* in vr_func.range */
	uint32_t end;
	int named;
};

struct vr_func {
	Dwarf_Die die;
	const char *function, *linkage; /* valid once named */
	struct vr_inline *call;
	struct vr_range *range; /* of all calls; only lo and hi are used */
	uint32_t calls, ranges;
	int named, walked;
};

/* Zeroed: not indexed. */
struct vr_funcs {
	struct vr_func *func;
	size_t count, room;
	struct vr_ranges ranges;      /* what = index into func */
	int walked;		      /* 1: outer functions indexed, 2: nested ones too */
	const struct vr_split *split; /* whose they are, NULL: of a unit that libdw found */
};

/* The function of unit `die` whose code holds DWARF address `pc`, or NULL. */
struct vr_func *vr_funcs_find(struct vr_funcs *funcs, Dwarf_Die *die, uint64_t pc);

/* The inlined calls of `func`, one of `funcs`, around `pc`, outermost first, into call[].
 * Returns how many, at most `max`. */
size_t vr_func_inlines(const struct vr_funcs *funcs, struct vr_func *func, uint64_t pc,
		       struct vr_inline **call, size_t max);

/* Name the function of a DIE, following it to its declaration.
 *   function, linkage  [out] readable and mangled name, NULL where unknown */
void vr_die_names(Dwarf_Die *die, struct vr_names *names, const char **function,
		  const char **linkage);

void vr_funcs_free(struct vr_funcs *funcs);

#endif
