/* Python's profile files: one dictionary as its module marshal writes it,
 *   {(file, line, name): (cc, nc, tt, ct, {(file, line, name): (cc, nc, tt, ct)})}
 * Times are seconds.  Where calls of the program were counted cc and nc are these, else samples,
 * but of functions of libc that are hooked: an entry of no file says which. */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "cli/xalloc.h"
#include "export/paths.h"

static void put_u32(uint32_t value, FILE *out)
{
	value = htole32(value);
	fwrite(&value, sizeof(value), 1, out);
}

static void put_text(const char *text, FILE *out)
{
	size_t len = strlen(text);

	fputc('u', out);
	put_u32((uint32_t)len, out);
	fwrite(text, 1, len, out);
}

/* 'i' holds 31 bits; 'l' is a list of digits of 15 bits. */
static void put_integer(uint64_t value, FILE *out)
{
	uint32_t digits = 0;

	if (value <= INT32_MAX) {
		fputc('i', out);
		put_u32((uint32_t)value, out);
		return;
	}
	for (uint64_t rest = value; rest; rest >>= 15)
		digits++;
	fputc('l', out);
	put_u32(digits, out);
	for (; digits; digits--, value >>= 15) {
		fputc((int)(value & 0xff), out);
		fputc((int)(value >> 8 & 0x7f), out);
	}
}

static void put_seconds(uint64_t ns, FILE *out)
{
	double seconds = (double)ns / 1e9;
	uint64_t bits;

	memcpy(&bits, &seconds, sizeof(bits));
	bits = htole64(bits);
	fputc('g', out);
	fwrite(&bits, sizeof(bits), 1, out);
}

static void put_tuple(uint32_t count, FILE *out)
{
	fputc('(', out);
	put_u32(count, out);
}

static void put_key(const struct vr_dump_function *function, FILE *out)
{
	put_tuple(3, out);
	put_text(vr_dump_file(function), out);
	put_integer((uint64_t)function->line, out);
	put_text(function->name, out);
}

/* cc and nc: calls that are not within another of the same function, and all. */
struct numbers {
	uint64_t primitive, calls;
};

static void put_numbers(const struct vr_dump *dump, struct numbers numbers, const uint64_t *self,
			const uint64_t *total, FILE *out)
{
	static const uint64_t none[VR_VALUES];

	put_integer(numbers.primitive, out);
	put_integer(numbers.calls, out);
	put_seconds((self ? self : none)[vr_dump_time(dump)], out);
	put_seconds((total ? total : none)[vr_dump_time(dump)], out);
}

static int by_callee(const void *a, const void *b)
{
	const struct vr_call *x = a;
	const struct vr_call *y = b;

	if (x->callee != y->callee)
		return x->callee < y->callee ? -1 : 1;
	return x->caller < y->caller ? -1 : x->caller > y->caller;
}

/* 1 when any of the time is the function's: what only allocated is no
 * part of a file of times. */
static int is_timed(const struct vr_dump *dump, const uint64_t *total)
{
	return total[vr_dump_time(dump)] || total[VR_VALUE_SAMPLES];
}

/* Of calls that were counted those of one callee, from *at on. */
static struct numbers calls_of(const struct vr_dump *dump, size_t at, uint32_t callee)
{
	struct numbers sum = {0, 0};

	for (; at < dump->n_counted && dump->counted[at].callee == callee; at++) {
		sum.calls += dump->counted[at].calls;
		sum.primitive += dump->counted[at].primitive;
	}
	return sum;
}

/* Where calls of the program's functions were counted nothing else is called so. */
static struct numbers numbers_of(const struct vr_dump *dump, struct numbers counted,
				 const uint64_t *total)
{
	if (dump->n_counted && (!dump->hooked_only || counted.calls))
		return counted;
	return (struct numbers){total[VR_VALUE_SAMPLES], total[VR_VALUE_SAMPLES]};
}

