/* model/budget: what is read, and how it is judged; model/copies and model/nearest. */
#include "ring_file.h"

#include "model/budget_rows.h"
#include "model/copies.h"
#include "model/growth.h"
#include "model/heap.h"
#include "model/nearest.h"

/* --- words ------------------------------------------------------------------------ */

static struct vr_budget budget;

static int parse(const char *text)
{
	struct vr_err err = {0};
	int ret = vr_budget_parse(text, &budget, &err);

	ck_assert_msg(ret == 0 || err.text[0], "%s: nothing is said", text);
	return ret;
}

START_TEST(what_is_read)
{
	const struct vr_condition *c;

	ck_assert_int_eq(
	    parse("allocs(function:Map<int, std::pair<a, b> >::get(int, char),"
		  "thread:main , label:path=tick) >= 1e3 after mark:warm until mark:\"all done\""),
	    0);
	c = &budget.condition[0];
	ck_assert_uint_eq(c->filters, 3);
	ck_assert_str_eq(c->filter[0].pattern, "Map<int, std::pair<a, b> >::get(int, char)");
	ck_assert_int_eq(c->filter[0].key, VR_KEY_FUNCTION);
	ck_assert_str_eq(c->filter[1].pattern, "main");
	ck_assert_str_eq(c->filter[2].pattern, "path=tick");
	ck_assert_int_eq(c->op, VR_OP_AT_LEAST);
	ck_assert(c->low == 1000);
	ck_assert_str_eq(budget.after, "warm");
	ck_assert_str_eq(budget.until, "all done");
	vr_budget_free(&budget);

	ck_assert_int_eq(parse("blocked(fsync?)@loop(feed).max in 1.5ms..2s and lock(m).wait>1%"),
			 0);
	c = &budget.condition[0];
	ck_assert_uint_eq(budget.conditions, 2);
	ck_assert_int_eq(c->filter[0].key, VR_KEY_CALL);
	ck_assert_str_eq(c->filter[0].pattern, "fsync");
	ck_assert_int_eq(c->filter[0].maybe, 1);
	ck_assert_int_eq(c->filter[1].key, VR_KEY_LOOP);
	ck_assert_int_eq(c->at, VR_AT_LOOP);
	ck_assert(c->low == 1.5e6 && c->high == 2e9);
	ck_assert_int_eq(budget.condition[1].percent, 1);
	ck_assert(budget.condition[1].low == 1);
	vr_budget_free(&budget);

	ck_assert_int_eq(parse("allocs(\"a, b) (c\")=0 and allocs(operator<)=0"), 0);
	ck_assert_str_eq(budget.condition[0].filter[0].pattern, "a, b) (c");
	ck_assert_str_eq(budget.condition[1].filter[0].pattern, "operator<");
	vr_budget_free(&budget);

	ck_assert_int_eq(parse("allocs in 1..2"), 0);
	ck_assert(budget.condition[0].low == 1 && budget.condition[0].high == 2);
	vr_budget_free(&budget);
}
END_TEST

START_TEST(what_is_not_is_shown_with_its_place)
{
	static const struct {
		const char *text;
		size_t at;
	} wrong[] = {
	    {"", 0},
	    {"alocs>0", 0},
	    {"allocs(", 7},
	    {"allocs(x", 6},
	    {"allocs()>0", 7},
	    {"allocs(foo:x)>0", 7},
	    {"allocs(lock:x)>0", 7},
	    {"allocs(\"x)>0", 7},
	    {"allocs@loop>0", 6},
	    {"allocs.p99>0", 7},
	    {"loop>0", 0},
	    {"loop.p98>0ms", 5},
	    {"loop.p99>2", 10},
	    {"loop.p99>2MiB", 10},
	    {"loop.p99>2ms trailing", 13},
	    {"allocs", 6},
	    {"allocs>", 7},
	    {"allocs>-1", 7},
	    {"allocs>x", 7},
	    {"allocs>1K", 8},
	    {"allocs>1%", 8},
	    {"allocs>1e999", 7},
	    {"allocs not 3", 11},
	    {"allocs in 3", 11},
	    {"allocs in 3..", 13},
	    {"allocs in 3..2", 13},
	    {"stalls(class:slow)>0", 7},
	    {"blocked(fsync)@feed>0", 15},
	    {"allocs>0 after warm", 15},
	    {"allocs>0 after mark:", 15},
	    {"allocs>0 after mark:a after mark:b", 28},
	    {"allocs>0 after mark:a and frees>0", 22},
	    {"peak_heap(x)>0", 10},
	    {"peak_heap>0 after mark:a", 0},
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		ck_assert_msg(parse(wrong[i].text) < 0, "%s is read", wrong[i].text);
		ck_assert_msg(budget.error_at == wrong[i].at, "%s: at %zu, not %zu", wrong[i].text,
			      budget.error_at, wrong[i].at);
		vr_budget_free(&budget);
	}
}
END_TEST

