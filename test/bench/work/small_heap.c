/* A heap of small linked blocks: small_heap MIB LOST_EVERY
 *
 * Blocks of 16 to 112 bytes in lists of ten thousand, allocated in turns so that
 * neighbours in a list lie apart, until MIB of heap are in use; of every
 * LOST_EVERY lists the head is dropped. */
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define LISTS 2000

struct block {
	struct block *next;
	uint64_t payload[];
};

static struct block *head[LISTS];

int main(int argc, char **argv)
{
	uint64_t most = (argc > 1 ? strtoull(argv[1], NULL, 10) : 1024) << 20;
	uint64_t every = argc > 2 ? strtoull(argv[2], NULL, 10) : 100;
	uint64_t used = 0, blocks = 0, random = 1;

	while (used < most) {
		struct block *block;
		size_t bytes;

		random = random * 6364136223846793005u + 1442695040888963407u;
		bytes = 16 + (random >> 60) % 13 * 8;
		block = malloc(bytes);
		if (!block)
			return 1;
		block->next = head[random >> 33 & 1023];
		block->payload[0] = random;
		head[random >> 33 & 1023] = block;
		used += (bytes + 8 + 15) & ~15ull;
		blocks++;
	}
	for (uint64_t i = 0; every && i < LISTS; i += every)
		head[i] = NULL;
	printf("%llu\n", (unsigned long long)blocks);
	return 0;
}
