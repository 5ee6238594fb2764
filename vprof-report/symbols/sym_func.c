/* Walks DIE trees, each part of one at most once. */
#include "symbols/sym_func.h"

#include <dwarf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 200 /* deeper trees are damaged ones */

/* Moves on to the next sibling.  Damaged DW_AT_sibling attributes that lead
 * back would make an endless loop. */
static int next_sibling(Dwarf_Die *die)
{
	Dwarf_Die next;

	if (dwarf_siblingof(die, &next) != 0 || (char *)next.addr <= (char *)die->addr)
		return 0;
	*die = next;
	return 1;
}

static const char *string_of(Dwarf_Die *die, unsigned int name)
{
	Dwarf_Attribute attribute;
	const char *text = dwarf_formstring(dwarf_attr_integrate(die, name, &attribute));

	return text && text[0] ? text : NULL;
}

void vr_die_names(Dwarf_Die *die, struct vr_names *names, const char **function,
		  const char **linkage)
{
	*linkage = string_of(die, DW_AT_linkage_name);
	if (!*linkage)
		*linkage = string_of(die, DW_AT_MIPS_linkage_name);
	if (*linkage)
		*function = vr_names_demangle(names, *linkage);
	else
		*function = string_of(die, DW_AT_name);
}

static int add_func(struct vr_funcs *funcs, Dwarf_Die *die)
{
	int ret;

	if (funcs->count == funcs->room) {
		size_t room = funcs->room ? funcs->room * 2 : 32;
		struct vr_func *grown = reallocarray(funcs->func, room, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		funcs->func = grown;
		funcs->room = room;
	}
	ret = vr_die_ranges(funcs->split, die, &funcs->ranges, (uint32_t)funcs->count);
	if (ret)
		return ret;
	memset(&funcs->func[funcs->count], 0, sizeof(*funcs->func));
	funcs->func[funcs->count++].die = *die;
	return 0;
}

static int has_code(Dwarf_Die *die)
{
	return dwarf_hasattr(die, DW_AT_low_pc) || dwarf_hasattr(die, DW_AT_ranges);
}

/* Where functions are defined; with `nested` also inside of functions, which
 * costs a walk of the whole tree and is rarely needed. */
static int may_hold_functions(int tag, int nested)
{
	if (tag == DW_TAG_namespace || tag == DW_TAG_module)
		return 1;
	return nested && (tag == DW_TAG_subprogram || tag == DW_TAG_lexical_block ||
			  tag == DW_TAG_inlined_subroutine || tag == DW_TAG_structure_type ||
			  tag == DW_TAG_class_type || tag == DW_TAG_union_type ||
			  tag == DW_TAG_enumeration_type);
}

static int collect_funcs(struct vr_funcs *funcs, Dwarf_Die *parent, int nested, int depth)
{
	Dwarf_Die die;
	int ret = 0;

	if (depth > DEPTH_MAX || dwarf_child(parent, &die) != 0)
		return 0;
	do {
		int tag = dwarf_tag(&die);

		if (tag == DW_TAG_subprogram && has_code(&die))
			ret = add_func(funcs, &die);
		if (!ret && may_hold_functions(tag, nested))
			ret = collect_funcs(funcs, &die, nested, depth + 1);
	} while (!ret && next_sibling(&die));
	return ret;
}

static void forget(struct vr_funcs *funcs)
{
	for (size_t i = 0; i < funcs->count; i++) {
		free(funcs->func[i].call);
		free(funcs->func[i].range);
	}
	funcs->count = 0;
	funcs->ranges.count = 0;
}

static const struct vr_range *find_walked(struct vr_funcs *funcs, Dwarf_Die *die, uint64_t pc,
					  int walk)
{
	if (funcs->walked < walk) {
		forget(funcs);
		/* Out of memory leaves a partial index: less is named. */
		(void)collect_funcs(funcs, die, walk == 2, 0);
		vr_ranges_sort(&funcs->ranges);
		funcs->walked = walk;
	}
	return vr_ranges_find(&funcs->ranges, pc);
}

struct vr_func *vr_funcs_find(struct vr_funcs *funcs, Dwarf_Die *die, uint64_t pc)
{
	const struct vr_range *range = find_walked(funcs, die, pc, 1);

	if (!range)
		range = find_walked(funcs, die, pc, 2);
	return range ? &funcs->func[range->what] : NULL;
}

/* The calls and ranges of a function while they are collected. */
struct calls {
	struct vr_inline *call;
	size_t count, room;
	struct vr_ranges ranges;
	const struct vr_split *split;
};

static int add_call(struct calls *calls, Dwarf_Die *die)
{
	struct vr_inline *call;

	if (calls->count == calls->room) {
		size_t room = calls->room ? calls->room * 2 : 16;

		call = reallocarray(calls->call, room, sizeof(*call));
		if (!call)
			return -ENOMEM;
		calls->call = call;
		calls->room = room;
	}
	call = &calls->call[calls->count++];
	memset(call, 0, sizeof(*call));
	call->die = *die;
	call->first_range = (uint32_t)calls->ranges.count;
	if (vr_die_ranges(calls->split, die, &calls->ranges, 0))
		return -ENOMEM;
	call->ranges = (uint32_t)calls->ranges.count - call->first_range;
	return 0;
}

static int collect_calls(struct calls *calls, Dwarf_Die *parent, int depth)
{
	Dwarf_Die die;
	int ret = 0;

	if (depth > DEPTH_MAX || dwarf_child(parent, &die) != 0)
		return 0;
	do {
		int tag = dwarf_tag(&die);
		size_t mine = calls->count;

		if (tag == DW_TAG_inlined_subroutine && has_code(&die)) {
			ret = add_call(calls, &die);
			if (!ret)
				ret = collect_calls(calls, &die, depth + 1);
			if (calls->count > mine)
				calls->call[mine].end = (uint32_t)calls->count;
		} else if (tag == DW_TAG_lexical_block || tag == DW_TAG_inlined_subroutine) {
			ret = collect_calls(calls, &die, depth + 1);
		}
	} while (!ret && next_sibling(&die));
	return ret;
}

static void walk_calls(const struct vr_split *split, struct vr_func *func)
{
	struct calls calls = {.split = split};

	(void)collect_calls(&calls, &func->die, 0);
	func->call = calls.call;
	func->calls = (uint32_t)calls.count;
	func->range = calls.ranges.range;
	func->ranges = (uint32_t)calls.ranges.count;
	func->walked = 1;
}

static int holds(const struct vr_func *func, const struct vr_inline *call, uint64_t pc)
{
	const struct vr_range *range = func->range + call->first_range;

	for (uint32_t i = 0; i < call->ranges; i++) {
		if (pc >= range[i].lo && pc < range[i].hi)
			return 1;
	}
	return 0;
}

size_t vr_func_inlines(const struct vr_funcs *funcs, struct vr_func *func, uint64_t pc,
		       struct vr_inline **call, size_t max)
{
	uint32_t i = 0, end;
	size_t count = 0;

	if (!func->walked)
		walk_calls(funcs->split, func);
	end = func->calls;
	while (i < end && count < max) {
		struct vr_inline *candidate = &func->call[i];

		if (holds(func, candidate, pc)) {
			call[count++] = candidate;
			end = candidate->end;
			i++;
		} else {
			i = candidate->end;
		}
	}
	return count;
}

void vr_funcs_free(struct vr_funcs *funcs)
{
	forget(funcs);
	free(funcs->func);
	vr_ranges_free(&funcs->ranges);
	memset(funcs, 0, sizeof(*funcs));
}
