/* What the accounting of many live blocks takes.
 *
 *   live_blocks COUNT BYTES
 *
 * Prints the resident set in KiB while COUNT blocks of BYTES are live, and
 * leaves them so, for the profile to end with. */
#include "bench.h"

#include <string.h>

static long resident_kib(void)
{
	char line[256];
	long kib = 0;
	FILE *file = fopen("/proc/self/status", "r");

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "VmRSS: %ld", &kib) == 1)
			break;
	if (file)
		fclose(file);
	return kib;
}

int main(int argc, char **argv)
{
	long count = bench_arg(argc, argv, 1, 1000000), bytes = bench_arg(argc, argv, 2, 64);
	char **block = count > 0 && bytes > 0 ? calloc((size_t)count, sizeof(*block)) : NULL;

	if (!block)
		return 1;
	for (long i = 0; i < count; i++) {
		block[i] = malloc((size_t)bytes);
		if (!block[i])
			return 1;
		memset(block[i], 1, (size_t)bytes);
	}
	printf("%ld\n", resident_kib());
	return 0;
}
