/* The functions our hooks stand in front of, and the only calls of dlsym.
 *
 * The table is usable from the first instruction of the process: each entry
 * starts as a resolver that looks up all of them and then calls the real one,
 * so that hooks never ask whether they are initialised. */
#ifndef VP_BASE_REAL_H
#define VP_BASE_REAL_H

#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/types.h>
#include <threads.h>

struct vp_real {
	void *(*malloc_fn)(size_t);
	void *(*calloc_fn)(size_t, size_t);
	void *(*realloc_fn)(void *, size_t);
	void *(*reallocarray_fn)(void *, size_t, size_t);
	void (*free_fn)(void *);
	int (*posix_memalign_fn)(void **, size_t, size_t);
	void *(*aligned_alloc_fn)(size_t, size_t);
	void *(*memalign_fn)(size_t, size_t);
	void *(*valloc_fn)(size_t);
	void *(*pvalloc_fn)(size_t);
	size_t (*usable_size_fn)(void *);
	int (*pthread_create_fn)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
	int (*pthread_getattr_np_fn)(pthread_t, pthread_attr_t *);
	int (*pthread_key_create_fn)(pthread_key_t *, void (*)(void *));
	int (*tss_create_fn)(tss_t *, tss_dtor_t);
	int (*thrd_create_fn)(thrd_t *, thrd_start_t, void *);
	void (*exit_fn)(int);	  /* looked up to be recognised, never called */
	void (*exit_now_fn)(int); /* _exit */
	void (*quick_exit_fn)(int);
	int (*execve_fn)(const char *, char *const[], char *const[]);
	int (*execvpe_fn)(const char *, char *const[], char *const[]);
	int (*fexecve_fn)(int, char *const[], char *const[]);
	void *(*dlsym_fn)(void *, const char *);
	void *(*dlopen_fn)(const char *, int);
	void *(*dlmopen_fn)(long, const char *, int);
	int (*dlclose_fn)(void *);
	int (*mlockall_fn)(int), (*munlockall_fn)(void);
	int (*capset_fn)(const void *, const void *);
	int (*setuid_fn)(uid_t), (*setgid_fn)(gid_t);
	int (*seteuid_fn)(uid_t), (*setegid_fn)(gid_t);
	int (*setreuid_fn)(uid_t, uid_t), (*setregid_fn)(gid_t, gid_t);
	int (*setresuid_fn)(uid_t, uid_t, uid_t), (*setresgid_fn)(gid_t, gid_t, gid_t);
	int (*setfsuid_fn)(uid_t), (*setfsgid_fn)(gid_t);
	int (*setgroups_fn)(size_t, const gid_t *);
	int (*initgroups_fn)(const char *, gid_t);
	int (*unshare_fn)(int), (*setns_fn)(int, int);
	int (*prctl_fn)(int, unsigned long, unsigned long, unsigned long, unsigned long);
	long (*syscall_fn)(long, long, long, long, long, long, long);
	int (*sigaction_fn)(int, const struct sigaction *, struct sigaction *);
	void (*(*signal_fn)(int, void (*)(int)))(int);
	void (*(*sysv_signal_fn)(int, void (*)(int)))(int);
	void (*(*sigset_fn)(int, void (*)(int)))(int);
	int (*siginterrupt_fn)(int, int);
	int (*sigprocmask_fn)(int, const sigset_t *, sigset_t *);
	int (*pthread_sigmask_fn)(int, const sigset_t *, sigset_t *);
};

extern struct vp_real vp_real __attribute__((visibility("hidden")));

void vp_real_resolve(void); /* idempotent; safe from any thread */

/* The default definition of a name in the process, as the host would see it. */
void *vp_real_default(const char *name);
/* A library in a scope of its own; NULL when it cannot be loaded. */
void *vp_real_open(const char *soname);
void *vp_real_symbol(void *library, const char *name);

#endif
