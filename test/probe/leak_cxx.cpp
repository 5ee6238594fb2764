/* C++ objects: lost in every form of new, in use behind pointers to parts of
 * them, released by destructors that run late. */
#include "leak.h"

#include <exception>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <new>
#include <regex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace {

struct thing { /* delete[] must know how many: a cookie of 8 bytes */
	char bytes[40];
	~thing()
	{
		bytes[0] = 0;
	}
};
struct plain {
	char bytes[40];
};
struct alignas(64) line {
	char bytes[128];
};
struct first {
	virtual ~first() = default;
	long a[3];
};
struct second {
	virtual ~second() = default;
	long b[3];
};
struct both : first, second {
	long c;
};

void *volatile global;

template <class T> T *made(T *p)
{
	return static_cast<T *>(opaque(p));
}

/* --- lost ------------------------------------------------------------------ */
void lost_new()
{
	made(new plain);
}

void lost_array()
{
	made(new plain[5]);
}

void lost_array_with_cookie()
{
	made(new thing[5]);
}

void lost_array_of_none()
{
	made(new thing[0]);
}

void lost_nothrow()
{
	made(new (std::nothrow) plain[6]);
}

void lost_aligned()
{
	made(new line[2]);
}

void lost_both()
{
	second *volatile part = made(new both);

	opaque(part);
}

void lost_vector()
{
	made(new std::vector<int>(100, 7));
}

void lost_strings()
{
	auto *words = made(new std::vector<std::string>);

	words->reserve(4);
	for (int i = 0; i < 4; i++)
		words->emplace_back(i % 2 ? 60 : 8, 'w'); /* two fit into the object itself */
}

struct partner {
	std::shared_ptr<partner> other;
	char bytes[48];
};

/* Each object and its counters are one block; each keeps the other. */
void lost_shared_cycle()
{
	auto a = std::make_shared<partner>(), b = std::make_shared<partner>();

	a->other = b;
	b->other = a;
}

struct base_without {
	long a[4];
	~base_without() {} /* not virtual: the derived part's memory stays */
};
struct derived_with : base_without {
	std::vector<char> memory = std::vector<char>(500, 'm');
};

void lost_by_wrong_destructor()
{
	base_without *p = made(new derived_with);

	p->~base_without();
	operator delete(p);
}

void lost_by_throw()
{
	try {
		plain *p = made(new plain[7]);

		if (p)
			throw std::runtime_error("on the way to delete");
		delete[] p;
	} catch (const std::runtime_error &) {
	}
}

/* --- in use ------------------------------------------------------------------ */
void used_array_with_cookie()
{
	global = made(new thing[5]); /* points behind the cookie */
}

void used_array_of_none()
{
	global = made(new thing[0]); /* points behind the end */
}

void used_second_base()
{
	global = static_cast<second *>(made(new both));
}

std::map<int, std::string> *volatile kept_map;

void used_map()
{
	kept_map = new std::map<int, std::string>;
	for (int i = 0; i < 100; i++)
		kept_map->emplace(i, "a string that needs a block of its own");
}

std::unique_ptr<std::vector<std::string>> kept_late;

/* Released by the destructor of a global object. */
void released_late()
{
	kept_late = std::make_unique<std::vector<std::string>>(50, std::string(100, 'x'));
}

void released_static()
{
	static std::map<int, std::string> table;

	for (int i = 0; i < 50; i++)
		table[i] = std::string(100, 'y');
}

void released_thread_local()
{
	std::thread worker([] {
		thread_local std::vector<int> mine(1000, 3);

		mine.push_back(4);
	});
	worker.join();
}

/* exit() skips the destructors of main's and other frames: the vector's memory
 * is on the stack still. */
void exit_skips_destructors()
{
	std::vector<int> mine(250, 1);

	opaque(&mine); /* so that it is kept in memory */
	leak_scrub();
	exit(mine.size() == 250 ? 0 : 1);
}

void exit_in_handler()
{
	try {
		throw std::runtime_error("an exception in flight");
	} catch (const std::exception &) {
		leak_scrub();
		exit(0);
	}
}

void thrown_and_caught()
{
	for (int i = 0; i < 100; i++) {
		try {
			throw std::runtime_error(std::string(100, 'e'));
		} catch (const std::exception &) {
		}
	}
}

void streams_and_locales()
{
	std::ostringstream text;

	std::ios::sync_with_stdio(false);
	text << std::regex_replace("a1b2", std::regex("[0-9]"), "x") << 3.5;
	std::cout << text.str() << std::endl;
	std::cerr << std::locale("C").name() << '\n';
}

/* A closure in std::function, itself in a container: all reachable. */
std::vector<std::function<int()>> *volatile kept_functions;

void used_functions()
{
	kept_functions = new std::vector<std::function<int()>>;
	kept_functions->reserve(20);
	for (int i = 0; i < 20; i++) {
		long a = i, b = i, c = i;

		kept_functions->emplace_back([a, b, c] { return static_cast<int>(a + b + c); });
	}
}

const leak_case cases[] = {
    {"lost_new", lost_new},
    {"lost_array", lost_array},
    {"lost_array_with_cookie", lost_array_with_cookie},
    {"lost_array_of_none", lost_array_of_none},
    {"lost_nothrow", lost_nothrow},
    {"lost_aligned", lost_aligned},
    {"lost_both", lost_both},
    {"lost_vector", lost_vector},
    {"lost_strings", lost_strings},
    {"lost_shared_cycle", lost_shared_cycle},
    {"lost_by_wrong_destructor", lost_by_wrong_destructor},
    {"lost_by_throw", lost_by_throw},
    {"used_array_with_cookie", used_array_with_cookie},
    {"used_array_of_none", used_array_of_none},
    {"used_second_base", used_second_base},
    {"used_map", used_map},
    {"used_functions", used_functions},
    {"released_late", released_late},
    {"released_static", released_static},
    {"released_thread_local", released_thread_local},
    {"exit_skips_destructors", exit_skips_destructors},
    {"exit_in_handler", exit_in_handler},
    {"thrown_and_caught", thrown_and_caught},
    {"streams_and_locales", streams_and_locales},
};

} // namespace

int main(int argc, char **argv)
{
	return leak_main(argc, argv, cases, LEAK_COUNT(cases));
}
