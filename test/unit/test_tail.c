/* What the slow iterations of a loop have in common: planted causes are found with their share,
 * and none is where there is none. */
#include <stdio.h>

#include "tail_units.h"

#include "check_main.h"

#define UNITS 8000u /* a run of about half a minute */

/* --- statistics -------------------------------------------------------------- */

START_TEST(tests_of_presence)
{
	double low, high, p[] = {0.01, 0.02, 0.03, 0.5, 0.9};

	/* The lady who tasted tea: 4 of 4 by chance once in 70, 3 or more 17 times. */
	ck_assert_double_eq_tol(vr_fisher(4, 4, 4, 8), 1.0 / 70, 1e-12);
	ck_assert_double_eq_tol(vr_fisher(3, 4, 4, 8), 17.0 / 70, 1e-12);
	ck_assert_double_eq_tol(vr_fisher(0, 10, 5, 100), 1, 1e-9);
	ck_assert_double_eq(vr_fisher(5, 4, 6, 8), 0);
	/* r = 12.5 * 97.5 / (3.5 * 3.5); r * exp(-+1.959964 * sqrt(sum of 1 / cells)) */
	ck_assert_double_eq_tol(vr_odds_ratio(12, 3, 3, 97, &low, &high), 99.489796, 1e-5);
	ck_assert_double_eq_tol(low, 20.201191, 1e-5);
	ck_assert_double_eq_tol(high, 489.981974, 1e-4);
	ck_assert_double_eq(vr_discoveries(p, 5, 0.05), 0.03);
	ck_assert_double_eq(vr_discoveries(p + 3, 2, 0.05), -1);
}
END_TEST

/* --- planted causes ---------------------------------------------------------- */

/* Three causes that are equally long, 60:30:10 of the time, in 1.5 % of the iterations. */
static struct tail_run plant(unsigned seed)
{
	static const int cause[] = {T_FSYNC, T_REBUILD, T_LOCK};
	struct tail_run run = tail_run_new(UNITS);

	random_seed(seed);
	for (size_t i = 0; i < UNITS; i++) {
		tail_ordinary(&run, i);
		if (uniform() < 0.015) {
			double u = uniform();
			int which = u < 0.6 ? 0 : u < 0.9 ? 1 : 2;

			run.cause[i] = which;
			*tail_part(&run, i, cause[which]) += lognormal(12 * MS, 0.3);
		}
		tail_end(&run, i);
	}
	return run;
}

static struct vr_tail_answer answer_of(struct tail_run *run, double quantile)
{
	struct vr_tail_accounts accounts = tail_keep(run);
	struct vr_tail_answer answer;

	vr_tail_set_groups(&accounts, vr_tail_quantile(&accounts, quantile));
	vr_tail_analyse(&accounts, &answer);
	tail_accounts_free(&accounts);
	return answer;
}

START_TEST(planted_causes_are_found)
{
	size_t first = 0, covered = 0, second = 0;

	for (unsigned seed = 0; seed < 20; seed++) {
		struct tail_run run = plant(seed);
		struct vr_tail_answer answer = answer_of(&run, 0.99);
		const struct vr_tail_cause *cause = answer.cause;
		double sum = 0;

		ck_assert_int_eq(answer.verdict, VR_TAIL_CAUSES);
		first += cause[0].share.component == T_FSYNC;
		second += answer.causes > 1 && cause[1].share.component == T_REBUILD;
		covered += cause[0].share.low <= 0.6 && cause[0].share.high >= 0.6;
		for (size_t i = 0; i < answer.shares; i++)
			sum += answer.share[i].share;
		ck_assert_double_eq_tol(sum, 1, 1e-9);
		ck_assert(
		    getenv("VPROF_TELL") == NULL ||
		    printf("seed %u: %zu causes, %zu %.2f %.2f..%.2f, %zu %.2f, left %zu of %zu\n",
			   seed, answer.causes, cause[0].share.component, cause[0].share.share,
			   cause[0].share.low, cause[0].share.high, cause[1].share.component,
			   cause[1].share.share, answer.unexplained, answer.slow));
		vr_tail_answer_done(&answer);
		tail_run_free(&run);
	}
	ck_assert_uint_eq(first, 20);
	ck_assert_uint_ge(second, 18);
	ck_assert_uint_ge(covered, 18);
}
END_TEST

