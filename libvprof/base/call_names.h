/* Names of system calls, and what they wait for. */
#ifndef VP_BASE_CALL_NAMES_H
#define VP_BASE_CALL_NAMES_H

#include "vprof_format.h"

/* "read"; NULL for a number without a name. */
const char *vp_call_name_of(long number);

/* What its first argument stands for: a descriptor, a path, ... */
enum vprof_target vp_call_target_of(long number);

#endif
