/* Memory of a known shape over MS milliseconds, with noise and a start-up:
 *
 * memory_shapes none|steady|spikes|baseline|sawtooth|fill SEED MS
 *
 * Prints what is true as JSON.  steady leaks at a constant rate; spikes takes a
 * large buffer twice, of an odd seed the larger one for 5 ms only; baseline
 * holds a table from the start; sawtooth collects what it leaked again and
 * again; fill is a cache that levels off. */
#include "probe.h"

#define MIB   (1024.0 * 1024)
#define SLOTS 64

static uint64_t state;
static uint64_t start_ns;
static unsigned length_ms;

static double chance(void)
{
	uint64_t x = state += 0x9e3779b97f4a7c15ull;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
	return (double)((x ^ (x >> 31)) >> 11) / 0x1p53;
}

static double now_ms(void)
{
	return (double)(clock_ns(CLOCK_MONOTONIC) - start_ns) / 1e6;
}

static void *filled(size_t bytes)
{
	char *block = opaque(malloc(bytes));

	memset(block, 1, bytes);
	return block;
}

/* What goes on in every shape: blocks come and go, few at the start. */
__attribute__((noinline)) static void churn(void)
{
	static void *slot[SLOTS];
	size_t used = (size_t)(SLOTS * now_ms() / length_ms * 8) + 1;
	size_t i = (size_t)(chance() * (double)(used < SLOTS ? used : SLOTS));

	free(slot[i]);
	slot[i] = filled(4096 + (size_t)(chance() * 60000));
}

/* Blocks of 16 KiB until `bytes` are held. */
static struct row {
	struct row *next;
} * rows;
static double held;

__attribute__((noinline)) static void append_rows(double bytes)
{
	while (held < bytes) {
		struct row *row = filled(16384);

		row->next = rows;
		rows = row;
		held += 16384;
	}
}

static void drop_rows(void)
{
	while (rows) {
		struct row *row = rows;

		rows = row->next;
		free(row);
	}
	held = 0;
}

__attribute__((noinline)) static void *load_table(double bytes)
{
	return filled((size_t)bytes);
}

__attribute__((noinline)) static void *take_buffer(double bytes)
{
	return filled((size_t)bytes);
}

static void step(void)
{
	churn();
	sleep_ms(4);
}

static void steady(void)
{
	double rate = MIB * (2 + 6 * chance()); /* bytes a second */

	while (now_ms() < length_ms) {
		append_rows(rate * now_ms() / 1000);
		step();
	}
	say("{\"bytes_per_s\": %.0f}\n", rate);
}

static void one_spike(double at_ms, double bytes, double wide_ms, double *took_ms)
{
	void *buffer;

	while (now_ms() < at_ms)
		step();
	*took_ms = now_ms();
	buffer = take_buffer(bytes);
	while (now_ms() < *took_ms + wide_ms)
		step();
	free(buffer);
}

static void spikes(int odd)
{
	double small = MIB * (8 + 4 * chance()), large = MIB * (20 + 20 * chance());
	double at[2];

	one_spike(length_ms * (0.3 + 0.1 * chance()), small, 0.08 * length_ms, &at[0]);
	one_spike(length_ms * (0.6 + 0.15 * chance()), large, odd ? 5 : 0.08 * length_ms, &at[1]);
	while (now_ms() < length_ms)
		step();
	say("{\"spikes\": [{\"t_ms\": %.0f, \"bytes\": %.0f}, {\"t_ms\": %.0f, \"bytes\": "
	    "%.0f}]}\n",
	    at[0], small, at[1], large);
}

static void baseline(void)
{
	double bytes = MIB * (24 + 40 * chance());

	load_table(bytes); /* held to the end */
	while (now_ms() < length_ms)
		step();
	say("{\"bytes\": %.0f}\n", bytes);
}

static void sawtooth(void)
{
	double tooth_ms = length_ms / (3 + 5 * chance());
	double first_ms = tooth_ms * chance();

	while (now_ms() < length_ms) {
		double in_tooth = now_ms() + first_ms;

		while (in_tooth > tooth_ms)
			in_tooth -= tooth_ms;
		if (held > 6 * MIB * in_tooth / tooth_ms + 2 * MIB)
			drop_rows();
		append_rows(6 * MIB * in_tooth / tooth_ms);
		step();
	}
	say("{}\n");
}

static void fill(void)
{
	double full_ms = length_ms * (0.1 + 0.2 * chance());

	while (now_ms() < length_ms) {
		append_rows(8 * MIB * (now_ms() < full_ms ? now_ms() / full_ms : 1));
		step();
	}
	say("{}\n");
}

int main(int argc, char **argv)
{
	const char *shape = argc == 4 ? argv[1] : "";
	int seed = argc == 4 ? atoi(argv[2]) : 0;

	state = (uint64_t)seed * 7919;
	length_ms = argc == 4 ? (unsigned)atoi(argv[3]) : 0;
	start_ns = clock_ns(CLOCK_MONOTONIC);
	if (strcmp(shape, "none") == 0) {
		while (now_ms() < length_ms)
			step();
		say("{}\n");
	} else if (strcmp(shape, "steady") == 0) {
		steady();
	} else if (strcmp(shape, "spikes") == 0) {
		spikes(seed % 2);
	} else if (strcmp(shape, "baseline") == 0) {
		baseline();
	} else if (strcmp(shape, "sawtooth") == 0) {
		sawtooth();
	} else if (strcmp(shape, "fill") == 0) {
		fill();
	} else {
		return 1;
	}
	return 0;
}
