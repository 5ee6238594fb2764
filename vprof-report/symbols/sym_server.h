/* debuginfod: servers that have debug files by build-id, asked only where the user named
 * some in DEBUGINFOD_URLS.  Waiting is bounded: a server that is silent is not asked again.
 * Part of sym_search. */
#ifndef VR_SYM_SERVER_H
#define VR_SYM_SERVER_H

#include <elfutils/libdwfl.h>
#include <stddef.h>
#include <stdint.h>

/* No server is ever asked; before the first object is opened. */
void vr_server_forbid(void);

/* Between these libdwfl may ask, for the object of that name, and its waiting is bounded. */
void vr_server_begin(Dwfl *dwfl, const char *object);
void vr_server_end(void);

/* Asks for the debug file, or where there is none the object itself.
 * Returns a descriptor, with its path in *path, malloc()ed; or -1. */
int vr_server_find(const uint8_t *build_id, size_t length, const char *object, char **path);

#endif
