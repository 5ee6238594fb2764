// A C++ plugin for a C host: throws, takes its own backtrace, allocates, and
// says which libraries serve it.
#include <cxxabi.h>
#include <dlfcn.h>
#include <execinfo.h>
#include <stdexcept>
#include <string>
#include <unwind.h>
#include <vector>

namespace {
_Unwind_Reason_Code count(struct _Unwind_Context *, void *arg)
{
	++*static_cast<int *>(arg);
	return _URC_NO_REASON;
}

struct Traced : std::runtime_error {
	int frames = 0, walked = 0;
	explicit Traced(const std::string &why) : std::runtime_error(why)
	{
		void *address[64];
		frames = backtrace(address, 64);
		_Unwind_Backtrace(count, &walked);
	}
};

__attribute__((noinline)) int nest(int depth)
{
	std::vector<std::string> rows(static_cast<std::size_t>(depth) + 1, std::string(50, 'r'));

	if (depth == 0)
		throw Traced("from the innermost of " + std::to_string(rows.size()));
	return nest(depth - 1) + static_cast<int>(rows.size());
}

const char *provider(const void *function)
{
	Dl_info info = {};

	return dladdr(function, &info) ? info.dli_fname : "?";
}
} // namespace

extern "C" int plugin_scope(int depth, void (*say)(const char *, const char *))
{
	int frames = -1;

	try {
		nest(depth);
	} catch (const Traced &traced) {
		frames = traced.frames * 100 + traced.walked;
		say("caught", traced.what());
	}
	say("_Unwind_RaiseException", provider(reinterpret_cast<void *>(&_Unwind_RaiseException)));
	say("_Unwind_Backtrace", provider(reinterpret_cast<void *>(&_Unwind_Backtrace)));
	say("_Unwind_Find_FDE", provider(dlsym(RTLD_DEFAULT, "_Unwind_Find_FDE")));
	say("backtrace", provider(reinterpret_cast<void *>(&backtrace)));
	say("unw_step", provider(dlsym(RTLD_DEFAULT, "_ULx86_64_step")));
	say("__cxa_throw", provider(dlsym(RTLD_DEFAULT, "__cxa_throw")));
	say("operator new", provider(dlsym(RTLD_DEFAULT, "_Znwm")));
	return frames;
}
