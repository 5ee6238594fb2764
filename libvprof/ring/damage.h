/* The record is an output, and anybody may cut it, write over it or take it
 * away while we have it mapped.  Then data is lost, and said to be; nothing else. */
#ifndef VP_RING_DAMAGE_H
#define VP_RING_DAMAGE_H

#include <stdint.h>

void vp_damage_init(int fd); /* a fresh file, header written */

/* A store to `address` was a SIGBUS.  If that is in the file, memory takes the place
 * of the extent and 1 is returned: the store can be made again.
 * Context: signal handler. */
int vp_damage_heal(uintptr_t address);

/* Is the file still what we made it?  A cut or holed one is noted in its header; one
 * that is somebody else's now is left to them: from then on all goes to memory that
 * nobody reads, and nothing more is recorded.
 * Context: helper thread. */
void vp_damage_look(int fd);

/* 1: there is no file of ours any more. */
int vp_damage_gone(void);

/* One line on stderr if something was lost and stderr is what it was at the start. */
void vp_damage_say(void);

#endif
