/* What a plain C program does, and no more: it reads and writes, allocates, and with
 * an argument starts threads, all of which run out of things to do.
 * plain [THREADS] */
#include "probe.h"
#include <pthread.h>

static void *work(void *arg)
{
	long sum = 0;

	(void)arg;
	for (int i = 0; i < 3000; i++) {
		char *text = opaque(malloc((size_t)(i % 900) * 50 + 1));

		text[0] = (char)i;
		text = opaque(realloc(text, 40));
		sum += text[0];
		free(text);
	}
	return (void *)sum;
}

int main(int argc, char **argv)
{
	int threads = argc > 1 ? atoi(argv[1]) : 0;
	void *lost = opaque(malloc(1234)), *result;
	FILE *f = fopen("/etc/passwd", "r");
	char line[1000];
	int lines = 0;

	while (f && fgets(line, sizeof(line), f))
		lines++;
	if (f)
		fclose(f);
	lost = opaque(NULL);
	printf("lines: %d, sum: %ld\n", lines > 0, (long)work(lost));
	for (int i = 0; i < threads; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, work, NULL) || pthread_join(thread, &result))
			DIE("thread");
		printf("thread %d: %ld\n", i, (long)result);
	}
	return 7;
}
