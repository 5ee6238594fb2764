/* The messages of topics, in the form of Bybit v5. They are written as text and not by way of
 * jansson, which takes ten times as long: all that is in them is numbers and names of ours. */
#ifndef EX_TOPIC_TEXT_H
#define EX_TOPIC_TEXT_H

#include "topic.h"

/* Each returns NULL where there is nothing to tell, or no memory. `now_ms` is market time. */

/* What was told of the book, whole. */
struct ex_message *ex_text_book_snapshot(struct ex_topic *topic, int64_t now_ms);
struct ex_message *ex_text_trades(struct ex_topic *topic, int64_t now_ms);
struct ex_message *ex_text_liquidations(struct ex_topic *topic, int64_t now_ms);
/* whole: all fields, and not only those that changed since they were told. */
struct ex_message *ex_text_ticker(struct ex_topic *topic, int64_t now_ms, bool whole);
struct ex_message *ex_text_kline(struct ex_topic *topic, int64_t now_ms);

/* How the book differs from what was told, into topic->text. */
void ex_text_book_delta(struct ex_topic *topic, int64_t now_ms);

#endif