/* --- judging ---------------------------------------------------------------------- */

static struct vr_profile *profile;
static struct vr_heap *heap;
static struct vr_growth *growth;
static struct vr_leaks *leaks;
static struct mkprof mk;

static void load(void)
{
	static const struct vr_select all = {.until_ns = UINT64_MAX};
	struct vr_err err;

	ck_assert_int_eq(vr_profile_of(open_ok(&mk), &all, NULL, &profile, &err), 0);
	heap = vr_heap_new(profile);
	growth = vr_growth_judge(profile, heap);
	leaks = vr_leaks_new(profile, heap);
	vr_leaks_grow(leaks, growth);
}

static void setup(void)
{
	make_path();
	ck_assert_int_eq(mk_shape("contracts", &mk), 0);
	load();
}

static void teardown(void)
{
	vr_leaks_free(leaks);
	vr_growth_free(growth);
	vr_heap_free(heap);
	vr_profile_close(profile);
	mk_free(&mk);
	remove_path();
}

static void is(const char *text, enum vr_budget_state state)
{
	struct vr_answer answer;

	ck_assert_msg(parse(text) == 0, "%s is not read", text);
	answer = vr_budget_judge(&budget, profile, heap, leaks);
	ck_assert_msg(answer.state == state, "%s: %d, not %d (%s)", text, answer.state, state,
		      answer.why ? answer.why : "");
	ck_assert(state < VR_BUDGET_UNKNOWN || answer.why);
	vr_answer_free(&answer);
	vr_budget_free(&budget);
}

START_TEST(after_a_mark_is_what_was_counted_since)
{
	is("allocs(label:path=tick)=3 after mark:warm", VR_BUDGET_BROKEN);
	is("allocs(label:symbol=*)=3", VR_BUDGET_BROKEN);
	is("allocs(label:symbol=XY,label:path=other?)>0", VR_BUDGET_KEPT);
	is("allocs(module:libbook*)=153", VR_BUDGET_BROKEN);
	is("allocs(module:libbook*)=138 after mark:warm", VR_BUDGET_BROKEN);
	is("allocs(module:libbook*)=19 until mark:cool", VR_BUDGET_BROKEN);
	is("allocs(module:libbook*)=4 after mark:warm until mark:cool", VR_BUDGET_BROKEN);
	is("alloc_bytes(module:libbook*)=464 after mark:warm until mark:cool", VR_BUDGET_BROKEN);
	is("loop.iterations>9 and stalls>=0 after mark:warm until mark:cool", VR_BUDGET_BROKEN);
	is("allocs>0 after mark:late", VR_BUDGET_UNKNOWN);
	is("allocs>0 after mark:worm", VR_BUDGET_UNSEEN);
	is("allocs>0 after mark:cool until mark:warm", VR_BUDGET_UNKNOWN);
}
END_TEST

/* Of the lock of the shape "locks": worker had it for 78 ms of waits, main for 20; before the mark
 * worker had, for all of its own. */
static void setup_locks(void)
{
	uint32_t warm;

	make_path();
	ck_assert_int_eq(mk_shape("locks", &mk), 0);
	warm = mk_mark(&mk, "warm", 400);
	mk_copy(&mk, warm, VPROF_SEC_MARKS, warm, 0, 6,
		(uint64_t[]){400 * MK_MS, 401 * MK_MS, 2, 0, 0, 0});
	MK_COPY(&mk, warm, LOCKS, 2, vprof_lock, waits, 2, 1, 50 * MK_MS);
	MK_COPY(&mk, warm, BLAME, 1, vprof_blame, times, 3, 78 * MK_MS);
	load();
}

static void held_by(const char *text, uint32_t thread, uint64_t ns)
{
	struct vr_answer answer;
	const struct vr_found *found;

	ck_assert_int_eq(parse(text), 0);
	answer = vr_budget_judge(&budget, profile, heap, leaks);
	found = &answer.found[0];
	ck_assert_uint_gt(found->culprits, 0);
	ck_assert_uint_eq(found->culprit[0].holder.thread, thread);
	ck_assert_uint_eq(found->culprit[0].holder.ns, ns);
	vr_answer_free(&answer);
	vr_budget_free(&budget);
}

