/* C++ objects and C blocks in one program, to be run over allocators whose
 * operator new does not call malloc.
 *
 * cxx_alloc none         nothing: what starting costs
 * cxx_alloc direct       every form of new and delete, C blocks among them;
 *                        keeps its own books and prints them as JSON
 * cxx_alloc containers   string, vector and map: the operators of libstdc++
 * cxx_alloc throw        new fails and throws bad_alloc
 * cxx_alloc nothrow      new fails and gives NULL
 * cxx_alloc fork         containers, in a forked child
 * cxx_alloc maps         which pages of code and data can be written
 *
 * Sizes are never 0 and multiples of the alignment: libstdc++ rounds them up
 * to that before it calls malloc, tcmalloc and jemalloc do not. */
#include "account.h"

#include <map>
#include <new>
#include <string>
#include <sys/wait.h>
#include <vector>

struct alignas(64) line {
	char bytes[192];
};
struct thing {
	char bytes[40];
	~thing()
	{
		bytes[0] = 0;
	}
};

template <class T> static T *hide(T *p)
{
	return static_cast<T *>(opaque(p));
}

static void plain(void)
{
	for (int i = 0; i < 100; i++) {
		thing *one = hide(new thing);
		char *many = hide(new char[100 + i]);

		book_alloc(one, sizeof(thing));
		book_alloc(many, 100 + i);
		book_free(one);
		delete one; /* sized */
		book_free(many);
		delete[] many;
	}
	thing *things = hide(new thing[7]); /* a cookie of 8 bytes: delete[] is sized */
	void *block = reinterpret_cast<char *>(things) - sizeof(size_t);
	book_alloc(block, 7 * sizeof(thing) + sizeof(size_t));
	book_free(block);
	delete[] things;
	book_alloc(hide(new char[5000]), 5000); /* stays live */
}

static void aligned(void)
{
	for (int i = 0; i < 50; i++) {
		line *one = hide(new line), *many = hide(new line[3]);

		book_alloc(one, sizeof(line));
		book_alloc(many, 3 * sizeof(line));
		if (reinterpret_cast<uintptr_t>(one) % 64 || reinterpret_cast<uintptr_t>(many) % 64)
			_exit(95);
		book_free(one);
		delete one;
		book_free(many);
		delete[] many;
	}
}

/* Each form by its name, for the ones a new-expression would not choose. */
static void by_name(void)
{
	const std::align_val_t by{128};
	void *p[8] = {
		operator new(10), operator new[](20),
		operator new(30, std::nothrow), operator new[](40, std::nothrow),
		operator new(256, by), operator new[](384, by),
		operator new(512, by, std::nothrow), operator new[](640, by, std::nothrow),
	};
	const size_t size[8] = {10, 20, 30, 40, 256, 384, 512, 640};

	for (int i = 0; i < 8; i++)
		book_alloc(hide(static_cast<char *>(p[i])), size[i]);
	for (int i = 0; i < 8; i++)
		book_free(p[i]);
	operator delete(p[0], 10);
	operator delete[](p[1], 20);
	operator delete(p[2], std::nothrow);
	operator delete[](p[3], std::nothrow);
	operator delete(p[4], 256, by);
	operator delete[](p[5], 384, by);
	operator delete(p[6], by, std::nothrow);
	operator delete[](p[7], by, std::nothrow);
}

static void in_c(void)
{
	void *p = a_malloc(111), *q = a_realloc(a_malloc(64), 4000), *r = NULL;

	a_free(p);
	a_free(q);
	p = opaque(calloc(10, 33));
	book_alloc(p, 330);
	a_free(p);
	if (posix_memalign(&r, 256, 1024) == 0)
		book_alloc(opaque(r), 1024);
	a_free(r);
}

static void containers(void)
{
	std::vector<std::string> words;
	std::map<int, std::string> index;

	for (int i = 0; i < 1000; i++) {
		std::string word(20 + i % 50, static_cast<char>('a' + i % 26));

		words.push_back(word + word);
		index[i * 7 % 501] += word;
	}
	size_t total = 0;
	for (const auto &entry : index)
		total += entry.second.size();
	say("%zu words, %zu entries, %zu characters\n", words.size(), index.size(), total);
}

static void fails(void)
{
	volatile size_t huge = static_cast<size_t>(1) << 62;
	int caught = 0;

	for (int i = 0; i < 3; i++) {
		try {
			book_alloc(hide(new char[huge]), huge);
		} catch (const std::bad_alloc &) {
			caught++;
		}
		try {
			book_alloc(operator new(huge, std::align_val_t(64)), huge);
		} catch (const std::bad_alloc &) {
			caught++;
		}
	}
	say("caught %d\n", caught);
}

static void fails_quietly(void)
{
	volatile size_t huge = static_cast<size_t>(1) << 62;

	say("nothrow gives %s\n", hide(new (std::nothrow) char[huge]) ? "memory" : "NULL");
}

static void in_child(void)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		containers();
		_exit(0);
	}
	waitpid(child, &status, 0);
	say("child: %d\n", status);
}

/* Protections of the program's and of libstdc++'s mappings. */
static void maps(void)
{
	char text[8192], perms[8], path[4096];
	FILE *file = fopen("/proc/self/maps", "r");

	while (file && fgets(text, sizeof(text), file)) {
		unsigned long lo, hi;

		if (sscanf(text, "%lx-%lx %7s %*s %*s %*s %4095s", &lo, &hi, perms, path) != 4 ||
		    perms[3] == 's') /* the ring file */
			continue;
		if (strstr(path, "/cxx_alloc") || strstr(path, "libstdc++") ||
		    strstr(path, "libjemalloc") || strstr(path, "libtcmalloc"))
			say("%s %s %lu\n", path, perms, hi - lo);
	}
}

int main(int argc, char **argv)
{
	const std::string mode = argc > 1 ? argv[1] : "none";

	if (mode == "direct") {
		plain();
		aligned();
		by_name();
		in_c();
		account_say();
	} else if (mode == "containers") {
		containers();
	} else if (mode == "throw") {
		fails();
	} else if (mode == "nothrow") {
		fails_quietly();
	} else if (mode == "fork") {
		in_child();
	} else if (mode == "maps") {
		maps();
	}
	return 0;
}
