// What an optimised Rust program looks like to an unwinder: generics inlined
// many levels deep into few large frames, closures, no frame pointers, vectors
// that grow, hash maps, and frames realigned for vector instructions.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <numeric>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

namespace {
template <int N> struct Stage {
	template <class T, class F> static inline __attribute__((always_inline)) auto run(T v, F f)
	{
		return Stage<N - 1>::run(std::move(v), [f](auto x) {
			return f(std::move(x)) + static_cast<std::uint64_t>(N);
		});
	}
};
template <> struct Stage<0> {
	template <class T, class F> static inline __attribute__((always_inline)) auto run(T v, F f)
	{
		return f(std::move(v));
	}
};

using Value = std::variant<std::uint64_t, double, std::string>;
struct Row {
	std::string key;
	std::optional<Value> value;
};

// Vector code with an aligned local array: the frame is realigned (DRAP).
struct alignas(64) Lane {
	double d[8];
};
__attribute__((noinline)) double lanes(const std::vector<double> &in,
				       const std::function<double(double)> &f)
{
	Lane sum = {}, copy;
	std::vector<double> scaled(in.size());

	for (std::size_t i = 0; i < in.size(); i++)
		scaled[i] = f(in[i]);
	for (std::size_t i = 0; i + 8 <= scaled.size(); i += 8)
		for (int k = 0; k < 8; k++)
			sum.d[k] += scaled[i + static_cast<std::size_t>(k)];
	copy = sum;
	__asm__ volatile("" : "+m"(copy));
	return std::accumulate(copy.d, copy.d + 8, 0.0);
}

__attribute__((noinline)) std::uint64_t build(unsigned n)
{
	std::vector<Row> rows;
	std::unordered_map<std::string, std::vector<std::uint64_t>> index;

	for (unsigned i = 0; i < n; i++)
		rows.push_back({"key of a row that is long enough " + std::to_string(i * 31 % 97),
				i % 3 ? Value(std::uint64_t(i)) : Value(std::to_string(i))});
	return Stage<24>::run(std::move(rows), [&](std::vector<Row> all) {
		for (auto &row : all)
			index[row.key].push_back(
				std::visit([](const auto &v) { return std::uint64_t(sizeof(v)); },
					   *row.value));
		std::sort(all.begin(), all.end(),
			  [](const Row &a, const Row &b) { return a.key < b.key; });
		return index.size() + all.size();
	});
}

// A frame of variable size, recursive, with nothing to hold on to but rsp or
// rbp, as the compiler likes.
__attribute__((noinline)) std::uint64_t fold(unsigned depth, unsigned n)
{
	volatile char *pad = static_cast<char *>(__builtin_alloca(n % 61 + 1));
	std::vector<double> numbers(n % 64 + 16, 1.5);

	pad[0] = 1;
	if (!depth)
		return build(n % 40) + static_cast<std::uint64_t>(lanes(
			numbers, [n](double d) { return d * n; }));
	return fold(depth - 1, n * 7 + 1) + static_cast<std::uint64_t>(pad[0]);
}
} // namespace

int main(int argc, char **argv)
{
	unsigned rounds = argc > 1 ? static_cast<unsigned>(std::stoul(argv[1])) : 4000;
	std::uint64_t sum = 0;

	for (unsigned i = 0; i < rounds; i++)
		sum += fold(i % 50, i);
	std::printf("%llu\n", static_cast<unsigned long long>(sum));
	return 0;
}
