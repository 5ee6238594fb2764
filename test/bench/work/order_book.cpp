// An order book of the plain kind (maps of price levels, lists of orders, a table by name) and
// how long its operations take, one by one.
//
//   order_book OPERATIONS
//
// Prices, sizes, names and what happens next are drawn from the seed: about half the operations
// add an order, some cross the spread and trade, most others cancel.  Prints nanoseconds of one
// operation: p50, p99 and p99.9.
#include "bench.h"

#include <list>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace
{

struct order {
	std::string name;
	long price, size;
	bool buys;
};
using level = std::list<order>;
struct trade {
	long price, size;
	std::string taker, maker;
};

class book
{
      public:
	void add(order one)
	{
		trades_.clear();
		if (one.buys)
			match(one, asks_, [](long ask, long limit) { return ask <= limit; });
		else
			match(one, bids_, [](long bid, long limit) { return bid >= limit; });
		if (one.size > 0)
			rest(std::move(one));
	}
	bool cancel(const std::string &name)
	{
		auto found = by_name_.find(name);

		if (found == by_name_.end())
			return false;
		auto at = found->second;
		by_name_.erase(found);
		if (at->buys)
			drop(bids_, at);
		else
			drop(asks_, at);
		return true;
	}
	size_t live() const
	{
		return by_name_.size();
	}

      private:
	template <class Side, class Crosses> void match(order &taker, Side &side, Crosses crosses)
	{
		while (taker.size > 0 && !side.empty() &&
		       crosses(side.begin()->first, taker.price)) {
			auto best = side.begin();
			order &maker = best->second.front();
			long size = std::min(taker.size, maker.size);

			trades_.push_back({maker.price, size, taker.name, maker.name});
			taker.size -= size;
			maker.size -= size;
			if (maker.size)
				continue;
			by_name_.erase(maker.name);
			best->second.pop_front();
			if (best->second.empty())
				side.erase(best);
		}
	}
	void rest(order one)
	{
		level &queue = one.buys ? bids_[one.price] : asks_[one.price];

		queue.push_back(std::move(one));
		by_name_[queue.back().name] = std::prev(queue.end());
	}
	template <class Side> void drop(Side &side, level::iterator at)
	{
		auto queue = side.find(at->price);

		queue->second.erase(at);
		if (queue->second.empty())
			side.erase(queue);
	}

	std::map<long, level, std::greater<long>> bids_;
	std::map<long, level> asks_;
	std::unordered_map<std::string, level::iterator> by_name_;
	std::vector<trade> trades_;
};

// Names of 10 to 33 characters: some fit into a std::string, some have to be allocated.
std::string name_of(uint64_t number, uint64_t random)
{
	std::string name = "C" + std::to_string(random % 97) + "-" + std::to_string(number);

	return name + std::string(random >> 32 & 15, 'x');
}

void operate(book &exchange, std::vector<std::string> &names, uint64_t number, uint64_t &random)
{
	uint64_t drawn = bench_random(&random), kind = drawn % 100;

	if (names.size() < 100 || (kind < 55 && names.size() < 5000)) {
		bool buys = drawn >> 20 & 1;
		long away = long(drawn >> 24) % 400 - (kind < 8 ? 350 : 20);

		names.push_back(name_of(number, drawn));
		exchange.add({names.back(), 100000 + (buys ? -away : away),
			      1 + long(drawn >> 40 & 255), buys});
		return;
	}
	std::swap(names[(drawn >> 32) % names.size()], names.back());
	exchange.cancel(names.back());
	names.pop_back();
}

} // namespace

int main(int argc, char **argv)
{
	long operations = bench_arg(argc, argv, 1, 500000), warm = operations / 10;
	std::vector<double> ns;
	std::vector<std::string> names;
	uint64_t random = bench_seed();
	book exchange;

	if (operations < 10)
		return 1;
	ns.reserve(size_t(operations));
	names.reserve(8192);
	for (long i = -warm; i < operations; i++) {
		double from = bench_now();

		operate(exchange, names, uint64_t(i + warm), random);
		if (i >= 0)
			ns.push_back(bench_now() - from);
	}
	bench_print_tail(ns.data(), ns.size());
	return exchange.live() > 0 ? 0 : 1;
}
