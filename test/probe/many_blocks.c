/* How much of the table of four million blocks lies in large pages.
 *
 * Sizes vary, so that pages of heap fill little by little and the table gives
 * back and takes small pieces all the time.  Prints "RESIDENT LARGE", KiB, of
 * the memory that was asked to be in large pages. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCKS 4000000u

static void *block[BLOCKS];

static void print_large_memory(FILE *smaps)
{
	unsigned long resident = 0, large = 0, kib = 0, all_resident = 0, all_large = 0;
	char line[512];

	while (fgets(line, sizeof(line), smaps)) {
		if (sscanf(line, "Rss: %lu", &kib) == 1)
			resident = kib;
		else if (sscanf(line, "AnonHugePages: %lu", &kib) == 1)
			large = kib;
		else if (strncmp(line, "VmFlags:", 8) == 0 && strstr(line, " hg")) {
			all_resident += resident;
			all_large += large;
		}
	}
	printf("%lu %lu\n", all_resident, all_large);
}

int main(void)
{
	uint64_t random = 1;
	FILE *smaps;

	for (unsigned i = 0; i < BLOCKS; i++) {
		random = random * 6364136223846793005u + 1442695040888963407u;
		block[i] = malloc(16 + (random >> 58));
		if (!block[i])
			return 1;
		/* one in eight is replaced later */
		if (i >= 8000 && random >> 40 & 7)
			continue;
		free(block[i / 2]);
		block[i / 2] = malloc(16 + (random >> 52 & 127));
	}
	smaps = fopen("/proc/self/smaps", "r");
	if (!smaps)
		return 2;
	print_large_memory(smaps);
	fclose(smaps);
	return 0;
}