/* --- nothing to find --------------------------------------------------------- */

/* Everything takes longer by the same factor. */
static void null_alike(struct tail_run *run, size_t i)
{
	double factor = uniform() < 0.02 ? lognormal(8, 0.4) : 1;

	for (int c = 0; c < T_COMPONENTS; c++)
		*tail_part(run, i, c) *= factor;
}

/* More events, each of which costs the same. */
static void null_more(struct tail_run *run, size_t i)
{
	double events = ceil(exp(1.2 * fabs(normal())));

	run->unit[i].size[VR_TAIL_EVENTS] = events;
	*tail_part(run, i, T_PARSE) *= events / 2;
	*tail_part(run, i, T_SEND) *= events / 2;
}

static void null_preempted(struct tail_run *run, size_t i)
{
	if (uniform() < 0.015)
		*tail_part(run, i, T_PREEMPTED) += lognormal(8 * MS, 0.5);
}

/* In some seconds others take the CPU, and in the same seconds a journal is written. */
static void null_bystander(struct tail_run *run, size_t i)
{
	uint64_t second = run->unit[i].begin_ns / 1000000000u;

	if (second * 2654435761u % 100 >= 20)
		return;
	if (uniform() < 0.7)
		*tail_part(run, i, T_FSYNC) += lognormal(150 * US, 0.4);
	if (uniform() < 0.08)
		*tail_part(run, i, T_PREEMPTED) += lognormal(8 * MS, 0.5);
}

static const struct {
	void (*plant)(struct tail_run *run, size_t i);
	enum vr_tail_verdict verdict;
} null[] = {{null_alike, VR_TAIL_ALIKE},
	    {null_more, VR_TAIL_MORE_WORK},
	    {null_preempted, VR_TAIL_NOT_YOURS},
	    {null_bystander, VR_TAIL_NOT_YOURS}};

static int names_user_cause(const struct vr_tail_answer *answer)
{
	for (size_t i = 0; i < answer->causes; i++)
		if (answer->cause[i].share.component != T_PREEMPTED)
			return 1;
	return 0;
}

/* 50 runs of each: a cause of the program's is named in at most 10 of 200 together, and the
 * verdict is what it should be in nearly all. */
START_TEST(no_cause_is_made_up)
{
	size_t named = 0, right[4] = {0};

	for (unsigned seed = 0; seed < 200; seed++) {
		struct tail_run run = tail_run_new(UNITS);
		struct vr_tail_answer answer;

		random_seed(1000 + seed);
		for (size_t i = 0; i < UNITS; i++) {
			tail_ordinary(&run, i);
			null[seed % 4].plant(&run, i);
			tail_end(&run, i);
		}
		answer = answer_of(&run, 0.99);
		named += (size_t)names_user_cause(&answer);
		right[seed % 4] += answer.verdict == null[seed % 4].verdict;
		ck_assert(getenv("VPROF_TELL") == NULL ||
			  printf("null %u: verdict %d, %zu causes, first %zu, work %.2f\n",
				 seed % 4, (int)answer.verdict, answer.causes,
				 answer.cause[0].share.component, answer.work.share));
		vr_tail_answer_done(&answer);
		tail_run_free(&run);
	}
	ck_assert_uint_le(named, 10);
	for (int i = 0; i < 4; i++)
		ck_assert_msg(right[i] >= 45, "null %d: %zu of 50", i, right[i]);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_test(tests, tests_of_presence);
	tcase_add_test(tests, planted_causes_are_found);
	tcase_add_test(tests, no_cause_is_made_up);
}

int main(void)
{
	return check_main("tail", cases);
}
