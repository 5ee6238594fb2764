/* Object files that a test builds for itself, and a resolver that knows one of them. */
#ifndef TEST_UNIT_OBJECTS_H
#define TEST_UNIT_OBJECTS_H

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check_main.h"
#include "symbols/sym.h"

#define BIAS 0x555555554000u

static char directory[] = "/tmp/vprof-test-sym-XXXXXX";

/* Good for the next seven calls. */
static inline const char *in_directory(const char *name)
{
	static char path[8][256];
	static int next;
	char *here = path[next++ % 8];

	snprintf(here, sizeof(path[0]), "%s/%s", directory, name);
	return here;
}

/* Runs a shell command in the directory. */
static inline void __attribute__((format(printf, 1, 2))) run(const char *format, ...)
{
	char command[2048];
	int used = snprintf(command, sizeof(command), "cd %s && ", directory);
	va_list args;

	va_start(args, format);
	vsnprintf(command + used, sizeof(command) - (size_t)used, format, args);
	va_end(args);
	if (system(command))
		exit(1);
}

/* Returns its path. */
static inline const char *write_file(const char *name, const char *text)
{
	const char *path = in_directory(name);
	FILE *file = fopen(path, "w");

	if (!file)
		exit(1);
	fputs(text, file);
	fclose(file);
	return path;
}

/* Fills id[]; returns the length, 0 without one. */
static inline size_t read_build_id(const char *name, uint8_t id[64])
{
	char command[512], byte[3] = "";
	size_t length = 0;
	FILE *pipe;

	snprintf(command, sizeof(command),
		 "readelf -n %s/%s | sed -n 's/.*Build ID: //p' | tr -d '\\n'", directory, name);
	pipe = popen(command, "r");
	while (length < 64 && fread(byte, 1, 2, pipe) == 2)
		id[length++] = (uint8_t)strtoul(byte, NULL, 16);
	pclose(pipe);
	return length;
}

/* Value and size of a symbol, or of the C++ function of that name; fails the test
 * without it. */
static inline uint64_t symbol_of(const char *name, const char *symbol, uint64_t *size)
{
	unsigned long long value = 0, bytes = 0;
	char command[512];
	FILE *pipe;

	snprintf(command, sizeof(command),
		 "nm -S %s/%s | awk '$NF == \"%s\" || $NF ~ /^_Z.*[0-9]%s/ {print $1, $2; exit}'",
		 directory, name, symbol, symbol);
	pipe = popen(command, "r");
	ck_assert_int_ge(fscanf(pipe, "%llx %llx", &value, &bytes), 1);
	pclose(pipe);
	if (size)
		*size = bytes;
	return value;
}

/* A resolver with `name` as module 0 at BIAS; `id_of` lends its build-id, or nobody. */
static inline struct vr_sym *open_module(const char *name, const char *id_of, int inlines)
{
	struct vr_sym *sym = vr_sym_open(1, 0, inlines);
	struct vr_sym_module module = {
	    .path = in_directory(name), .start = BIAS, .end = BIAS + 0x100000, .bias = BIAS};
	uint8_t id[64];

	ck_assert_ptr_nonnull(sym);
	module.build_id = id;
	if (id_of)
		module.build_id_len = read_build_id(id_of, id);
	ck_assert(!id_of || module.build_id_len == 20);
	ck_assert_int_eq(vr_sym_add_module(sym, 0, &module), 0);
	ck_assert_int_eq(vr_sym_module_state(sym, 0), VR_SYM_NOT_TRIED);
	return sym;
}

/* check_main() in a directory that `build`, which may be NULL, has filled. */
static inline int objects_main(const char *name, void (*build)(void), void (*cases)(TCase *))
{
	int status;

	unsetenv("DEBUGINFOD_URLS");
	if (!mkdtemp(directory))
		return 1;
	if (build)
		build();
	status = check_main(name, cases);
	run("rm -rf '%s'", directory);
	return status;
}

#endif
