/* Has an object names and lines on this machine, in itself or in a separate debug file? */
#ifndef VR_SYM_CHECK_H
#define VR_SYM_CHECK_H

struct vr_sym_check {
	int names, lines;
	char *debug_file; /* the separate one that was found; NULL: none */
};

/* Looks where reports look, which may be a server (DEBUGINFOD_URLS).
 * Returns 0, for vr_sym_check_free(), or -ENOEXEC where the file is no object that can be read. */
int vr_sym_check(const char *path, struct vr_sym_check *check);
void vr_sym_check_free(struct vr_sym_check *check);

#endif
