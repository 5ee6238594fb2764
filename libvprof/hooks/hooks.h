/* Declarations libc's headers lack or decorate in ways a definition must
 * not repeat.  Only the files of this folder define names of libc. */
#ifndef VP_HOOKS_HOOKS_H
#define VP_HOOKS_HOOKS_H

#include <pthread.h>
#include <stddef.h>
#include <threads.h>

#define VP_HOOK __attribute__((visibility("default")))
/* A second name of a hook.  Nothing of ours calls a hook: another library's may stand in
 * front of it, which libc's own calls of the kind never meet. */
#define VP_HOOK_ALSO(name, hook)                                                                   \
	VP_HOOK extern __typeof__(hook) name __attribute__((copy(hook), alias(#hook)))

void *malloc(size_t size);
void *calloc(size_t n, size_t size);
void free(void *ptr);
void *realloc(void *ptr, size_t size);
void *reallocarray(void *ptr, size_t n, size_t size);
int posix_memalign(void **out, size_t align, size_t size);
void *aligned_alloc(size_t align, size_t size);
void *memalign(size_t align, size_t size);
void *valloc(size_t size);
void *pvalloc(size_t size);
size_t malloc_usable_size(void *ptr);
void free_sized(void *ptr, size_t size);
void free_aligned_sized(void *ptr, size_t align, size_t size);
void *dlsym(void *handle, const char *name);
void *dlopen(const char *file, int mode);
void *dlmopen(long space, const char *file, int mode);
int dlclose(void *handle);
void (*bsd_signal(int sig, void (*handler)(int)))(int);

int vp_hook_mlockall(int flags);

/* unshare() with these flags, setns() of this type, are for processes with one thread. */
int vp_wants_to_be_alone(long flags);
int vp_joins_alone(long type);

#endif
