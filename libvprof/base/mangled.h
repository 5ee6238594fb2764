/* Names of C++ as compilers write them (the Itanium ABI), back to names as people do. */
#ifndef VP_BASE_MANGLED_H
#define VP_BASE_MANGLED_H

#include <stddef.h>

/* Writes the qualified name, without arguments and template arguments: "market::Book::match",
 * "main::{lambda}::operator()", "(anonymous namespace)::f".
 *   out   terminated; of a name that does not fit, nothing
 * Returns its length; 0: it is no such name, or one that is not understood: of data, of a thunk,
 * with what only a demangler of everything knows. */
size_t vp_mangled_plain(const char *name, char *out, size_t size);

#endif
