/* Asks a server on a Unix socket, line by line, and says how long the answers took.
 *
 *   ask SOCKET CONNECTIONS REQUESTS [PATH]
 *
 * Each connection sends a line, waits for a line, and so on; the lines are JSON
 * whose sizes and values are drawn from the seed.  At the end one line `stop` is sent.
 * With PATH it asks an HTTP server for that, whose answer ends in "\nend\n".
 * Prints microseconds an answer: p50, p99 and p99.9. */
#include "bench.h"

#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct connection {
	pthread_t id;
	uint64_t random;
	double *us;
	int failed;
};

static struct sockaddr_un server = {.sun_family = AF_UNIX};
static long requests;
static const char *path; /* NULL: lines */

static int reach(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	/* The server may still be starting. */
	for (int i = 0; i < 1000; i++) {
		if (connect(fd, (struct sockaddr *)&server, sizeof(server)) == 0)
			return fd;
		usleep(10000);
	}
	close(fd);
	return -1;
}

static size_t compose(char *line, size_t room, uint64_t *random)
{
	unsigned levels = 1 + (unsigned)(bench_random(random) % 40);
	size_t at;

	if (path)
		return (size_t)snprintf(line, room, "GET %s HTTP/1.1\r\nHost: bench\r\n\r\n", path);
	at = (size_t)snprintf(line, room, "{\"symbol\": \"S%u\", \"levels\": [",
				     (unsigned)(bench_random(random) % 1000));

	for (unsigned i = 0; i < levels; i++) {
		uint64_t drawn = bench_random(random);

		at += (size_t)snprintf(line + at, room - at, "%s[%u.%02u, %u]", i ? ", " : "",
				       (unsigned)(drawn % 100000), (unsigned)(drawn >> 32) % 100,
				       (unsigned)(drawn >> 40) % 1000);
	}
	return at + (size_t)snprintf(line + at, room - at, "]}\n");
}

/* Returns 0 when a whole answer came back. */
static int exchange(int fd, const char *line, size_t bytes)
{
	const char *end = path ? "\nend\n" : "\n";
	size_t at = 0, ends = strlen(end);
	char answer[65536];
	ssize_t got;

	if (write(fd, line, bytes) != (ssize_t)bytes)
		return -1;
	do {
		got = read(fd, answer + at, sizeof(answer) - at);
		at += got > 0 ? (size_t)got : 0;
	} while (got > 0 && (at < ends || memcmp(answer + at - ends, end, ends) != 0));
	return got > 0 ? 0 : -1;
}

static void *run(void *arg)
{
	struct connection *connection = arg;
	char line[8192];
	int fd = reach();

	for (long i = 0; fd >= 0 && i < requests; i++) {
		size_t bytes = compose(line, sizeof(line), &connection->random);
		double from = bench_now();

		connection->failed |= exchange(fd, line, bytes);
		connection->us[i] = (bench_now() - from) / 1e3;
	}
	connection->failed |= fd < 0;
	close(fd);
	return NULL;
}

int main(int argc, char **argv)
{
	long connections = bench_arg(argc, argv, 2, 4);
	struct connection connection[64] = {0};
	uint64_t random = bench_seed();
	int failed = 0, fd;
	double *us;

	requests = bench_arg(argc, argv, 3, 1000);
	path = argc > 4 ? argv[4] : NULL;
	if (argc < 2 || connections < 1 || connections > 64 || requests < 1)
		return 1;
	snprintf(server.sun_path, sizeof(server.sun_path), "%s", argv[1]);
	us = calloc((size_t)(connections * requests), sizeof(*us));
	for (long i = 0; i < connections; i++) {
		connection[i].random = bench_random(&random);
		connection[i].us = us + i * requests;
		pthread_create(&connection[i].id, NULL, run, &connection[i]);
	}
	for (long i = 0; i < connections; i++) {
		pthread_join(connection[i].id, NULL);
		failed |= connection[i].failed;
	}
	fd = path ? 0 : reach();
	if (fd < 0 || (!path && write(fd, "stop\n", 5) != 5) || failed)
		return 1;
	bench_print_tail(us, (size_t)(connections * requests));
	free(us);
	return 0;
}