START_TEST(who_had_a_lock_is_of_the_same_time)
{
	teardown();
	setup_locks();
	held_by("lock.wait>1ms", 2, 78 * MK_MS);
	held_by("lock.wait>1ms after mark:warm", 1, 20 * MK_MS);
	held_by("lock.wait>1ms until mark:warm", 2, 78 * MK_MS);
	is("lock(thread:main).wait>59ms after mark:warm", VR_BUDGET_BROKEN);
	is("lock(thread:worker).wait>59ms", VR_BUDGET_BROKEN);
	is("lock(thread:worker).wait>59ms after mark:warm", VR_BUDGET_UNKNOWN); /* no room */
}
END_TEST

/* The shape "labels", and of its stalls one of 20 ms at 1 s in an iteration of SOL. */
static struct vprof_stall *setup_stall(void)
{
	struct vprof_stall *one;

	teardown();
	make_path();
	ck_assert_int_eq(mk_shape("labels", &mk), 0);
	load();
	profile->file->header.lost[VPROF_LOST_STALLS] = 0;
	for (uint32_t i = 1; i < profile->file->n_stalls; i++)
		profile->file->stall[i].duration_ns = 0;
	one = &profile->file->stall[0];
	one->begin_ns = 1000 * MK_MS;
	one->duration_ns = 20 * MK_MS;
	one->frozen_ns = 0;
	one->thread = 1;
	one->loop = 0;
	one->flags = VPROF_STALL_OVER;
	one->label = profile->file->label_loop[0].label;
	return one;
}

START_TEST(stalls_and_loops_are_of_labels)
{
	struct vprof_stall *stall = setup_stall();

	is("stalls(label:symbol=SOL)=1", VR_BUDGET_BROKEN);
	is("stalls(label:symbol=BTC)>0", VR_BUDGET_KEPT);
	is("stalls(label:symbol=SLO)>0", VR_BUDGET_UNSEEN);
	stall->flags = 0; /* not over */
	is("stalls(label:symbol=SOL)>0", VR_BUDGET_UNKNOWN);
	is("stalls(label:symbol=SOL)>1", VR_BUDGET_KEPT);
	is("loop(label:symbol=SOL).max>40ms", VR_BUDGET_BROKEN);
	is("loop(label:symbol=BTC).max>2ms", VR_BUDGET_KEPT);
	is("loop(label:symbol=BTC).iterations in 200..200", VR_BUDGET_BROKEN);
	is("loop.iterations in 200..200", VR_BUDGET_KEPT);
	is("loop(label:symbol=SLO).max>2ms", VR_BUDGET_UNSEEN);
	is("loop(nosuch,label:symbol=SOL).max>2ms", VR_BUDGET_UNSEEN);
	is("loop(label:symbol=SOL).idle>1%", VR_BUDGET_UNKNOWN);
	is("loop(span:decode).p99>1ms", VR_BUDGET_UNKNOWN);
	is("loop(span:decod).p99>1ms", VR_BUDGET_UNSEEN);
}
END_TEST

