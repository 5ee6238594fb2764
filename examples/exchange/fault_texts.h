/* What is sent that should not be. */
#ifndef EX_FAULT_TEXTS_H
#define EX_FAULT_TEXTS_H

#include "topic.h"

/* The texts of MALFORMED and HOSTILE: the i-th of a list that starts over.
 *
 * Returns NULL without memory. */
struct ex_message *ex_fault_malformed(uint32_t i);
struct ex_message *ex_fault_hostile(uint32_t i);
/* A delta that crosses the book of a topic; NULL where it has no levels. */
struct ex_message *ex_fault_crossed(struct ex_topic *topic);

#endif
