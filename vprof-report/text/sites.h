/* Call paths in a table, told apart: rows of one function show the caller that differs, or where
 * all callers are the same, whom they call. */
#ifndef VR_SITES_H
#define VR_SITES_H

#include "model/profile.h"
#include "output/out_caption.h"
#include "text/fields.h"

/* What each path is called: its responsible frame, and where another path names the same place,
 * the nearest caller that no other of them has there, else such a callee.  vr_sites_free() it. */
struct vr_caption *vr_sites_captions(const struct vr_profile *profile, const uint32_t *node,
				     size_t count, int strip_dirs);
void vr_sites_free(struct vr_caption *label, size_t count);

/* The same as texts of at most `room` columns, each with a caller even where it need not be told
 * from others: the nearest that is the program's.  free() each and the array. */
char **vr_sites_texts(const struct vr_profile *profile, const uint32_t *node, size_t count,
		      int room);

/* A row of a table, of one call path. */
struct vr_site_row {
	const void *row;
	uint32_t node;
};
/* Prints the rows, whose fields find what their paths are called in vr_rows.site. */
void vr_sites_print(const struct vr_rows *rows, const struct vr_field *fields, size_t n_fields,
		    const struct vr_site_row *site, size_t count);

#endif
