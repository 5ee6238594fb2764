// Calls of C++: constructors before main, virtual functions, templates, destructors while an
// exception passes, lambdas given to the library.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace market
{

struct Level {
	explicit Level(int price) : price(price)
	{
		made++;
	}
	~Level()
	{
		gone++;
	}
	int price;
	static int made, gone;
};
int Level::made, Level::gone;

struct Order {
	virtual ~Order()
	{
	}
	virtual int cost() const = 0;
};

struct Limit : Order {
	explicit Limit(int n) : n(n)
	{
	}
	int cost() const override
	{
		return n * 2;
	}
	int n;
};

struct Market : Order {
	int cost() const override
	{
		return 7;
	}
};

template <typename T> T twice(T value)
{
	return value + value;
}

class Book
{
      public:
	int match(int depth)
	{
		Level level(depth);
		if (depth == 0)
			throw std::runtime_error("crossed");
		return match(depth - 1) + level.price;
	}
	int try_match(int depth)
	{
		try {
			return match(depth);
		} catch (const std::runtime_error &) {
			return caught(depth);
		}
	}

      private:
	int caught(int depth)
	{
		return depth;
	}
};

static Level first(1);

} // namespace market

int main()
{
	market::Book book;
	std::vector<std::unique_ptr<market::Order>> orders;
	std::vector<int> numbers;
	long sum = 0;

	for (int i = 0; i < 400; i++) {
		if (i % 3)
			orders.emplace_back(new market::Limit(i));
		else
			orders.emplace_back(new market::Market);
		numbers.push_back(i * 7919 % 401);
	}
	for (const auto &order : orders)
		sum += order->cost();
	for (int i = 0; i < 200; i++)
		sum += book.try_match(i % 9);
	std::sort(numbers.begin(), numbers.end(), [](int a, int b) { return a > b; });
	sum += market::twice(numbers[3]) + (long)market::twice(1.5);
	sum += (long)market::twice(std::string("ab")).size();
	std::printf("%ld %d %d\n", sum, market::Level::made, market::Level::gone);
}
