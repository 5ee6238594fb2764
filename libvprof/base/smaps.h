/* /proc/self/smaps, mapping by mapping. */
#ifndef VP_BASE_SMAPS_H
#define VP_BASE_SMAPS_H

#include "base/lines.h"

#include <stdint.h>

struct vp_mapping {
	uint64_t lo, hi;
	char perms[5];	/* "rw-p" */
	char path[256]; /* cut; "" of anonymous memory */
	/* bytes; hugetlb is not in rss, anonymous and huge (transparent pages) are */
	uint64_t rss, anonymous, swapped, huge, hugetlb;
};

struct vp_smaps_reader {
	struct vp_lines lines;
	char *head; /* the line that begins the next mapping; NULL: none was read yet */
};

/*   fd    open for reading; it is read from its start on
 *   buf   room for lines, used until the end
 * Returns 0 or -errno.  Context: any thread that may use the descriptor. */
int vp_smaps_begin(struct vp_smaps_reader *reader, int fd, char *buf, uint32_t size);

/* The next one, in the order of addresses.  Returns 0 at the end, or when reading failed
 * (lines.error). */
int vp_smaps_next(struct vp_smaps_reader *reader, struct vp_mapping *out);

#endif