START_TEST(stalls_are_of_the_span_that_took_half_of_them)
{
	struct vprof_span *span;
	struct vprof_unit *unit;
	struct vprof_unit_sums *sums;

	setup_stall();
	span = &profile->file->span[1]; /* decode, of main: its longest is elsewhere */
	ck_assert_uint_eq(span->thread, 1);
	span->begun = span->count = 100;
	span->left = 0;
	span->first_ns = 0;
	span->last_ns = 2000 * MK_MS;
	span->max_ns = 9 * MK_MS;
	span->max_at_ns = 500 * MK_MS;
	is("stalls(span:decode)>0", VR_BUDGET_KEPT); /* none was half as long */
	span->max_ns = 60 * MK_MS;
	is("stalls(span:decode)>0", VR_BUDGET_UNKNOWN); /* and none is kept */
	is("stalls(span:decode)>1", VR_BUDGET_KEPT);
	is("stalls(span:decod)>0", VR_BUDGET_UNSEEN);
	span->max_at_ns = 950 * MK_MS; /* until 1,010 */
	is("stalls(span:decode)=1", VR_BUDGET_BROKEN);
	span->max_at_ns = 940 * MK_MS;
	is("stalls(span:decode)>0", VR_BUDGET_UNKNOWN);
	sums = &profile->file->unit[0].sums;
	*sums = (struct vprof_unit_sums){.kind = VPROF_UNIT_SUMS,
					 .span = 1,
					 .loop = VPROF_NONE,
					 .units = 100,
					 .worst_ns = 8 * MK_MS};
	is("stalls(span:decode)>0", VR_BUDGET_KEPT); /* all that long are kept: there is none */
	sums->units = 84;			     /* sixteen before any was kept */
	is("stalls(span:decode)>0", VR_BUDGET_UNKNOWN);
	unit = &profile->file->unit[1].kept;
	*unit = (struct vprof_unit){.kind = VPROF_UNIT_KEPT,
				    .span = 1,
				    .loop = VPROF_NONE,
				    .thread = 1,
				    .begin_ns = 900 * MK_MS,
				    .duration_ns = MK_MS};
	is("stalls(span:decode)>0", VR_BUDGET_KEPT); /* they were over by then */
	unit->duration_ns = 110 * MK_MS;
	is("stalls(span:decode).time>19ms", VR_BUDGET_BROKEN);
	unit->duration_ns = MK_MS;
	span->begun = 101; /* one is open since then */
	span->since_ns = 1010 * MK_MS;
	is("stalls(span:decode)>0", VR_BUDGET_BROKEN);
	span->since_ns = 1011 * MK_MS;
	is("stalls(span:decode)>0", VR_BUDGET_KEPT);
}
END_TEST

START_TEST(all_conditions_are_true_or_one_is_not)
{
	is("allocs>0 and frees>1000000", VR_BUDGET_KEPT);
	is("frees>1000000 and allocs>0", VR_BUDGET_KEPT);
	is("allocs>0 and alloc_bytes>0", VR_BUDGET_BROKEN);
	is("allocs(nosuch)>0 and frees>1000000", VR_BUDGET_UNSEEN);
	is("allocs not in 1..2", VR_BUDGET_BROKEN);
	is("allocs in 1..2", VR_BUDGET_KEPT);
	is("loop.p99>0ms and loop.p99<1h", VR_BUDGET_BROKEN);
}
END_TEST

START_TEST(a_name_that_nobody_bears_is_no_pass)
{
	is("allocs(thread:nobody)>0", VR_BUDGET_UNSEEN);
	is("allocs(thread:nobody?)>0", VR_BUDGET_KEPT);
	is("allocs(module:nosuch.so)>0", VR_BUDGET_UNSEEN);
	is("loop(nosuch).p99>1ms", VR_BUDGET_UNSEEN);
	is("allocs(x)>0", VR_BUDGET_UNSEEN); /* of one letter: read past its end once, see asan */
	is("lock(nosuch).wait>1ms", VR_BUDGET_UNSEEN);
	is("blocked(nosuch)>0", VR_BUDGET_UNSEEN);
	is("blocked(splice)>0", VR_BUDGET_KEPT);
	is("stalls(thread:nobody)>0", VR_BUDGET_UNSEEN);
}
END_TEST

START_TEST(what_the_compiler_made_of_a_function_bears_its_name)
{
	ck_assert_int_eq(vr_name_is_meant("lose", "lose.constprop.0"), 1);
	ck_assert_int_eq(vr_name_is_meant("lose.constprop.0", "lose.constprop.0"), 1);
	ck_assert_int_eq(vr_name_is_meant("lo*e", "lose.isra.0"), 1);
	ck_assert_int_eq(vr_name_is_meant("los", "lose.constprop.0"), 0);
	ck_assert_int_eq(vr_name_is_meant("constprop", "lose.constprop.0"), 0);
	ck_assert_int_eq(vr_name_is_meant("lose", ".lose"), 0);
}
END_TEST

/* What was lost counts where it could change the answer. */
START_TEST(what_was_lost_is_no_pass)
{
	profile->file->header.lost[VPROF_LOST_CALLS] = 1;
	is("calls(fsync)>1000000", VR_BUDGET_UNKNOWN);
	profile->file->header.lost[VPROF_LOST_STALLS] = 1;
	is("stalls>0", VR_BUDGET_BROKEN);
	is("stalls>1000000", VR_BUDGET_UNKNOWN);
	profile->file->header.lost[VPROF_LOST_REENTRANT] = 1;
	is("allocs(module:libbook*)>1000000", VR_BUDGET_UNKNOWN);
	is("allocs(module:libbook*)>1", VR_BUDGET_BROKEN);
	profile->file->header.heap_mode = VPROF_HEAP_SAMPLE;
	is("allocs(module:libbook*)>500 after mark:warm", VR_BUDGET_UNKNOWN);
	profile->file->header.heap_mode = VPROF_HEAP_OFF;
	is("allocs>0", VR_BUDGET_UNKNOWN);
}
END_TEST

