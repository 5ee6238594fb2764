/* Strings and maps in nested namespaces: what a configuration reader allocates. */
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace platform::config::v2 {

using Value = std::variant<std::string, double, std::vector<std::string>>;

class Section {
      public:
	__attribute__((noinline)) void set(std::string key, Value value)
	{
		values.insert_or_assign(std::move(key), std::move(value));
	}

	__attribute__((noinline)) std::optional<Value> find(std::string_view key) const
	{
		auto found = values.find(std::string(key));

		if (found == values.end())
			return std::nullopt;
		return found->second;
	}

	operator std::vector<std::string>() const
	{
		std::vector<std::string> keys;

		for (const auto &pair : values)
			keys.push_back(pair.first);
		return keys;
	}

	friend bool operator<(const Section &a, const Section &b) { return a.values < b.values; }

      private:
	std::map<std::string, Value> values;
};

namespace parser {

static __attribute__((noinline)) std::pair<std::string, std::string> split(const std::string &line)
{
	auto at = line.find('=');

	return {line.substr(0, at), line.substr(at + 1)};
}

static __attribute__((noinline)) std::vector<std::string> words(const std::string &text, char by)
{
	std::vector<std::string> out;
	std::istringstream in(text);

	for (std::string one; std::getline(in, one, by);)
		out.push_back(one);
	return out;
}

__attribute__((noinline)) Section read(const std::string &text)
{
	Section section;

	for (const auto &line : words(text, '\n')) {
		auto [key, value] = split(line);

		if (value.find(',') != std::string::npos)
			section.set(key, words(value, ','));
		else
			section.set(key, value);
	}
	return section;
}

} // namespace parser

template <typename T> class Registry {
	std::map<std::string, std::set<T>> byName;

      public:
	__attribute__((noinline)) void keep(const std::string &name, const T &what)
	{
		byName[name].insert(what);
	}
	__attribute__((noinline)) std::size_t size() const
	{
		std::size_t sum = 0;

		for (const auto &pair : byName)
			sum += pair.second.size();
		return sum;
	}
};

} // namespace platform::config::v2

static __attribute__((noinline)) std::string example(int n)
{
	std::string text;

	for (int i = 0; i < 60; i++)
		text += "setting-number-" + std::to_string(i * n) + "=some,values,for," +
			std::to_string(i) + "\n" + "plain-" + std::to_string(i) + "=text\n";
	return text;
}

int main()
{
	using namespace platform::config::v2;
	auto *sections = new Registry<Section>;
	auto *names = new Registry<std::string>;
	std::size_t found = 0;

	for (int i = 0; i < 300; i++) {
		Section section = parser::read(example(i));

		for (const std::string &key : static_cast<std::vector<std::string>>(section)) {
			found += section.find(key).has_value();
			names->keep("all", key);
		}
		sections->keep(i % 2 ? "odd" : "even", section);
	}
	found += sections->size() + names->size();
	sections = nullptr;
	return found == 0;
}