static void put_caller(const struct vr_dump *dump, uint32_t caller, struct numbers numbers,
		       const struct vr_call *call, FILE *out)
{
	/* of a caller Python has all calls first */
	struct numbers turned = {numbers.calls, numbers.primitive};

	put_key(&dump->function[caller], out);
	put_tuple(4, out);
	put_numbers(dump, turned, call ? call->self : NULL, call ? call->total : NULL, out);
}

/* Callers that were sampled, counted, or both; each is in order. */
static void put_callers(const struct vr_dump *dump, const struct vr_call *call, size_t calls,
			size_t at, uint32_t callee, FILE *out)
{
	const struct vr_call *end = call + calls;

	for (;;) {
		const struct vr_dump_calls *counted =
		    at < dump->n_counted && dump->counted[at].callee == callee ? &dump->counted[at]
									       : NULL;
		struct numbers numbers = {0, 0};

		while (call < end && !is_timed(dump, call->total))
			call++;
		if (call == end && !counted)
			return;
		if (counted && (call == end || counted->caller <= call->caller)) {
			numbers = (struct numbers){counted->primitive, counted->calls};
			at++;
			if (call == end || counted->caller < call->caller) {
				if (counted->caller != VR_DUMP_NONE)
					put_caller(dump, counted->caller, numbers, NULL, out);
				continue;
			}
		}
		if (call->caller != VR_DUMP_NONE)
			put_caller(dump, call->caller, numbers_of(dump, numbers, call->total), call,
				   out);
		call++;
	}
}

/* What ncalls are, for whoever reads the file: as Python writes its own functions. */
static void put_notice(const struct vr_dump *dump, FILE *out)
{
	const char *of_hooked =
	    "<ncalls are CPU samples; of libc's functions that vprof hooks, calls>";
	const struct vr_dump_function notice = {
	    .name = !dump->n_counted	? "<ncalls are CPU samples: no calls were counted>"
		    : dump->hooked_only ? of_hooked
					: "<ncalls are calls, each counted; 0: not counted>",
	    .file = "",
	    .module = "",
	};

	put_key(&notice, out);
	put_tuple(5, out);
	put_numbers(dump, (struct numbers){0, 0}, NULL, NULL, out);
	fputc('{', out);
	fputc('0', out);
}

/* Readers want an entry for each caller; free() it. */
static uint8_t *callers_of(const struct vr_dump *dump)
{
	uint8_t *calls = vr_xcalloc(dump->functions + 1, 1);

	for (size_t i = 0; i < dump->n_counted; i++)
		if (dump->counted[i].caller != VR_DUMP_NONE)
			calls[dump->counted[i].caller] = 1;
	return calls;
}

void vr_write_pstats(const struct vr_dump *dump, FILE *out)
{
	uint8_t *calls = callers_of(dump);
	struct vr_paths *paths = vr_paths_new(dump, 0, VR_DUMP_NONE);
	struct vr_sums *sums = vr_sums_new(dump, paths);
	size_t at = 0, counted = 0;

	if (sums->calls)
		qsort(sums->call, sums->calls, sizeof(*sums->call), by_callee);
	fputc('{', out);
	put_notice(dump, out);
	for (uint32_t f = 0; f < sums->functions; f++) {
		const struct vr_function_sum *sum = &sums->function[f];
		struct numbers numbers;
		size_t first;

		while (at < sums->calls && sums->call[at].callee < f)
			at++;
		while (counted < dump->n_counted && dump->counted[counted].callee < f)
			counted++;
		numbers = calls_of(dump, counted, f);
		if (!is_timed(dump, sum->total) && !numbers.calls && !calls[f])
			continue;
		put_key(&dump->function[f], out);
		put_tuple(5, out);
		put_numbers(dump, numbers_of(dump, numbers, sum->total), sum->self, sum->total,
			    out);
		fputc('{', out);
		first = at;
		while (at < sums->calls && sums->call[at].callee == f)
			at++;
		put_callers(dump, sums->call + first, at - first, counted, f, out);
		fputc('0', out);
	}
	fputc('0', out);
	free(calls);
	vr_sums_free(sums);
	vr_paths_free(paths);
}
