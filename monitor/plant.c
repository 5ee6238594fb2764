#include "plant.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS	   4096
#define NOTE_BYTES 140 /* of text beside the message: 256 bytes together */
#define PRICES	   4096

/* A message as the planted bugs keep it. */
struct kept {
	struct kept *next;
	struct app_msg msg;
	char note[NOTE_BYTES];
};

static struct kept *last;
static struct kept *table[BUCKETS];
static double prices[PRICES];
static size_t price_nr; /* so far; the newest PRICES stay */
static uint64_t blocks; /* cached, or forgotten: the last one is still known */
static uint64_t turns, crossings;

static void fill(struct kept *kept, const struct app_msg *msg)
{
	kept->msg = *msg;
	snprintf(kept->note, sizeof(kept->note), "%s %.2f", msg->symbol, msg->price);
}

/* The bug: nothing frees the copy that last pointed at. */
static __attribute__((noinline)) void forget_message(const struct app_msg *msg)
{
	blocks += last != NULL;
	last = calloc(1, sizeof(*last));
	if (last)
		fill(last, msg);
}

/* The bug: a table by a key that never comes again, and no limit. */
static __attribute__((noinline)) void remember_message(const struct app_msg *msg)
{
	struct kept **bucket = &table[blocks % BUCKETS];
	struct kept *kept = calloc(1, sizeof(*kept));

	if (!kept)
		return;
	fill(kept, msg);
	kept->next = *bucket;
	*bucket = kept;
	blocks++;
}

/* The bug: all pairs, at every cycle, for a number that one pass would give. */
static __attribute__((noinline)) void compare_prices(void)
{
	for (size_t i = 0; i < PRICES; i++)
		for (size_t j = 0; j < PRICES; j++)
			crossings += prices[i] > prices[j];
	turns++;
}

void mon_plant_message(enum app_plant plant, const struct app_msg *msg)
{
	if (plant == APP_PLANT_LEAK)
		forget_message(msg);
	else if (plant == APP_PLANT_CACHE)
		remember_message(msg);
	else if (plant == APP_PLANT_HOTLOOP)
		prices[price_nr++ % PRICES] = msg->price;
}

void mon_plant_cycle(enum app_plant plant)
{
	if (plant == APP_PLANT_HOTLOOP)
		compare_prices();
}

void mon_plant_print(enum app_plant plant, FILE *to)
{
	if (plant == APP_PLANT_LEAK || plant == APP_PLANT_CACHE)
		fprintf(to, "planted: %" PRIu64 " blocks, %" PRIu64 " bytes %s\n", blocks,
			blocks * sizeof(struct kept),
			plant == APP_PLANT_LEAK ? "forgotten" : "cached");
	else if (plant == APP_PLANT_HOTLOOP)
		fprintf(to, "planted: %" PRIu64 " turns, %" PRIu64 " pairs above\n", turns,
			crossings);
}
