/* What the file of a loaded object says of its functions that may be patched: the section
 * __patchable_function_entries, which -fpatchable-function-entry makes, and the symbols. */
#ifndef VP_CONTROL_TRACE_SITES_H
#define VP_CONTROL_TRACE_SITES_H

#include <link.h>
#include <stddef.h>
#include <stdint.h>

struct vp_trace_site {
	uint64_t at;	/* where the compiler left room, in this process */
	uint64_t entry; /* of the function; 0: no symbol tells */
	int wanted;	/* for the caller */
};

/* Memory read from the file. */
struct vp_trace_part {
	void *bytes;
	size_t size;
};

struct vp_trace_sites {
	struct vp_trace_site *site; /* by address */
	size_t sites;
	uint64_t bias;
	const Elf64_Sym *symbol;
	size_t symbols;
	const char *names;
	size_t names_bytes;
	struct vp_trace_part part[3];
};

/*   path  of the object's file
 *   info  of the object, as it is loaded and relocated
 * Returns 0; -ENOENT: it has no such functions; -ENODATA: the file has no section headers, so
 * that is not known; -ESTALE: the file is another one by now; another -errno: it cannot be read.
 * Context: the object cannot go meanwhile; needs a descriptor for a moment. */
int vp_trace_sites_read(struct vp_trace_sites *sites, const char *path,
			const struct dl_phdr_info *info);
void vp_trace_sites_drop(struct vp_trace_sites *sites);

/* The site of a function that begins there; NULL: it has none. */
struct vp_trace_site *vp_trace_site_of(const struct vp_trace_sites *sites, uint64_t entry);

/* 1: an address of the object's code. */
int vp_trace_is_code(const struct dl_phdr_info *info, uint64_t address);

#endif
