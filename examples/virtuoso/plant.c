#include "plant.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define KEPT_BYTES 512
#define LENGTHS	   4096

/* A request as the planted bugs keep it. */
struct kept {
	struct kept *next;
	char text[KEPT_BYTES - sizeof(struct kept *)];
};

static struct kept *last;
static struct kept *history;
static uint32_t lengths[LENGTHS];
static size_t length_nr; /* so far; the newest LENGTHS stay */
static uint64_t blocks;	 /* cached, or forgotten: the last one is still known */
static uint64_t turns, total;

/* The bug: nothing frees the copy that last pointed at. */
static __attribute__((noinline)) void forget_request(const char *text)
{
	blocks += last != NULL;
	last = calloc(1, sizeof(*last));
	if (last)
		strncpy(last->text, text, sizeof(last->text) - 1);
}

/* The bug: a history that nothing reads, without a limit. */
static __attribute__((noinline)) void remember_request(const char *text)
{
	struct kept *kept = calloc(1, sizeof(*kept));

	if (!kept)
		return;
	strncpy(kept->text, text, sizeof(kept->text) - 1);
	kept->next = history;
	history = kept;
	blocks++;
}

/* The bug: every prefix added up from its start, at every decision. */
static __attribute__((noinline)) void add_up_prefixes(void)
{
	for (size_t end = 1; end <= LENGTHS; end++)
		for (size_t i = 0; i < end; i++)
			total += lengths[i];
	turns++;
}

void virt_plant_request(enum app_plant plant, const char *text)
{
	if (plant == APP_PLANT_LEAK)
		forget_request(text);
	else if (plant == APP_PLANT_CACHE)
		remember_request(text);
	else if (plant == APP_PLANT_HOTLOOP)
		lengths[length_nr++ % LENGTHS] = (uint32_t)strlen(text);
}

void virt_plant_decision(enum app_plant plant)
{
	if (plant == APP_PLANT_HOTLOOP)
		add_up_prefixes();
}

void virt_plant_print(enum app_plant plant, FILE *to)
{
	if (plant == APP_PLANT_LEAK || plant == APP_PLANT_CACHE)
		fprintf(to, "planted: %" PRIu64 " blocks, %" PRIu64 " bytes %s\n", blocks,
			blocks * sizeof(struct kept),
			plant == APP_PLANT_LEAK ? "forgotten" : "cached");
	else if (plant == APP_PLANT_HOTLOOP)
		fprintf(to, "planted: %" PRIu64 " turns, sum %" PRIu64 "\n", turns, total);
}
