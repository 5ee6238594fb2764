/* --baseline: what leaks --format json prints, or anything else. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[FZ_PATH];
	int fd = fz_file(path, data, size);
	char words[128];

	snprintf(words, sizeof(words), "leaks --gate --format json --baseline %s", path);
	fz_run(words, fz_record("leaks"), NULL);
	close(fd);
	return 0;
}
