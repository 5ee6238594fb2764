/* Python's profile files: one dictionary as its module marshal writes it,
 *   {(file, line, name): (cc, nc, tt, ct, {(file, line, name): (cc, nc, tt, ct)})}
 * Times are seconds.  Samples stand where Python counts calls. */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

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

static void put_numbers(const struct vr_dump *dump, const uint64_t *self, const uint64_t *total,
			FILE *out)
{
	put_integer(total[VR_VALUE_SAMPLES], out);
	put_integer(total[VR_VALUE_SAMPLES], out);
	put_seconds(self[vr_dump_time(dump)], out);
	put_seconds(total[vr_dump_time(dump)], out);
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

void vr_write_pstats(const struct vr_dump *dump, FILE *out)
{
	struct vr_paths *paths = vr_paths_new(dump, 0, VR_DUMP_NONE);
	struct vr_sums *sums = vr_sums_new(dump, paths);
	size_t at = 0;

	if (sums->calls)
		qsort(sums->call, sums->calls, sizeof(*sums->call), by_callee);
	fputc('{', out);
	for (uint32_t f = 0; f < sums->functions; f++) {
		const struct vr_function_sum *sum = &sums->function[f];

		if (!is_timed(dump, sum->total))
			continue;
		put_key(&dump->function[f], out);
		put_tuple(5, out);
		put_numbers(dump, sum->self, sum->total, out);
		fputc('{', out);
		while (at < sums->calls && sums->call[at].callee < f)
			at++;
		for (; at < sums->calls && sums->call[at].callee == f; at++) {
			const struct vr_call *call = &sums->call[at];

			if (call->caller == VR_DUMP_NONE || !is_timed(dump, call->total))
				continue;
			put_key(&dump->function[call->caller], out);
			put_tuple(4, out);
			put_numbers(dump, call->self, call->total, out);
		}
		fputc('0', out);
	}
	fputc('0', out);
	vr_sums_free(sums);
	vr_paths_free(paths);
}
