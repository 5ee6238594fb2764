/* --suppressions: a file of patterns, and each of them against names. */
#include "fuzz.h"

#include "model/suppress.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[FZ_PATH], words[128], *text = malloc(size + 1);
	int fd = fz_file(path, data, size);
	size_t half = size / 2;

	snprintf(words, sizeof(words), "leaks --gate --suppressions %s", path);
	fz_run(words, fz_record("leaks"), NULL);
	close(fd);
	memcpy(text, data, size);
	text[size] = '\0';
	vr_suppress_matches(text, "std::vector<int>::push_back(int const&)");
	vr_suppress_matches("a*b*c$", text);
	if (size) {
		text[half] = '\0';
		vr_suppress_matches(text, text + half + (half + 1 <= size));
	}
	free(text);
	return 0;
}
