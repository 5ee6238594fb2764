// A C++ plugin for a C host: throws through its own frames, catches, and says
// which library its unwinder comes from.
#include <dlfcn.h>
#include <stdexcept>
#include <string>
#include <unwind.h>

namespace {
struct Guard {
	int *count;
	~Guard() { ++*count; }
};

void thrower(int depth, int *unwound)
{
	Guard guard{unwound};
	std::string text(100, 'x');
	if (depth == 0)
		throw std::runtime_error(text);
	thrower(depth - 1, unwound);
}
} // namespace

// Returns frames unwound; *unwinder is the path of the library that did it.
extern "C" int plugin_throw(int depth, const char **unwinder)
{
	int unwound = 0;
	Dl_info info = {};

	try {
		thrower(depth, &unwound);
	} catch (const std::exception &error) {
		if (std::string(error.what()).size() != 100)
			unwound = -1;
	}
	void *fn = reinterpret_cast<void *>(&_Unwind_RaiseException);
	*unwinder = dladdr(fn, &info) ? info.dli_fname : "?";
	return unwound;
}
