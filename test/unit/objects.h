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
		 "readelf -n %s/%s 2>/dev/null | sed -n 's/.*Build ID: //p' | tr -d '\\n'",
		 directory, name);
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

/* One line of addr2line without what the resolver does not print. */
static inline int next_line(FILE *pipe, char *line, int size)
{
	char *mark;

	if (!fgets(line, size, pipe))
		return 0;
	line[strcspn(line, "\n")] = '\0';
	mark = strstr(line, " (discriminator");
	if (mark)
		*mark = '\0';
	mark = strstr(line, ":?");
	if (mark)
		strcpy(mark, ":0");
	return 1;
}

/* Who is asked; binutils' addr2line misreads inlined calls of clang's DWARF 5. */
static const char *addr2line = "addr2line";

/* Compares all bytes of [lo, hi) with `addr2line -if`; returns the longest
 * chain seen. */
static inline size_t compare_with_addr2line(struct vr_sym *sym, const char *name, uint64_t lo,
					    uint64_t hi)
{
	char command[512], line[1024], want[1200];
	const char *name_of;
	size_t longest = 0;
	FILE *pipe;

	snprintf(command, sizeof(command),
		 "cd %s && seq -f %%.0f %llu %llu | xargs printf '0x%%x\\n' | %s -if -e %s",
		 directory, (unsigned long long)lo, (unsigned long long)(hi - 1), addr2line, name);
	pipe = popen(command, "r");
	for (uint64_t at = lo; at < hi; at++) {
		struct vr_frames frames = vr_sym_resolve(sym, 0, BIAS + at, 1);

		for (size_t i = 0; i < frames.count; i++) {
			const struct vr_frame *frame = &frames.frame[i];

			ck_assert(next_line(pipe, line, sizeof(line)));
			name_of = frame->linkage[0] ? frame->linkage : frame->function;
			ck_assert_msg(!strcmp(name_of, line), "%#llx: %s, but addr2line: %s",
				      (unsigned long long)at, name_of, line);
			snprintf(want, sizeof(want), "%s:%d", frame->file, frame->line);
			ck_assert(next_line(pipe, line, sizeof(line)));
			ck_assert_str_eq(want, line);
			ck_assert_int_eq(frame->inlined, i + 1 < frames.count);
			ck_assert_uint_eq(frame->offset, at);
		}
		if (frames.count > longest)
			longest = frames.count;
	}
	ck_assert(!next_line(pipe, line, sizeof(line)));
	pclose(pipe);
	return longest;
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
