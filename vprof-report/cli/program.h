/* Which program this is: the name its messages begin with, and the status it ends with when it
 * can't go on. */
#ifndef VR_PROGRAM_H
#define VR_PROGRAM_H

/* Until it is called: "vprof-report" and 1.
 *
 *   name     kept, not copied
 *   failure  exit status for out of memory */
void vr_program_set(const char *name, int failure);

const char *vr_program_name(void);

/* "NAME: out of memory", and the end. */
_Noreturn void vr_out_of_memory(void);

#endif
