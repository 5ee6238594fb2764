/* track/cpu: what a sample is charged to, and what a thread's end settles. */
#include "library_thread.h"

#include "track/cpu.h"
#include "track/label.h"

static const struct vp_tracker table[] = {
    THREAD_TRACKERS,
    {.name = "labels", .init = vp_labels_init},
    {.name = "cpu", .init = vp_track_cpu_init, .section = {SECTION_OF(CPU, vprof_cpu, 16, 0)}},
};

static void setup(void)
{
	library_thread(table, COUNT_OF(table));
}

/* In the kernel, of a thread without user registers: one frame, its address. */
static void sample(uint64_t ip, uint64_t weight_ns)
{
	struct vp_perf_sample one = {.tid = getpid(),
				     .mono_ns = vp_clock_mono(),
				     .ip = ip,
				     .in_kernel = 1,
				     .weight_ns = weight_ns};

	vp_track_cpu_perf(&one);
}

static const struct vprof_cpu *row_at(uint32_t id)
{
	return vp_table_row(VPROF_SEC_CPU, id);
}

START_TEST(samples_of_one_stack_are_one_row)
{
	setup();
	for (int i = 0; i < 5; i++)
		sample(0x1000, 400);
	sample(0x2000, 7);
	ck_assert_uint_eq(vp_table_used(VPROF_SEC_CPU), 3); /* and the overflow */
	ck_assert_uint_eq(row_at(1)->samples, 5);
	ck_assert_uint_eq(row_at(1)->weight_ns, 2000);
	ck_assert_uint_eq(row_at(1)->thread, self->row_id);
	ck_assert_uint_eq(row_at(2)->weight_ns, 7);
	ck_assert_uint_eq(self->row->samples, 6);
	ck_assert_uint_eq(self->row->sampled_ns, 2007);
	ck_assert_uint_eq(vp_file.header->samples, 6);
	ck_assert_uint_eq(vp_file.header->sampled_ns, 2007);
}
END_TEST

START_TEST(many_stacks_keep_their_rows)
{
	uint64_t sum = 0;

	setup();
	for (int round = 0; round < 2; round++)
		for (uint64_t i = 1; i <= 5000; i++) /* more than the index begins with */
			sample(i * 16, i);
	ck_assert_uint_eq(vp_table_used(VPROF_SEC_CPU), 5001);
	for (uint32_t i = 1; i <= 5000; i++) {
		ck_assert_uint_eq(row_at(i)->samples, 2);
		sum += row_at(i)->weight_ns;
	}
	ck_assert_uint_eq(sum, vp_file.header->sampled_ns);
}
END_TEST

START_TEST(a_sample_has_the_label_that_was_in_force)
{
	setup();
	vp_file.header->engine = VPROF_ENGINE_PERF;
	sample(0x1000, 1);
	vp_label_begin(self, "k", "v");
	usleep(10);
	sample(0x1000, 2);
	vp_label_end(self);
	ck_assert_uint_eq(vp_table_used(VPROF_SEC_CPU), 3);
	ck_assert_uint_eq(row_at(1)->label, VP_LABEL_NONE);
	ck_assert_str_eq(string_of(row_at(2)->label), "k=v");
	ck_assert_uint_eq(row_at(2)->weight_ns, 2);
}
END_TEST

/* A thread too short for a sample: all its time goes to the function it started with. */
START_TEST(what_no_sample_covers_is_settled_at_the_end)
{
	setup();
	vp_file.header->engine = VPROF_ENGINE_PERF;
	vp_file.header->cpu_period_ns = 1000;
	self->row->cpu_ns = 5000;
	self->row->start_routine = 0x1234;
	vp_track_cpu_settle(self->row_id);
	ck_assert_uint_eq(vp_table_used(VPROF_SEC_CPU), 2);
	ck_assert_uint_eq(row_at(1)->weight_ns, 5000);
	ck_assert_uint_eq(row_at(1)->samples, 0);
	ck_assert_uint_eq(self->row->sampled_ns, 5000);
	vp_track_cpu_settle(self->row_id); /* nothing is left */
	ck_assert_uint_eq(row_at(1)->weight_ns, 5000);
}
END_TEST

START_TEST(in_a_pause_the_timer_charges_nothing)
{
	struct vp_regs regs = {0x1000, (uintptr_t)&regs, 0};

	setup();
	vp_control.paused = 1;
	vp_tls.busy = 0;
	vp_track_cpu_timer(&regs, 100);
	ck_assert_uint_eq(vp_file.header->samples, 0);
	/* And amid our own work the sample is lost, and counted. */
	vp_control.paused = 0;
	vp_tls.busy = 1;
	vp_track_cpu_timer(&regs, 100);
	ck_assert_uint_eq(vp_file.header->samples, 0);
	ck_assert_uint_eq(vp_file.header->lost[VPROF_LOST_REENTRANT], 1);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_test(tests, samples_of_one_stack_are_one_row);
	tcase_add_test(tests, many_stacks_keep_their_rows);
	tcase_add_test(tests, a_sample_has_the_label_that_was_in_force);
	tcase_add_test(tests, what_no_sample_covers_is_settled_at_the_end);
	tcase_add_test(tests, in_a_pause_the_timer_charges_nothing);
}

int main(void)
{
	return check_main("vp_cpu", cases);
}
