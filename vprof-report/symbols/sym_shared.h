/* Objects and their addresses, for all profiles that are read. */
#ifndef VR_SYM_SHARED_H
#define VR_SYM_SHARED_H

struct vr_symcache; /* opaque */

/*   inlines  0: skip inline expansion (faster, one frame an address)
 * Returns NULL only when memory ran out. */
struct vr_symcache *vr_symcache_new(int inlines);
/* After all that were opened in it are closed. */
void vr_symcache_free(struct vr_symcache *cache);

#endif
