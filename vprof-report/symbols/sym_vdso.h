/* The code that the kernel maps into every process: it has a build-id and names like any
 * object, but no file.  Part of symbols. */
#ifndef VR_SYM_VDSO_H
#define VR_SYM_VDSO_H

/* What a vdso is called, whatever the record calls it. */
#define VR_VDSO_NAME "[vdso]"

/* A file in memory with the vdso of this process, which is that of every process under
 * the same kernel.  Returns its descriptor, or -1 where this process has none. */
int vr_vdso_open(void);

#endif
