/* Which records are of one run, and which of them is meant. */
#include "input/records.h"
#include "model/runs.h"
#include "ring_file.h"

static char directory[64];

/* A record by its few words; what is not said is 0. */
struct told {
	const char *name, *exe, *called;
	uint32_t pid, ppid;
	uint64_t start_ms, end_ms, cpu_ms;
	uint64_t forked_ms; /* start of the process that forked it, 0: executed */
	int execed;
};

#define RECORD(n, e, p, pp, start, end, cpu, ...)                                                  \
	{                                                                                          \
		.name = n, .exe = e, .pid = p, .ppid = pp, .start_ms = start, .end_ms = end,       \
		.cpu_ms = cpu, __VA_ARGS__                                                         \
	}

static void make_directory(void)
{
	strcpy(directory, "/tmp/vr-runs-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
}

static void file_of(const char *name, char at[160])
{
	snprintf(at, 160, "%s/%s.vprof", directory, name);
}

static void remove_directory(void)
{
	char command[160];

	snprintf(command, sizeof(command), "rm -r %s", directory);
	ck_assert_int_eq(system(command), 0);
}

static void write_record(const struct told *told)
{
	struct mkprof mk = mk_new();
	struct vprof_header *h = mk_header(&mk);
	char at[160];

	h->exe = mk_string(&mk, told->exe);
	h->called = told->called ? mk_string(&mk, told->called) : 0;
	h->boot_id = mk_string(&mk, "boot");
	h->host = mk_string(&mk, "host");
	h->pid = told->pid;
	h->ppid = told->ppid;
	h->start_mono_ns = told->start_ms * MK_MS;
	h->start_real_ns = told->start_ms * MK_MS;
	h->parent_mono_ns = told->forked_ms * MK_MS;
	h->end_ns = (told->end_ms - told->start_ms) * MK_MS;
	h->state = told->execed ? VPROF_STATE_EXECED : VPROF_STATE_EXITED;
	h->cpu_ns = told->cpu_ms * MK_MS;
	h->own_cpu_ns = 0;
	file_of(told->name, at);
	ck_assert_int_eq(mk_write(&mk, at, 0), 0);
	mk_free(&mk);
}

/* "a(b(c) d)": the first run as a tree of file names. */
static char *tree_of(const struct vr_runs *runs)
{
	static char text[512];
	uint32_t depth = 0;
	size_t first, count = vr_run_processes(runs, 0, &first);

	*text = '\0';
	for (size_t i = first; i < first + count; i++) {
		const struct vr_process *p = &runs->process[i];
		const char *name = strrchr(p->record->path, '/') + 1;

		for (; depth > p->depth; depth--)
			strcat(text, ")");
		if (i > first)
			strcat(text, depth < p->depth ? "(" : " ");
		depth = p->depth;
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%.*s",
			 (int)strlen(name) - 6, name);
	}
	for (; depth; depth--)
		strcat(text, ")");
	return text;
}

/* The first run as a tree, and the record of it that is meant. */
static void expect(const struct told *told, size_t count, const char *tree, const char *meant,
		   enum vr_choice choice)
{
	struct vr_records records = {0};
	struct vr_runs *runs;
	struct vr_chosen chosen;
	char at[160];

	for (size_t i = 0; i < count; i++)
		write_record(&told[i]);
	ck_assert_int_eq(vr_records_look(&records, directory, 0), 0);
	runs = vr_runs_find(&records);
	file_of(told[0].name, at);
	ck_assert_uint_ne(vr_runs_index(runs, at), VPROF_NONE);
	vr_runs_first(runs, runs->process[vr_runs_index(runs, at)].run);
	ck_assert_str_eq(tree_of(runs), tree);
	chosen = vr_run_choose(runs, 0);
	file_of(meant, at);
	ck_assert_str_eq(runs->process[chosen.process].record->path, at);
	ck_assert_int_eq(chosen.choice, choice);
	vr_runs_free(runs);
	vr_records_free(&records);
}
#define EXPECT(told, ...) expect(told, sizeof(told) / sizeof((told)[0]), __VA_ARGS__)

START_TEST(alone)
{
	static const struct told told[] = {RECORD("app", "/bin/app", 10, 1, 100, 900, 500)};

	EXPECT(told, "app", "app", VR_CHOICE_ONLY);
}
END_TEST

