/* How much of a stack is kept. */
#ifndef VP_STACK_DEPTH_H
#define VP_STACK_DEPTH_H

#define VP_STACK_DEPTH_MAX 256u /* frames of one stack, innermost first */

#endif
