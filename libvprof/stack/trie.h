/* L2  Stacks to numbers: the append-only trie of the file, found by a hash
 * kept in private memory. */
#ifndef VP_TRIE_H
#define VP_TRIE_H

#include "base/thread.h"

#include <stddef.h>
#include <stdint.h>

int vp_trie_init(void); /* writes nodes 0 and 1; 0 or -ENOMEM */

/* The node of a stack given innermost first.  `last` remembers it: frames it
 * shares with the previous stack, from the outermost inwards, cost no lookup.
 * Context: any thread, busy guard held. */
uint32_t vp_trie_stack(struct vp_last_stack *last, const uint64_t *where, size_t depth);

/* The same without memory of the last stack, for signal handlers. */
uint32_t vp_trie_path(const uint64_t *where, size_t depth);

/* The node of one frame below `parent`; VPROF_NODE_OVERFLOW when full. */
uint32_t vp_trie_node(uint32_t parent, uint64_t where);

uint64_t vp_trie_bytes(void);

#endif
