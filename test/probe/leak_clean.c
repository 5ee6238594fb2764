/* Programs that lose nothing and have been called leaking. */
#include "leak.h"
#include <dlfcn.h>
#include <execinfo.h>
#include <iconv.h>
#include <locale.h>
#include <netdb.h>
#include <pthread.h>
#include <pwd.h>
#include <regex.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

static void *volatile global;
static pthread_t thread;
static volatile int ready;

static void freed(void)
{
	for (int i = 0; i < 1000; i++)
		free(block(100));
}

static void release_global(void)
{
	free(global);
	global = NULL;
}

static void freed_by_exit_handler(void)
{
	global = block(4000);
	atexit(release_global);
}

static void release(int status, void *p)
{
	(void)status;
	free(p);
}

/* libc alone knows the address until then. */
static void freed_by_on_exit(void)
{
	on_exit(release, block(4001));
}

static void *volatile freed_late;
__attribute__((destructor)) static void destructor(void)
{
	free(freed_late);
}

static void freed_by_destructor(void)
{
	freed_late = block(4002);
}

static void many_exit_handlers(void)
{
	for (int i = 0; i < 100; i++)
		on_exit(release, block(40));
}

/* --- libc's own ------------------------------------------------------------- */
static void environment(void)
{
	char text[32];

	for (int i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "value %d", i);
		setenv("LEAK_PROBE", text, 1);
	}
	unsetenv("LEAK_PROBE");
	setenv("LEAK_OTHER", "one", 1);
}

static void stdio(void)
{
	char line[100];
	FILE *file = fopen("/proc/self/maps", "r");

	printf("to stdout\n");
	fprintf(stderr, "to stderr\n");
	if (!file || !fgets(line, sizeof(line), file))
		DIE("/proc/self/maps");
	global = file;
}

static void streams_left_open(void)
{
	for (int i = 0; i < 10; i++) {
		FILE *file = fopen("/dev/null", "w"); /* libc's list of streams knows it */

		fprintf(file, "text %d\n", i);
	}
}

static void line_buffer(void)
{
	static char *line;
	static size_t size;
	FILE *file = fopen("/proc/self/comm", "r");

	if (!file || getline(&line, &size, file) < 0)
		DIE("/proc/self/comm");
	fclose(file);
}

static void locales(void)
{
	setlocale(LC_ALL, "C.UTF-8");
	global = newlocale(LC_ALL_MASK, "C.UTF-8", NULL);
}

static void conversion(void)
{
	char in[] = "text", out[64], *from = in, *to = out;
	size_t left = 4, room = sizeof(out);
	iconv_t cd = iconv_open("UTF-16", "ISO-8859-15");

	if (cd != (iconv_t)-1) {
		iconv(cd, &from, &left, &to, &room);
		iconv_close(cd);
	}
}

static void names(void)
{
	struct addrinfo *found = NULL;
	struct passwd *who = getpwuid(0);

	if (who && getaddrinfo("localhost", "80", NULL, &found) == 0)
		freeaddrinfo(found);
}

static void time_zone(void)
{
	time_t now = 1;

	setenv("TZ", "Europe/Berlin", 1);
	tzset();
	localtime(&now);
	setenv("TZ", "UTC", 1);
	tzset();
}

static void pattern(void)
{
	static regex_t regex;

	if (regcomp(&regex, "^(a|b)+[0-9]{2,5}(x.*y)?$", REG_EXTENDED) ||
	    regexec(&regex, "abba123xxxy", 0, NULL, 0))
		DIE("regcomp");
}

static void stack_trace(void)
{
	void *address[32];

	backtrace(address, 32); /* loads libgcc_s */
}

static int compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static void sorted(void)
{
	static int number[200000];

	for (size_t i = 0; i < LEAK_COUNT(number); i++)
		number[i] = (int)(i * 7919 % 200003);
	qsort(number, LEAK_COUNT(number), sizeof(number[0]), compare);
}

/* --- loader ------------------------------------------------------------------ */
static void loader_error(void)
{
	if (!dlopen("no such object", RTLD_NOW))
		global = NULL; /* nobody asks dlerror() */
}

static void *fail_to_load(void *arg)
{
	if (!dlopen("no such object", RTLD_NOW) && !dlerror())
		return arg;
	dlopen("no such object either", RTLD_NOW);
	return arg;
}

static void loader_error_of_thread(void)
{
	pthread_create(&thread, NULL, fail_to_load, NULL);
	pthread_join(thread, NULL);
}