/* env becomes the program: the same process. */
START_TEST(what_a_launcher_became)
{
	static const struct told told[] = {
	    RECORD("env", "/bin/env", 10, 1, 100, 110, 2, .execed = 1),
	    RECORD("app", "/bin/app", 10, 1, 112, 900, 3),
	};

	EXPECT(told, "env(app)", "app", VR_CHOICE_PROGRAM);
}
END_TEST

/* sh starts one thing after the other; the one with most CPU time is the program. */
START_TEST(what_a_shell_started)
{
	static const struct told told[] = {
	    RECORD("sh", "/bin/dash", 10, 1, 100, 990, 4, .called = "sh"),
	    RECORD("sub", "/bin/dash", 11, 10, 120, 125, 1, .called = "sh", .forked_ms = 100,
		   .execed = 1),
	    RECORD("rm", "/bin/rm", 11, 10, 126, 130, 20),
	    RECORD("app", "/bin/app", 12, 10, 150, 900, 60),
	};

	EXPECT(told, "sh(sub(rm) app)", "app", VR_CHOICE_PROGRAM);
}
END_TEST

/* A shell that does the work itself is what ran. */
START_TEST(a_shell_at_work)
{
	static const struct told told[] = {
	    RECORD("sh", "/bin/dash", 10, 1, 100, 990, 400, .called = "sh"),
	    RECORD("date", "/bin/date", 12, 10, 150, 160, 120),
	};

	EXPECT(told, "sh(date)", "sh", VR_CHOICE_FIRST);
}
END_TEST

/* g++ is in no list of launchers, and did next to nothing. */
START_TEST(a_driver)
{
	static const struct told told[] = {
	    RECORD("g++", "/bin/g++-12", 10, 1, 100, 990, 8, .called = "g++"),
	    RECORD("cc1plus", "/lib/cc1plus", 11, 10, 110, 600, 500),
	    RECORD("as", "/bin/as", 12, 10, 610, 700, 60),
	    RECORD("collect2", "/lib/collect2", 13, 10, 710, 980, 3),
	    RECORD("ld", "/bin/ld", 14, 13, 715, 975, 170),
	};

	EXPECT(told, "g++(cc1plus as collect2(ld))", "cc1plus", VR_CHOICE_PROGRAM);
}
END_TEST

/* The master of a server and its two workers: the first process, though it only waits. */
START_TEST(a_server)
{
	static const struct told told[] = {
	    RECORD("nginx", "/bin/nginx", 10, 1, 100, 990, 5),
	    RECORD("w1", "/bin/nginx", 11, 10, 110, 980, 400, .forked_ms = 100),
	    RECORD("w2", "/bin/nginx", 12, 10, 111, 980, 420, .forked_ms = 100),
	};

	EXPECT(told, "nginx(w1 w2)", "nginx", VR_CHOICE_FIRST);
}
END_TEST

START_TEST(a_heavy_descendant)
{
	static const struct told told[] = {
	    RECORD("app", "/bin/app", 10, 1, 100, 990, 90),
	    RECORD("child", "/bin/app", 11, 10, 110, 980, 410, .forked_ms = 100),
	};

	EXPECT(told, "app(child)", "child", VR_CHOICE_HEAVY);
}
END_TEST

/* Of a few milliseconds no share means anything. */
START_TEST(a_heavy_descendant_of_nothing)
{
	static const struct told told[] = {
	    RECORD("app", "/bin/app", 10, 1, 100, 990, 1),
	    RECORD("child", "/bin/uname", 11, 10, 110, 120, 9),
	};

	EXPECT(told, "app(child)", "app", VR_CHOICE_FIRST);
}
END_TEST

/* The child of a child whose parent was gone when its record began: the fork tells. */
START_TEST(a_daemon)
{
	static const struct told told[] = {
	    RECORD("app", "/bin/app", 10, 1, 100, 120, 60),
	    RECORD("mid", "/bin/app", 11, 10, 110, 115, 1, .forked_ms = 100),
	    RECORD("daemon", "/bin/app", 12, 1, 112, 990, 40, .forked_ms = 110),
	};

	EXPECT(told, "app(mid(daemon))", "app", VR_CHOICE_FIRST);
}
END_TEST

