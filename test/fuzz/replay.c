/* fuzz_NAME FILE...: runs the target on each file once, without a fuzzer: what was found
 * before stays found. */
#include <time.h>

#include "fuzz.h"

#define LIMIT_S 20

static uint8_t *read_file(const char *path, size_t *size)
{
	FILE *in = fopen(path, "rb");
	uint8_t *bytes = malloc(1u << 20);

	if (!in || !bytes)
		exit(1);
	*size = fread(bytes, 1, 1u << 20, in);
	fclose(in);
	return bytes;
}

int main(int argc, char **argv)
{
	if (!freopen("/dev/null", "w", stdout))
		return 1;
	for (int i = 1; i < argc; i++) {
		time_t start = time(NULL);
		size_t size;
		uint8_t *bytes = read_file(argv[i], &size);

		fprintf(stderr, "%s\n", argv[i]);
		LLVMFuzzerTestOneInput(bytes, size);
		free(bytes);
		if (time(NULL) - start > LIMIT_S) {
			fprintf(stderr, "%s: took more than %d s\n", argv[i], LIMIT_S);
			return 1;
		}
	}
	return 0;
}
