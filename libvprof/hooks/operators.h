/* The C++ operators we stand in for (control/operators.h says when). */
#ifndef VP_HOOKS_OPERATORS_H
#define VP_HOOKS_OPERATORS_H

#include "control/operators.h"

extern const struct vp_operator_hooks vp_operator_hooks;

#endif
