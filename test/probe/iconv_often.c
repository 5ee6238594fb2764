/* Converters come and go: libc maps and unmaps them itself, unseen by any hook.
 * iconv_often SECONDS    Prints how many were opened, to stderr, and `done`. */
#include "probe.h"
#include <iconv.h>
#include <pthread.h>

static const char *const charset[] = {
    "EUC-JP",	   "SHIFT_JIS", "BIG5",	     "GBK",   "KOI8-R",	 "CP1251",  "EUC-KR", "ISO-8859-7",
    "ISO-2022-JP", "CP437",	"MACINTOSH", "UTF-7", "TIS-620", "GB18030", "JOHAB",  "CP866",
};
#define CHARSETS (sizeof(charset) / sizeof(charset[0]))

static volatile int stop;

static void convert(iconv_t converter, int times)
{
	char in[] = "the quick brown fox jumps over the lazy dog", out[300];

	for (int i = 0; i < times; i++) {
		char *from = in, *to = out;
		size_t left = sizeof(in) - 1, room = sizeof(out);

		if (iconv(converter, &from, &left, &to, &room) == (size_t)-1 || left)
			DIE("iconv");
	}
}

static void *worker(void *arg)
{
	unsigned seed = (unsigned)(uintptr_t)arg;
	uintptr_t opened = 0;

	for (; !stop; opened++) {
		iconv_t converter = iconv_open(charset[rand_r(&seed) % CHARSETS],
					       charset[rand_r(&seed) % CHARSETS]);

		if (converter == (iconv_t)-1)
			DIE("iconv_open");
		convert(converter, 20);
		iconv_close(converter);
		free(opaque(malloc(100)));
	}
	return (void *)opened;
}

int main(int argc, char **argv)
{
	pthread_t thread[2];
	uintptr_t opened = 0;

	if (argc < 2)
		return 64;
	for (uintptr_t i = 0; i < 2; i++)
		if (pthread_create(&thread[i], NULL, worker, (void *)(i + 1)))
			DIE("pthread_create");
	sleep_ms(atol(argv[1]) * 1000);
	stop = 1;
	for (int i = 0; i < 2; i++) {
		void *got;

		pthread_join(thread[i], &got);
		opened += (uintptr_t)got;
	}
	fprintf(stderr, "opened %lu\n", (unsigned long)opened);
	say("done\n");
	return 0;
}
