/* Pointers into blocks that are all their owners keep.
 *
 * The rules are valgrind's (--leak-check-heuristics, all on by default). */
#include "leak/internal.h"

/* new T[n] with a destructor: the count, then the array; the pointer is to the
 * array.  The count may be padded to T's alignment. */
static int is_array(const struct vp_leak_ref *ref, uint64_t into)
{
	uint64_t count = vp_leak_load(ref->start + into - 8);

	return (into == 8 || into == 16) && ref->bytes > into && count > 0 && count <= ref->bytes &&
	       (ref->bytes - into) % count == 0;
}

/* A length, then what it is the length of. */
static int is_sized(const struct vp_leak_ref *ref, uint64_t into)
{
	return into == 8 && vp_leak_load(ref->start) == ref->bytes - 8;
}

/* A reference-counted string: length, capacity, count, text. */
static int is_string(const struct vp_leak_ref *ref, uint64_t into)
{
	uint64_t length, capacity;

	if (into != 24 || ref->bytes < 25)
		return 0;
	length = vp_leak_load(ref->start);
	capacity = vp_leak_load(ref->start + 8);
	return length <= capacity && capacity == ref->bytes - 25;
}

/* An object with several bases: tables of functions at both places. */
static int is_table(uint64_t table)
{
	if (table % 8 || !vp_leak_is_constant(table, 0))
		return 0;
	for (int i = 0; i < 3; i++) {
		if (vp_leak_is_constant(vp_leak_load(table + (uint64_t)i * 8), 1))
			return 1;
	}
	return 0;
}

static int is_base(const struct vp_leak_ref *ref, uint64_t into)
{
	return into % 8 == 0 && into + 8 <= ref->bytes && is_table(vp_leak_load(ref->start)) &&
	       is_table(vp_leak_load(ref->start + into));
}

int vp_leak_interior_ok(const struct vp_leak_ref *ref, uint64_t word)
{
	uint64_t into = word - ref->start;

	if (into < 8 || into >= ref->bytes || into % 8)
		return 0;
	return is_array(ref, into) || is_sized(ref, into) || is_string(ref, into) ||
	       is_base(ref, into);
}
