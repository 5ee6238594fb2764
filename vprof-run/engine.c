#include "engine.h"
#include "cli/library.h"
#include "cli/warn.h"
#include "cli/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS_MAX 4096

static char *engine;
static char *missing; /* see vrun_engine_missing_from_path */

static char *find_in_path(void)
{
	const char *at = getenv("PATH");

	for (; at && *at; at += strcspn(at, ":"), at += *at == ':') {
		char *path = vr_xprintf("%.*s/vprof-report", (int)strcspn(at, ":"), at);

		if (access(path, X_OK) == 0)
			return path;
		free(path);
	}
	return NULL;
}

int vrun_engine_find(void)
{
	char *in_path = find_in_path();

	engine = vr_beside("vprof-report", NULL);
	if (engine && !in_path) {
		missing = vr_xprintf("%.*s", (int)(strrchr(engine, '/') - engine), engine);
	} else if (!engine) {
		engine = in_path;
		in_path = NULL;
	}
	free(in_path);
	if (engine)
		return 0;
	vr_warn("vprof-report is neither beside vprof-run nor in PATH");
	return -ENOENT;
}

const char *vrun_engine_missing_from_path(void)
{
	return missing;
}

static _Noreturn void become(const char *const *argv, const char *const *more, int out, bool quiet)
{
	const char *word[WORDS_MAX];
	size_t n = 0;
	sigset_t none;

	word[n++] = "vprof-report";
	for (; *argv && n < WORDS_MAX - 4; argv++)
		word[n++] = *argv;
	for (; more && *more; more++)
		word[n++] = *more;
	word[n] = NULL;
	/* The one interrupt that ended the target shall not end its report. */
	signal(SIGINT, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (out >= 0)
		dup2(out, 1);
	if (quiet) {
		int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

		if (null >= 0)
			dup2(null, 2);
	}
	execv(engine, (char *const *)(uintptr_t)word);
	_exit(127);
}

static pid_t start(const char *const *argv, const char *const *more, int out, bool quiet)
{
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0)
		become(argv, more, out, quiet);
	return pid;
}

static int reap(pid_t pid)
{
	int status;

	if (pid < 0)
		return -1;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

json_t *vrun_engine_ask(const char *const *argv, int *status)
{
	static const char *const json[] = {"--format", "json", NULL};
	json_t *answer = NULL;
	int ends[2], ended;
	FILE *in;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return NULL;
	pid = start(argv, json, ends[1], true);
	close(ends[1]);
	in = fdopen(ends[0], "r");
	if (in) {
		answer = json_loadf(in, 0, NULL);
		fclose(in);
	} else {
		close(ends[0]);
	}
	ended = reap(pid);
	if (status)
		*status = ended;
	return answer;
}

char *vrun_engine_text(const char *const *argv)
{
	char *text = NULL;
	size_t room = 0;
	int ends[2];
	FILE *in;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return NULL;
	pid = start(argv, NULL, ends[1], true);
	close(ends[1]);
	in = fdopen(ends[0], "r");
	if (!in) {
		close(ends[0]);
	} else {
		if (getdelim(&text, &room, '\0', in) < 0) { /* all of it: text has no such letter */
			free(text);
			text = NULL;
		}
		fclose(in);
	}
	reap(pid);
	return text;
}

int vrun_engine_print(const char *const *argv, bool quiet)
{
	return reap(start(argv, NULL, -1, quiet));
}

pid_t vrun_engine_begin(const char *const *argv)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	pid_t pid = start(argv, NULL, null, true);

	if (null >= 0)
		close(null);
	return pid;
}

int vrun_engine_run(const char *const *argv)
{
	return reap(vrun_engine_begin(argv));
}

int vrun_engine_write(const char *const *argv, const char *path)
{
	int out = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666), status;

	if (out < 0) {
		vr_warn("%s: %s", path, strerror(errno));
		return -1;
	}
	status = reap(start(argv, NULL, out, true));
	close(out);
	/* It is ours: O_EXCL made it. */
	if (status != 0 && status != 2)
		unlink(path);
	return status;
}

const json_t *vrun_json_at(const json_t *answer, const char *path)
{
	char key[64];

	while (answer && *path) {
		size_t len = strcspn(path, ".");

		snprintf(key, sizeof(key), "%.*s", (int)len, path);
		answer = json_object_get(answer, key);
		path += len + (path[len] == '.');
	}
	return answer;
}

uint64_t vrun_json_u64(const json_t *answer, const char *path)
{
	const json_t *value = vrun_json_at(answer, path);

	/* What does not fit is written as a real number. */
	if (json_is_real(value))
		return (uint64_t)json_real_value(value);
	return (uint64_t)json_integer_value(value);
}

const char *vrun_json_text(const json_t *answer, const char *path)
{
	const char *text = json_string_value(vrun_json_at(answer, path));

	return text ? text : "";
}
