// Exceptions thrown, caught and thrown on through frames with destructors, from
// two threads, and allocations at every depth in between: the stack shrinks by
// unwinding, not by returning, and grows again at other places.
#include <cstdio>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {
struct Order {
	std::string symbol;
	std::vector<double> levels;
	std::unique_ptr<Order> next;
};

struct Refused : std::runtime_error {
	std::unique_ptr<Order> order;
	Refused(std::unique_ptr<Order> o, const std::string &why)
		: std::runtime_error("refused: " + why), order(std::move(o))
	{
	}
	Refused(const Refused &other) : std::runtime_error(other) {}
};

__attribute__((noinline)) std::unique_ptr<Order> make(unsigned n)
{
	auto order = std::make_unique<Order>();
	order->symbol = "a symbol too long for the short form " + std::to_string(n);
	order->levels.resize(n % 13 + 1);
	return order;
}

__attribute__((noinline)) double check(std::unique_ptr<Order> order, unsigned depth, unsigned n)
{
	std::vector<std::string> notes;
	double sum = 0;

	for (unsigned i = 0; i < n % 3; i++)
		notes.push_back("note of some length, number " + std::to_string(i));
	if (depth == 0) {
		if (n % 4 == 1)
			throw Refused(std::move(order), order->symbol);
		if (n % 4 == 2)
			return std::map<int, double>{{1, 2.0}}.at(static_cast<int>(n));
		return order->levels.at(n % 20);
	}
	if (n % 7 == depth % 7) {
		try {
			sum = check(make(n), depth - 1, n + 1);
		} catch (const Refused &refused) {
			notes.push_back(refused.what() + std::string(" and tried again"));
			if (depth % 2)
				throw;
			sum = check(make(n), depth - 1, n + 3);
		} catch (const std::out_of_range &) {
			throw Refused(std::move(order), notes.empty() ? "?" : notes.back());
		}
	} else {
		double *scratch = static_cast<double *>(__builtin_alloca(n % 50 * 8 + 8));
		scratch[0] = check(std::move(order), depth - 1, n);
		sum = scratch[0];
	}
	return sum + static_cast<double>(notes.size());
}

void work(unsigned seed, unsigned rounds, unsigned long *caught)
{
	for (unsigned i = 0; i < rounds; i++) {
		try {
			check(make(i), (i * 7 + seed) % 40, i * 2654435761u >> 7);
		} catch (const std::exception &) {
			++*caught;
		}
	}
}
} // namespace

int main(int argc, char **argv)
{
	unsigned rounds = argc > 1 ? static_cast<unsigned>(std::stoul(argv[1])) : 20000;
	unsigned long caught[2] = {0, 0};
	std::thread other(work, 3u, rounds, &caught[1]);

	work(0, rounds, &caught[0]);
	other.join();
	std::printf("caught %lu and %lu\n", caught[0], caught[1]);
	return 0;
}