static void cxx_runtime(void)
{
	if (!dlopen("libstdc++.so.6", RTLD_NOW | RTLD_GLOBAL))
		DIE("%s", dlerror());
}

static void cxx_runtime_closed(void)
{
	void *object = dlopen("libstdc++.so.6", RTLD_NOW);

	if (!object)
		DIE("%s", dlerror());
	dlclose(object);
}

/* --- threads ------------------------------------------------------------------- */
static void *forever(void *arg)
{
	ready = 1;
	for (;;)
		pause();
	return arg;
}

static void thread_running(void)
{
	for (int i = 0; i < 5; i++) {
		ready = 0;
		pthread_create(&thread, NULL, forever, NULL);
		leak_await(&ready, 1);
	}
}

static void *nothing(void *arg)
{
	return arg;
}

static void threads_ended(void)
{
	pthread_t all[20];

	for (int i = 0; i < 20; i++)
		pthread_create(&all[i], NULL, nothing, NULL);
	for (int i = 0; i < 20; i++)
		pthread_join(all[i], NULL);
}

static void *busy(void *arg)
{
	ready = 1;
	for (;;)
		free(opaque(malloc(100)));
	return arg;
}

/* One more thread allocates and frees while the process ends; what it holds at
 * that moment is on its stack or in its registers. */
static void thread_allocating(void)
{
	pthread_create(&thread, NULL, busy, NULL);
	leak_await(&ready, 1);
	sleep_ms(20);
}

static void *keep_key(void *arg)
{
	pthread_setspecific(*(pthread_key_t *)arg, block(77));
	return NULL;
}

static void freed_by_key(void)
{
	static pthread_key_t key;

	pthread_key_create(&key, free);
	for (int i = 0; i < 10; i++) {
		pthread_create(&thread, NULL, keep_key, &key);
		pthread_join(thread, NULL);
	}
}

/* --- memory that is dangerous to look at ---------------------------------------- */
static void unreadable_page(void)
{
	char *at = aligned_alloc(4096, 3 * 4096);

	global = at;
	if (mprotect(at + 4096, 4096, PROT_NONE))
		DIE("mprotect");
}

static void unreadable_mapping(void)
{
	global = block(4010);
	for (int i = 0; i < 10; i++)
		mmap(NULL, 1 << 20, i % 2 ? PROT_NONE : PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		     0);
}

static void truncated_mapping(void)
{
	int fd = memfd_create("leak", MFD_CLOEXEC);
	char *at;

	global = block(4011);
	if (fd < 0 || ftruncate(fd, 1 << 16))
		DIE("memfd_create");
	at = mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	memset(at, 1, 1 << 16);
	if (ftruncate(fd, 4096))
		DIE("ftruncate");
	close(fd);
}

/* 16 TiB of nothing (less where that is refused): a search that touches it never ends. */
static void reserved_mapping(void)
{
	global = block(4012);
	for (size_t size = 1ul << 44; size > 1ul << 32; size /= 2)
		if (mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) != MAP_FAILED)
			break;
}

static void forked(void)
{
	int status;
	pid_t child;

	global = block(4013);
	child = fork();
	if (child == 0)
		exit(0);
	waitpid(child, &status, 0);
}

static const struct leak_case cases[] = {
    {"freed", freed},
    {"freed_by_exit_handler", freed_by_exit_handler},
    {"freed_by_on_exit", freed_by_on_exit},
    {"many_exit_handlers", many_exit_handlers},
    {"freed_by_destructor", freed_by_destructor},
    {"environment", environment},
    {"stdio", stdio},
    {"streams_left_open", streams_left_open},
    {"line_buffer", line_buffer},
    {"locales", locales},
    {"conversion", conversion},
    {"names", names},
    {"time_zone", time_zone},
    {"pattern", pattern},
    {"stack_trace", stack_trace},
    {"sorted", sorted},
    {"loader_error", loader_error},
    {"loader_error_of_thread", loader_error_of_thread},
    {"cxx_runtime", cxx_runtime},
    {"cxx_runtime_closed", cxx_runtime_closed},
    {"thread_running", thread_running},
    {"threads_ended", threads_ended},
    {"thread_allocating", thread_allocating},
    {"freed_by_key", freed_by_key},
    {"unreadable_page", unreadable_page},
    {"unreadable_mapping", unreadable_mapping},
    {"truncated_mapping", truncated_mapping},
    {"reserved_mapping", reserved_mapping},
    {"forked", forked},
};

int main(int argc, char **argv)
{
	return leak_main(argc, argv, cases, LEAK_COUNT(cases));
}
