/* Lambdas in std::function in a pool of threads: names that say little of themselves. */
#include <cmath>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

namespace {

class Pool {
      public:
	explicit Pool(unsigned count)
	{
		for (unsigned i = 0; i < count; i++)
			workers.emplace_back([this] { work(); });
	}

	~Pool()
	{
		{
			std::lock_guard<std::mutex> hold(lock);
			closed = true;
		}
		ready.notify_all();
		for (auto &worker : workers)
			worker.join();
	}

	template <typename F> void post(F &&task)
	{
		std::lock_guard<std::mutex> hold(lock);
		tasks.emplace_back(std::forward<F>(task));
		ready.notify_one();
	}

      private:
	__attribute__((noinline)) void work()
	{
		for (;;) {
			std::function<void()> task;
			{
				std::unique_lock<std::mutex> hold(lock);
				ready.wait(hold, [this] { return closed || !tasks.empty(); });
				if (tasks.empty())
					return;
				task = std::move(tasks.front());
				tasks.pop_front();
			}
			task();
		}
	}

	std::mutex lock;
	std::condition_variable ready;
	std::deque<std::function<void()>> tasks;
	std::vector<std::thread> workers;
	bool closed = false;
};

struct Matrix {
	std::vector<double> cell;
	std::size_t n;

	explicit Matrix(std::size_t n) : cell(n * n, 1.0), n(n) {}
	double operator()(std::size_t i, std::size_t k) const { return cell[i * n + k]; }
	double &operator()(std::size_t i, std::size_t k) { return cell[i * n + k]; }
};

__attribute__((noinline)) Matrix operator*(const Matrix &a, const Matrix &b)
{
	Matrix out(a.n);

	for (std::size_t i = 0; i < a.n; i++)
		for (std::size_t k = 0; k < a.n; k++) {
			double sum = 0;

			for (std::size_t j = 0; j < a.n; j++)
				sum += a(i, j) * b(j, k);
			out(i, k) = std::sqrt(sum);
		}
	return out;
}

template <typename T, typename F> __attribute__((noinline)) T fold(const std::vector<T> &in, F f)
{
	return std::accumulate(in.begin(), in.end(), T(), f);
}

std::mutex ledger;
std::vector<std::unique_ptr<std::string>> lines;

__attribute__((noinline)) void note(std::string text)
{
	std::lock_guard<std::mutex> hold(ledger);
	lines.push_back(std::make_unique<std::string>(std::move(text)));
}

} // namespace

int main()
{
	{
		Pool pool(2);

		for (int i = 0; i < 24; i++) {
			pool.post([i] {
				Matrix a(120 + static_cast<std::size_t>(i)), b(a.n);

				note("product of " + std::to_string((a * b).cell.size()));
			});
			pool.post([i, weights = std::vector<long>(300000, i)] {
				long sum = fold(weights, [](long a, long b) { return a * 31 + b; });
				long odd = fold(weights, [](long a, long b) { return a ^ (b << 3); });

				note("a longer line about sum " + std::to_string(sum + odd));
			});
		}
	}
	for (int i = 0; i < 12; i++)
		new std::function<long(long)>([i, more = std::string(100, 'x')](long x) {
			return x + i + static_cast<long>(more.size());
		});
	return lines.size() != 48;
}
