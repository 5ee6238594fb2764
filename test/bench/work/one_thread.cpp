// What libc and libstdc++ do without locks while a program has one thread: copies of a
// shared_ptr, putc, malloc, fork.  one_thread COUNT FORKS; prints ns each, fork in us.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <sys/wait.h>
#include <unistd.h>

static double now()
{
	using namespace std::chrono;
	return duration<double, std::nano>(steady_clock::now().time_since_epoch()).count();
}

template <class Work> static double each(long count, Work work)
{
	double from = now();

	for (long i = 0; i < count; i++)
		work();
	return (now() - from) / double(count);
}

int main(int argc, char **argv)
{
	long count = argc > 1 ? atol(argv[1]) : 1000000, forks = argc > 2 ? atol(argv[2]) : 100;
	auto shared = std::make_shared<int>(1);
	FILE *null = fopen("/dev/null", "w");

	if (!null)
		return 1;
	double copy = each(count, [&] {
		std::shared_ptr<int> other = shared;
		asm volatile("" : : "r"(other.get()) : "memory");
	});
	double put = each(count, [&] { putc('x', null); });
	double pair = each(count, [] {
		void *volatile p = malloc(64);
		free(p);
	});
	double child = each(forks, [] {
		pid_t pid = fork();
		if (pid == 0)
			_exit(0);
		waitpid(pid, nullptr, 0);
	});
	printf("%.2f %.2f %.2f %.2f\n", copy, put, pair, child / 1000);
}
