/* What the books of this process rest on: header.layers, and header.layers_note, which says
 * what is missing and why.  Context: helper thread. */
#ifndef VP_HELPER_LAYERS_H
#define VP_HELPER_LAYERS_H

#include <stdint.h>

void vp_layers_init(void);

/* A thread's book rests on this, too: enum vprof_layer. */
void vp_layers_have(uint32_t layers);

/* Writes both, where something has changed. */
void vp_layers_note(void);

#endif
