#include "symbols/sym_server.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "cli/warn.h"

#define VARIABLE  "DEBUGINFOD_URLS"
#define SILENCE_S 10  /* without a byte, or what DEBUGINFOD_TIMEOUT says */
#define TOTAL_S	  300 /* of all waiting */
#define QUIET_S	  1   /* shorter waits go unsaid */
#define STEP	  256 /* bytes that count as an answer */

typedef int progress_fn(debuginfod_client *client, long done, long all);
typedef int find_fn(debuginfod_client *client, const unsigned char *build_id, int length,
		    char **path);

static struct {
	int tried, usable;
	debuginfod_client *(*begin)(void);
	void (*end)(debuginfod_client *client);
	void (*set_progress)(debuginfod_client *client, progress_fn *progress);
	find_fn *find_debuginfo, *find_executable;
	const char *object; /* asked for now */
	double begun, moved, waited;
	long done;
	int told; /* that we wait for this one */
} server;

static double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* libdwfl asks no server either from now on. */
static void give_up(void)
{
	server.usable = 0;
	unsetenv(VARIABLE);
}

static double silence_s(void)
{
	const char *text = getenv("DEBUGINFOD_TIMEOUT");
	int seconds = text ? atoi(text) : 0;

	return seconds > 0 ? seconds : SILENCE_S;
}

static void tell(double now, long done, long all)
{
	if (now - server.begun < QUIET_S || (server.told && !isatty(STDERR_FILENO)))
		return;
	server.told = 1;
	if (isatty(STDERR_FILENO)) {
		fprintf(stderr, "\r\033[Kdebuginfod: %s, %.1f MiB, %.0f s", server.object,
			all > 0 ? (double)done / 1048576 : 0, now - server.begun);
		fflush(stderr);
	} else {
		vr_warn("waiting for debuginfod: %s", server.object);
	}
}

static void unsay(void)
{
	if (server.told && isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
	server.told = 0;
}

/* libdebuginfod calls it about once a second while it waits; 1 makes it stop. */
static int progress(debuginfod_client *client, long done, long all)
{
	double now = now_s();

	(void)client;
	/* Before a byte has come, `done` is the number of calls. */
	if (done < server.done || done - server.done >= STEP) {
		server.done = done;
		server.moved = now;
	}
	tell(now, done, all);
	if (now - server.moved < silence_s() && server.waited + now - server.begun < TOTAL_S)
		return 0;
	if (server.usable) {
		unsay();
		vr_warn("debuginfod: no answer in %.0f s, not asked any more "
			"(--no-debuginfod: not at all)",
			now - server.begun);
		give_up();
	}
	return 1;
}

static void *function(void *library, const char *name)
{
	void *found = dlsym(library, name);

	if (!found)
		server.usable = 0;
	return found;
}

static void load(void)
{
	void *library = dlopen("libdebuginfod.so.1", RTLD_NOW | RTLD_LOCAL);

	if (!library) {
		vr_warn("DEBUGINFOD_URLS is set, but there is no libdebuginfod.so.1 to ask with");
		return;
	}
	server.usable = 1;
	*(void **)&server.begin = function(library, "debuginfod_begin");
	*(void **)&server.end = function(library, "debuginfod_end");
	*(void **)&server.set_progress = function(library, "debuginfod_set_progressfn");
	*(void **)&server.find_debuginfo = function(library, "debuginfod_find_debuginfo");
	*(void **)&server.find_executable = function(library, "debuginfod_find_executable");
}

/* Loads the library when first asked. */
static int is_usable(void)
{
	const char *urls = getenv(VARIABLE);

	if (!server.tried && urls && urls[0])
		load();
	if (!server.tried && !server.usable)
		give_up();
	server.tried = 1;
	return server.usable;
}

void vr_server_forbid(void)
{
	server.tried = 1;
	give_up();
}

static void start(const char *object)
{
	server.object = object;
	server.begun = server.moved = now_s();
	server.done = 0;
	server.told = 0;
}

void vr_server_begin(Dwfl *dwfl, const char *object)
{
	debuginfod_client *client = is_usable() ? dwfl_get_debuginfod_client(dwfl) : NULL;

	if (client)
		server.set_progress(client, progress);
	start(object);
}

void vr_server_end(void)
{
	server.waited += now_s() - server.begun;
	unsay();
}

int vr_server_find(const uint8_t *build_id, size_t length, const char *object, char **path)
{
	debuginfod_client *client;
	int fd = -1;

	*path = NULL;
	client = length && is_usable() ? server.begin() : NULL;
	if (!client)
		return -1;
	server.set_progress(client, progress);
	start(object);
	fd = server.find_debuginfo(client, build_id, (int)length, path);
	if (fd < 0 && server.usable)
		fd = server.find_executable(client, build_id, (int)length, path);
	vr_server_end();
	server.end(client);
	return fd < 0 ? -1 : fd;
}
