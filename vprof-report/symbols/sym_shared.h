/* Objects and their addresses, for all profiles that are read. */
#ifndef VR_SYM_SHARED_H
#define VR_SYM_SHARED_H

struct vr_symcache; /* opaque */

/* A name of an object's, for whoever asked for all of them. */
typedef void vr_each_name(void *arg, const char *name);

/*   inlines  0: skip inline expansion (faster, one frame an address)
 * Returns NULL only when memory ran out. */
struct vr_symcache *vr_symcache_new(int inlines);

/* Where else to look; before the first address is resolved.
 *   directory   with objects and debug files, by path, name or build-id; NULL: none
 *   debuginfod  0: no server is asked, whatever DEBUGINFOD_URLS says
 * Returns 0 or the -errno of a directory that is none. */
int vr_symcache_look(struct vr_symcache *cache, const char *directory, int debuginfod);
/* After all that were opened in it are closed. */
void vr_symcache_free(struct vr_symcache *cache);

#endif
