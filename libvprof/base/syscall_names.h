/* Names of system calls, and what they wait for. */
#ifndef VP_BASE_SYSCALL_NAMES_H
#define VP_BASE_SYSCALL_NAMES_H

#include "vprof_format.h"

/* "read"; NULL for a number without a name. */
const char *vp_syscall_name(long number);

/* What its first argument stands for: a descriptor, a path, ... */
enum vprof_target vp_syscall_target(long number);

#endif
