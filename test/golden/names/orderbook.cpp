/* A limit order book of templates: what the names of trading systems look like. */
#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace exchange {

enum class Side { Buy, Sell };

template <typename Price, typename Quantity> struct Order {
	std::uint64_t id;
	Price price;
	Quantity open;
	std::string owner;
};

template <typename T> struct PoolAllocator {
	using value_type = T;
	PoolAllocator() = default;
	template <typename U> PoolAllocator(const PoolAllocator<U> &) {}
	__attribute__((noinline)) T *allocate(std::size_t n)
	{
		return static_cast<T *>(::operator new(n * sizeof(T)));
	}
	void deallocate(T *p, std::size_t) { ::operator delete(p); }
	template <typename U> bool operator==(const PoolAllocator<U> &) const { return true; }
};

namespace detail {

template <typename OrderT, Side side> struct Level {
	std::vector<std::shared_ptr<OrderT>, PoolAllocator<std::shared_ptr<OrderT>>> queue;
	std::int64_t total = 0;

	__attribute__((noinline)) void add(const std::shared_ptr<OrderT> &order)
	{
		queue.push_back(order);
		total += order->open;
	}
};

template <Side side> struct Better {
	template <typename P> bool operator()(const P &a, const P &b) const
	{
		return side == Side::Buy ? a > b : a < b;
	}
};

} // namespace detail

template <typename OrderT, Side side> class Book {
      public:
	using Price = std::int64_t;
	using Levels = std::map<Price, detail::Level<OrderT, side>, detail::Better<side>>;

	__attribute__((noinline)) void insert(std::shared_ptr<OrderT> order)
	{
		levels[order->price].add(order);
		byId.emplace(order->id, order);
	}

	__attribute__((noinline)) std::int64_t depth(std::size_t most) const
	{
		std::int64_t sum = 0;

		for (const auto &[price, level] : levels) {
			for (const auto &order : level.queue)
				sum += order->open * price % 7;
			if (!--most)
				break;
		}
		return sum;
	}

	__attribute__((noinline)) std::vector<OrderT> snapshot() const
	{
		std::vector<OrderT> all;

		for (const auto &[price, level] : levels)
			for (const auto &order : level.queue)
				all.push_back(*order);
		std::sort(all.begin(), all.end(), [](const OrderT &a, const OrderT &b) {
			return a.open != b.open ? a.open < b.open : a.owner < b.owner;
		});
		return all;
	}

      private:
	Levels levels;
	std::unordered_map<std::uint64_t, std::shared_ptr<OrderT>> byId;
};

template <typename OrderT> class Engine {
	Book<OrderT, Side::Buy> bids;
	Book<OrderT, Side::Sell> asks;

      public:
	__attribute__((noinline)) void submit(Side side, std::int64_t price, std::int64_t open)
	{
		auto order = std::make_shared<OrderT>(
		    OrderT{next++, price, open, "account-of-somebody-" + std::to_string(next % 9)});

		if (side == Side::Buy)
			bids.insert(std::move(order));
		else
			asks.insert(std::move(order));
	}

	__attribute__((noinline)) std::size_t publish()
	{
		return bids.snapshot().size() + asks.snapshot().size() +
		       (bids.depth(40) + asks.depth(40)) % 2;
	}

      private:
	std::uint64_t next = 1;
};

} // namespace exchange

int main()
{
	auto *engine = new exchange::Engine<exchange::Order<std::int64_t, std::int64_t>>;
	std::size_t seen = 0;

	for (std::uint32_t i = 0; i < 3000; i++) {
		engine->submit(i % 3 ? exchange::Side::Buy : exchange::Side::Sell,
			       1000 + i * 7919 % 50, 1 + i * 104729 % 90);
		if (i % 100 == 99)
			for (int k = 0; k < 24; k++)
				seen += engine->publish();
	}
	engine = nullptr;
	return seen == 0;
}
