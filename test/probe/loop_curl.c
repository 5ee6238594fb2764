/* A loop of epoll, of which a callback fetches something with curl now and then: curl polls,
 * deeper in the stack, until the answer is there, which is no loop but what holds ours up.
 * The server, a thread of ours, takes its time and sends piece by piece. */
#include "loop_truth.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

#define TURNS  100
#define PIECES 25

static int listener;

static void *serve(void *unused)
{
	static const char head[] = "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n";
	char request[1024];

	pthread_setname_np(pthread_self(), "feeder");
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0 || read(fd, request, sizeof(request)) <= 0)
			return unused;
		if (write(fd, head, sizeof(head) - 1) < 0)
			DIE("write");
		for (int i = 0; i < PIECES; i++) {
			sleep_us(1000);
			if (write(fd, "0123456789", 10) < 0)
				DIE("write");
		}
		close(fd);
	}
}

static size_t take(char *text, size_t size, size_t count, void *bytes)
{
	(void)text;
	*(size_t *)bytes += size * count;
	return size * count;
}

static int listen_here(void)
{
	struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(name);

	listener = socket(AF_INET, SOCK_STREAM, 0);
	if (listener < 0 || bind(listener, (struct sockaddr *)&name, len) || listen(listener, 16) ||
	    getsockname(listener, (struct sockaddr *)&name, &len))
		DIE("listen");
	return ntohs(name.sin_port);
}

int main(void)
{
	struct epoll_event event = {.events = EPOLLIN};
	struct itimerspec every = {{0, 1000000}, {0, 1000000}};
	int epoll = epoll_create1(0), timer = timerfd_create(CLOCK_MONOTONIC, 0);
	struct truth truth;
	char url[64];
	CURL *curl;
	pthread_t server;
	size_t got = 0;

	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", listen_here());
	pthread_create(&server, NULL, serve, NULL);
	curl_global_init(CURL_GLOBAL_NOTHING);
	curl = curl_easy_init();
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1l);
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &got);
	timerfd_settime(timer, 0, &every, NULL);
	epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &event);
	truth_begin(&truth, "curl", "epoll_wait");
	for (int i = 0; i < TURNS; i++) {
		uint64_t ticks;

		truth_waits(&truth);
		truth_back(&truth, epoll_wait(epoll, &event, 1, -1), 0);
		if (read(timer, &ticks, sizeof(ticks)) != sizeof(ticks))
			DIE("read");
		work_us(50);
		if (i % 30 == 29) {
			uint64_t begin = clock_ns(CLOCK_MONOTONIC);

			if (curl_easy_perform(curl) != CURLE_OK)
				DIE("curl");
			truth.blocked_ns += clock_ns(CLOCK_MONOTONIC) - begin;
		}
	}
	truth_say(&truth);
	if (got != TURNS / 30 * PIECES * 10)
		DIE("%zu bytes", got);
	return 0;
}
