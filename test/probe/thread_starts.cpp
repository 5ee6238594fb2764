// Threads of std::thread, each of which allocates, and burns so many ms of CPU time: a
// function with arguments, one without, a lambda, a method, std::async.
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <future>
#include <thread>

static int burn_for_ms;
static void *volatile kept;

__attribute__((noinline)) static void burn()
{
	struct timespec t;
	long until;

	kept = std::malloc(100);
	std::free(kept);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	until = t.tv_sec * 1000000000 + t.tv_nsec + burn_for_ms * 1000000L;
	do {
		for (volatile unsigned i = 0; i < 20000; i = i + 1)
			;
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	} while (t.tv_sec * 1000000000 + t.tv_nsec < until);
}

struct Feed {
	int depth = 0;

	__attribute__((noinline)) void run(int levels)
	{
		depth += levels;
		burn();
	}
};

__attribute__((noinline)) static void read_book(Feed &feed, int levels)
{
	feed.depth += levels;
	burn();
}

__attribute__((noinline)) static void write_log()
{
	burn();
}

__attribute__((noinline)) static int compute_spread(int a)
{
	burn();
	return a;
}

int main(int argc, char **argv)
{
	Feed feed;

	burn_for_ms = argc > 1 ? std::atoi(argv[1]) : 0;
	std::thread(read_book, std::ref(feed), 3).join();
	std::thread(write_log).join();
	std::thread([&feed] {
		feed.depth++;
		burn();
	}).join();
	std::thread(&Feed::run, &feed, 2).join();
	return std::async(std::launch::async, compute_spread, 0).get();
}
