/* What listeners of a topic are told. */
#ifndef EX_NEWS_H
#define EX_NEWS_H

#include "topic.h"

/* What a new listener gets first.
 *
 *   now_ms  market time
 *
 * Returns NULL where that is nothing, or without memory. */
struct ex_message *ex_topic_first(struct ex_topic *topic, int64_t now_ms);

/* What is new since the last call, if it is time. `is_delta` [out]: of a book, one that needs
 * the message before. Returns NULL where there is nothing to tell. */
struct ex_message *ex_topic_news(struct ex_topic *topic, int64_t now_ms, bool *is_delta);

#endif
