#include "symbols/sym_scope.h"

#include <dwarf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/xalloc.h"

#define HOPS_MAX   8	/* from a call to its function to its declaration */
#define NESTED_MAX 32	/* scopes */
#define SCOPED_MAX 4096 /* bytes; nobody reads a longer name */

static int is_cplusplus(Dwarf_Die *unit)
{
	switch (dwarf_srclang(unit)) {
	case DW_LANG_C_plus_plus:
	case DW_LANG_C_plus_plus_03:
	case DW_LANG_C_plus_plus_11:
	case DW_LANG_C_plus_plus_14:
	case 0x2b: /* C++17 */
	case 0x2c: /* C++20 */
		return 1;
	default:
		return 0;
	}
}

static const char *name_of(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	const char *name = dwarf_formstring(dwarf_attr_integrate(die, DW_AT_name, &attribute));

	return name && *name ? name : NULL;
}

/* The DIE in the scope where the function is declared. */
static void find_declaration(Dwarf_Die *die)
{
	static const unsigned int leads[] = {DW_AT_abstract_origin, DW_AT_specification};

	for (int hops = 0; hops < HOPS_MAX; hops++) {
		Dwarf_Attribute attribute;
		Dwarf_Die there;
		size_t i = 0;

		while (i < 2 && !dwarf_attr(die, leads[i], &attribute))
			i++;
		if (i == 2 || !dwarf_formref_die(&attribute, &there))
			return;
		*die = there;
	}
}

/* Fills scope[] from the unit's child down to the DIE itself; returns how many.  Offsets rise
 * along the tree, so each level is walked only as far as the DIE. */
static size_t path_to(Dwarf_Die *unit, Dwarf_Die *die, Dwarf_Die scope[NESTED_MAX])
{
	Dwarf_Off wanted = dwarf_dieoffset(die);
	Dwarf_Die at = *unit, next;
	size_t count = 0;

	while (count < NESTED_MAX && dwarf_child(&at, &next) == 0) {
		do {
			at = next;
		} while (dwarf_siblingof(&at, &next) == 0 && dwarf_dieoffset(&next) <= wanted &&
			 dwarf_dieoffset(&next) > dwarf_dieoffset(&at)); /* damage may lead back */
		scope[count++] = at;
		if (dwarf_dieoffset(&at) == wanted)
			return count;
	}
	return 0;
}

/* The class of a lambda has no name; what is called in it is its operator(). The line tells it from
 * other lambdas of the same function, which would be one function otherwise. */
static const char *unnamed(struct vr_names *names, Dwarf_Die *die)
{
	const char *inner = name_of(die + 1);
	char text[32];
	int line;

	if (!inner || strcmp(inner, "operator()") != 0)
		return "{unnamed}";
	if (dwarf_decl_line(die, &line) != 0 || line <= 0)
		return "{lambda}";
	snprintf(text, sizeof(text), "{lambda:%d}", line);
	return vr_names_keep(names, text);
}

/* What a scope is called in a name, NULL: nothing.
 *   die    followed by the next scope inwards
 *   whole  [out] 1: with all that is around it */
static const char *scope_name(struct vr_names *names, Dwarf_Die *die, int *whole)
{
	Dwarf_Attribute attribute;
	const char *name = name_of(die), *linkage;

	*whole = 0;
	switch (dwarf_tag(die)) {
	case DW_TAG_namespace:
		return name ? name : "(anonymous namespace)";
	case DW_TAG_class_type:
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
		return name ? name : unnamed(names, die);
	case DW_TAG_subprogram:
		linkage =
		    dwarf_formstring(dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute));
		*whole = linkage != NULL;
		return linkage ? vr_names_demangle(names, linkage) : name;
	default:
		return NULL;
	}
}

/* 1 for the operator() of a lambda: what is declared in it is in the lambda. */
static int is_lambda_call(Dwarf_Die *die)
{
	const char *name = name_of(die);

	return name && strcmp(name, "operator()") == 0 && dwarf_tag(die - 1) != DW_TAG_namespace &&
	       !name_of(die - 1);
}

static const char *make_name(struct vr_names *names, Dwarf_Die *unit, Dwarf_Die *die)
{
	char text[SCOPED_MAX] = "";
	Dwarf_Die scope[NESTED_MAX];
	size_t count = path_to(unit, die, scope), used = 0;

	for (size_t i = 0; i < count; i++) {
		int whole = 0;
		const char *name =
		    i + 1 < count ? scope_name(names, &scope[i], &whole) : name_of(&scope[i]);
		size_t length = name ? strlen(name) : 0;

		if (!name || (i && i + 1 < count && is_lambda_call(&scope[i])))
			continue;
		if (i + 1 < count && whole)
			used = 0; /* it says itself where it is */
		if (used + length + 3 > sizeof(text))
			return name_of(die);
		if (used) {
			memcpy(text + used, "::", 2);
			used += 2;
		}
		memcpy(text + used, name, length);
		used += length;
	}
	text[used] = '\0';
	return used ? vr_names_keep(names, text) : name_of(die);
}

const char *vr_scoped_name(struct vr_scopes *scopes, struct vr_names *names, Dwarf_Die *die)
{
	Dwarf_Die declared = *die, unit;
	uint32_t *at;
	int added;

	find_declaration(&declared);
	if (!dwarf_diecu(&declared, &unit, NULL, NULL) || !is_cplusplus(&unit))
		return NULL;
	at = vr_map_at(&scopes->known, (uintptr_t)declared.addr, &added);
	if (!added)
		return scopes->name[*at];
	*at = (uint32_t)scopes->count;
	scopes->name = vr_xgrow(scopes->name, scopes->count, &scopes->room, sizeof(*scopes->name));
	scopes->name[scopes->count] = make_name(names, &unit, &declared);
	return scopes->name[scopes->count++];
}

void vr_scopes_free(struct vr_scopes *scopes)
{
	vr_map_free(&scopes->known);
	free(scopes->name);
	memset(scopes, 0, sizeof(*scopes));
}
