/* The record.  An input is a shape of mkprof.h and what to change in it, so that it stays
 * small and a change hits what means something:
 *   byte 0  the shape; bit 7: the last three bytes say where the file is cut
 *   byte 1  which command reads it
 *   then    any number of changes: extent (1 byte; 0: header and extent table), offset in
 *           it (2 bytes, little-endian), length - 1 (1 byte, modulo 64), the bytes
 * An input that begins with the record's magic is the record itself. */
#include "fuzz.h"

static const char *const shapes[] = {"normal",	"wrapped",     "overflow", "killed",	"user-only",
				     "nasty",	"empty",       "sampled",  "locks",	"leaks",
				     "growing", "leaks-clean", "kinds",	   "waits",	"units",
				     "labels",	"spans",       "loops",	   "contracts", "orders",
				     "counts",	"heap-times",  "clock",	   "threads",	"maps"};
static const char *const commands[] = {
    "summary",
    "summary --format json",
    "flat",
    "flat --format csv --no-inlines",
    "flat --format json --since 0.2 --until 1.5",
    "flat --label *",
    "flat --svg /dev/null",
    "tree",
    "tree --bottom-up --format csv --depth 3",
    "tree --format json",
    "tree --clock wall --idle",
    "flat --clock wall --since 0.2 --until 1.5",
    "callers main",
    "callees * --format json",
    "heap",
    "heap --sort live --format csv",
    "heap --format json --module *",
    "leaks",
    "leaks --format csv",
    "leaks --format json --strict",
    "leaks --format junit --gate",
    "leaks --format sarif",
    "leaks --format github --gate --fail-if peak_heap>1",
    "leaks --format markdown --verdict all",
    "leaks --svg /dev/null",
    "leaks --write-suppressions /dev/null --thread main",
    "timeline",
    "timeline --format table",
    "timeline --format json",
    "timeline --svg /dev/null",
    "threads",
    "threads --format csv",
    "threads --format json",
    "locks",
    "locks --format csv --since 0.1",
    "locks --format json",
    "labels",
    "labels --format csv",
    "labels --format json",
    "marks",
    "marks --format csv",
    "marks --format json",
    "info",
    "info --format json",
    "export --format pprof -o /dev/null",
    "export --format speedscope -o /dev/null",
    "export --format callgrind -o /dev/null",
    "export --format pstats -o /dev/null",
    "export --format folded -o /dev/null",
    "export --format json -o /dev/null",
    "export --format folded --value live_bytes -o /dev/null",
    "waits --idle",
    "waits --format csv --sort p99 --module *",
    "waits --format json",
    "waits --format json --since 0.2 --until 1.5 --thread main",
    "check --fail-if allocs(*)>0\tafter\tmark:warm --fail-if loop.p99>1us",
    "check --fail-if stalls>0 --fail-if blocked(*)@loop>0 --fail-if lock.max>1ns --format json",
    "check --fail-if live_bytes(label:*)>0 --fail-if calls(f).bytes>0 --format junit",
    "loop --tail 97",
    "loop --select dur>1ms --format json --label *",
    "loop --tail 97 --format csv",
    "loop --label *SOL --format json",
    "threads --label *",
    "summary --label *",
    "labels --format json --label *SOL",
    "heap --since 0.1 --until 1 --label *",
    "spans",
    "spans --format csv --by thread",
    "spans --format json --by label --label *",
    "spans --tail 90 --format json",
    "spans --svg /dev/null",
    "export --format trace -o /dev/null",
    "stacks --format json",
    "check --fail-if span(*).p99>1us\tafter\tmark:warm --fail-if allocs(span:*)>0",
    "counts",
    "counts --format csv",
    "counts --format json --thread main",
    "flat --sort calls",
    "callers * --format csv",
    "heap --since 0.5 --until 1.5",
    "heap --format json --since 1",
    "labels --since 0.5 --format json",
    "check --fail-if lock(*).wait>1%\tafter\tmark:warm --fail-if lock.waits>0",
    "check --fail-if stalls(span:*)>1 --fail-if loop(label:*).p99>1us --fail-if stalls(label:*)>1",
    "spans --since 0.5 --until 1.2 --format json",
};
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static size_t change(struct mkprof *mk, const uint8_t *data, size_t size)
{
	size_t whole = mk_size(mk), extents = whole / MK_EXTENT;

	while (size > 4) {
		size_t start = data[0] % extents, at = (size_t)data[1] | (size_t)data[2] << 8;
		size_t length = data[3] % 64 + 1u;

		at = start ? start * MK_EXTENT + at : at % 8192;
		data += 4;
		size -= 4;
		if (length > size)
			length = size;
		if (length > whole - at)
			length = whole - at;
		memcpy(mk->bytes + at, data, length);
		data += length;
		size -= length;
	}
	memcpy(mk->bytes, VPROF_MAGIC, 8);
	return whole;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *command = commands[size > 1 ? data[1] % COUNT(commands) : 0];
	static uint8_t *image[COUNT(shapes)];
	static struct mkprof made[COUNT(shapes)];
	char path[FZ_PATH];
	size_t shape, left;
	int fd;

	if (size < 2)
		return 0;
	if (size > 8 && memcmp(data, VPROF_MAGIC, 8) == 0) {
		fd = fz_file(path, data, size);
		fz_run(commands[data[size - 1] % COUNT(commands)], path, NULL);
		close(fd);
		return 0;
	}
	shape = (data[0] & 0x7f) % COUNT(shapes);
	if (!image[shape]) {
		if (mk_shape(shapes[shape], &made[shape]) < 0)
			abort();
		image[shape] = malloc(mk_size(&made[shape]));
		memcpy(image[shape], made[shape].bytes, mk_size(&made[shape]));
	}
	left = mk_size(&made[shape]);
	if (data[0] & 0x80 && size > 5) {
		size_t cut =
		    data[size - 3] | (size_t)data[size - 2] << 8 | (size_t)data[size - 1] << 16;

		left = cut < left ? cut : left;
		size -= 3;
	}
	change(&made[shape], data + 2, size - 2);
	fd = fz_file(path, made[shape].bytes, left);
	fz_run(command, path, NULL);
	close(fd);
	/* As it was, header first: mk_size() reads it. */
	memcpy(made[shape].bytes, image[shape], 8192);
	memcpy(made[shape].bytes, image[shape], mk_size(&made[shape]));
	return 0;
}