/* Others had that pid before and after, and a copy is no process of its own. */
START_TEST(strangers)
{
	static const struct told told[] = {
	    RECORD("app", "/bin/app", 10, 1, 100000, 200000, 60),
	    RECORD("child", "/bin/app", 11, 10, 110000, 115000, 1, .forked_ms = 100000),
	    RECORD("childs-copy", "/bin/app", 11, 10, 110000, 115000, 1, .forked_ms = 100000),
	    RECORD("before", "/bin/other", 10, 1, 100, 20000, 60),
	    RECORD("its", "/bin/other", 11, 10, 300, 19000, 60),
	    RECORD("after", "/bin/other", 20, 10, 300000, 310000, 60),
	};

	EXPECT(told, "app(child)", "app", VR_CHOICE_FIRST);
}
END_TEST

/* The run of which something ended last is the first of all; one that goes on counts from
 * its beginning. */
START_TEST(newest_run)
{
	static const struct told told[] = {
	    RECORD("old", "/bin/app", 10, 1, 100, 900, 60),
	    RECORD("of-old", "/bin/app", 11, 10, 110, 950, 5, .forked_ms = 100),
	    RECORD("long", "/bin/app", 20, 1, 50, 990, 60),
	    RECORD("short", "/bin/app", 30, 1, 800, 940, 60),
	};
	static const char *const order[] = {"long", "old", "of-old", "short"};
	struct vr_records records = {0};
	struct vr_runs *runs;
	char at[160];

	for (size_t i = 0; i < 4; i++)
		write_record(&told[i]);
	ck_assert_int_eq(vr_records_look(&records, directory, 0), 0);
	ck_assert_uint_eq(records.count, 4);
	runs = vr_runs_find(&records);
	ck_assert_uint_eq(runs->runs, 3);
	for (size_t i = 0; i < 4; i++) {
		file_of(order[i], at);
		ck_assert_str_eq(runs->process[i].record->path, at);
	}
	ck_assert_uint_eq(runs->process[2].parent, 1);
	vr_runs_first(runs, 1);
	file_of("old", at);
	ck_assert_str_eq(runs->process[0].record->path, at);
	ck_assert_uint_eq(runs->process[1].parent, 0);
	ck_assert_uint_eq(runs->process[1].run, 0);
	ck_assert_uint_eq(runs->process[2].run, 1);
	vr_runs_free(runs);
	/* By path, "long" is the first. */
	records.record[0].head->status = VR_STATUS_RUNNING;
	runs = vr_runs_find(&records);
	file_of("long", at);
	ck_assert_str_eq(runs->process[3].record->path, at);
	vr_runs_free(runs);
	vr_records_free(&records);
}
END_TEST

START_TEST(what_is_no_record)
{
	struct vr_records records = {0};
	struct vr_runs *runs;
	char at[160];
	FILE *out;

	write_record(
	    &(struct told)RECORD("app", "/bin/app", 10, 1, 100, 900, 5, .called = "./link"));
	file_of("broken", at);
	out = fopen(at, "w");
	fputs("nothing", out);
	fclose(out);
	ck_assert_int_eq(vr_records_look(&records, directory, 0), 0);
	ck_assert_uint_eq(records.count, 2);
	ck_assert_ptr_null(records.record[1].head);
	ck_assert_ptr_nonnull(strstr(records.record[1].error, "not a vprof file"));
	runs = vr_runs_find(&records);
	ck_assert_uint_eq(runs->count, 1);
	ck_assert_str_eq(vr_called_name(runs->process[0].file), "link");
	vr_runs_free(runs);
	vr_records_free(&records);
	ck_assert_int_lt(vr_records_look(&records, "/nonexistent", 0), 0);
	vr_records_free(&records);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_checked_fixture(tests, make_directory, remove_directory);
	tcase_add_test(tests, alone);
	tcase_add_test(tests, what_a_launcher_became);
	tcase_add_test(tests, what_a_shell_started);
	tcase_add_test(tests, a_shell_at_work);
	tcase_add_test(tests, a_driver);
	tcase_add_test(tests, a_server);
	tcase_add_test(tests, a_heavy_descendant);
	tcase_add_test(tests, a_heavy_descendant_of_nothing);
	tcase_add_test(tests, a_daemon);
	tcase_add_test(tests, strangers);
	tcase_add_test(tests, newest_run);
	tcase_add_test(tests, what_is_no_record);
}

int main(void)
{
	return check_main("runs", cases);
}