START_TEST(a_copy_that_is_not_whole_is_none)
{
	struct vr_copy copy;

	ck_assert_int_eq(vr_copy_find(profile->file, "warm", &copy), VR_COPY_WHOLE);
	ck_assert_uint_eq(copy.begin_ns, 400 * MK_MS);
	ck_assert_int_eq(vr_copy_find(profile->file, "late", &copy), VR_COPY_NONE);
	ck_assert_int_eq(vr_copy_find(profile->file, "no", &copy), VR_COPY_NO_MARK);
	profile->file->copy[0].value[VPROF_COPY_LEFT_OUT] = 1;
	ck_assert_int_eq(vr_copy_find(profile->file, "warm", &copy), VR_COPY_CUT);
	is("allocs>0 after mark:warm", VR_BUDGET_UNKNOWN);
}
END_TEST

static struct vr_file *open_again(void)
{
	return open_ok(&mk);
}

START_TEST(hostile_copies_are_left_out)
{
	struct vprof_copy *copy = rows_of(&mk, VPROF_SEC_COPIES);
	struct vr_file *file;

	copy[1].row = 1000000;
	copy[2].word = 60000;
	copy[3].words = 7;
	copy[4].mark = 99;
	copy[5].row = 0; /* the head of another mark */
	file = open_again();
	ck_assert_uint_eq(file->n_damages, 1);
	ck_assert_uint_eq(file->damage[0].total - file->damage[0].kept, 5);
	for (uint32_t i = 1; i <= 5; i++)
		ck_assert_uint_eq(file->copy[i].words, 0);
	ck_assert_uint_eq(file->copy[0].words, 6);
	vr_file_close(file);
	copy[1] = (struct vprof_copy){.kind = 60, .words = 1}; /* a newer library's: no damage */
	copy[2] = copy[3] = copy[4] = copy[5] = (struct vprof_copy){0};
	file = open_again();
	ck_assert_uint_eq(file->n_damages, 0);
	vr_file_close(file);
}
END_TEST

START_TEST(the_nearest_name_is_found)
{
	static const struct {
		const char *wanted, *found;
	} one[] = {{"on_tik", "on_tick"}, {"fsnyc", "fsync"},	  {"on_tick", "on_tick"},
		   {"zzzzz", NULL},	  {"ON_TICK", "on_tick"}, {"x", NULL}};
	static const char *const names[] = {"main", "fsync", "on_trade", "on_tick"};

	for (size_t i = 0; i < sizeof(one) / sizeof(one[0]); i++) {
		struct vr_nearest near = {0};

		vr_nearest_begin(&near, one[i].wanted, strlen(one[i].wanted));
		for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++)
			vr_nearest_try(&near, names[k]);
		if (one[i].found)
			ck_assert_str_eq(vr_nearest_found(&near), one[i].found);
		else
			ck_assert_ptr_null(vr_nearest_found(&near));
		vr_nearest_end(&near);
	}
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, what_is_read);
	tcase_add_test(tests, what_is_not_is_shown_with_its_place);
	tcase_add_test(tests, after_a_mark_is_what_was_counted_since);
	tcase_add_test(tests, who_had_a_lock_is_of_the_same_time);
	tcase_add_test(tests, stalls_and_loops_are_of_labels);
	tcase_add_test(tests, stalls_are_of_the_span_that_took_half_of_them);
	tcase_add_test(tests, all_conditions_are_true_or_one_is_not);
	tcase_add_test(tests, a_name_that_nobody_bears_is_no_pass);
	tcase_add_test(tests, what_the_compiler_made_of_a_function_bears_its_name);
	tcase_add_test(tests, what_was_lost_is_no_pass);
	tcase_add_test(tests, a_copy_that_is_not_whole_is_none);
	tcase_add_test(tests, hostile_copies_are_left_out);
	tcase_add_test(tests, the_nearest_name_is_found);
}

int main(void)
{
	return check_main("budget", cases);
}
