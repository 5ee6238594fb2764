/* The reader on rows of BLAME and ORDERS: what it leaves out and says, what it sets right. */
#include "ring_shape.h"

static const struct fault {
	const char *shape;
	unsigned kind;
	size_t offset, bytes; /* in the first row */
	uint64_t value;
	const char *says;
} faults[] = {
#define BLAME(member, value, says)                                                                 \
	{                                                                                          \
		"locks", VPROF_SEC_BLAME, offsetof(struct vprof_blame, member),                    \
		    sizeof(((struct vprof_blame *)0)->member), value, "blame: " says               \
	}
#define ORDER(member, value, says)                                                                 \
	{                                                                                          \
		"orders", VPROF_SEC_ORDERS, offsetof(struct vprof_order, member),                  \
		    sizeof(((struct vprof_order *)0)->member), value, "orders: " says              \
	}
    BLAME(node, 8000, "node id out of range"),
    BLAME(cause_node, 8000, "node id out of range"),
    BLAME(thread, 6000, "thread id out of range"),
    BLAME(what, VPROF_BLAME_WOKEN + 1, "unknown kind"),
    BLAME(kind, VPROF_LOCK_BARRIER + 1, "unknown kind"),
    BLAME(how, VPROF_WAKE_END + 1, "unknown kind"),
    BLAME(cause, 500000, "string id out of range"),
    BLAME(ns, UINT64_MAX, "time that cannot be"),
    BLAME(span_ns, UINT64_MAX / 2, "time that cannot be"),
    ORDER(thread, 6000, "thread id out of range"),
    ORDER(first_ns, UINT64_MAX, "times make no sense"),
    ORDER(taken.address, 0, "lock without an address"),
    ORDER(held[0].address, 0, "lock without an address"),
    ORDER(held[0].address, 0x401050, "a lock under itself"),
    ORDER(taken.node, 8000, "node id out of range"),
    ORDER(held[0].node, 8000, "node id out of range"),
    ORDER(taken.mode, VPROF_MODE_SPIN + 1, "unknown mode"),
};

START_TEST(what_cannot_be_is_left_out)
{
	const struct fault *fault = &faults[_i];
	struct vr_file *file;

	make_shape(fault->shape);
	file = open_ok(&mk);
	ck_assert_uint_eq(file->n_damages, 0);
	vr_file_close(file);
	memcpy((char *)rows_of(&mk, fault->kind) + fault->offset, &fault->value, fault->bytes);
	file = open_ok(&mk);
	ck_assert_uint_eq(file->n_damages, 1);
	ck_assert_str_eq(file->damage[0].reason, fault->says);
	if (fault->kind == VPROF_SEC_BLAME)
		ck_assert_uint_eq(file->blame[0].what, 0);
	else
		ck_assert_uint_eq(file->order[0].thread, 0);
	vr_file_close(file);
	drop();
}
END_TEST

/* Counters that are ahead of each other, and places of a newer library. */
START_TEST(what_may_be_is_set_right)
{
	struct vprof_blame *row;
	struct vr_file *file;

	make_shape("locks");
	row = rows_of(&mk, VPROF_SEC_BLAME);
	row->max_ns = UINT64_MAX;
	row->again = UINT64_MAX;
	row->place = 77;
	row->site = 8000;
	file = open_ok(&mk);
	ck_assert_uint_eq(file->n_damages, 0);
	ck_assert_uint_eq(file->blame[0].max_ns, file->blame[0].ns);
	ck_assert_uint_eq(file->blame[0].again, file->blame[0].times);
	ck_assert_uint_eq(file->blame[0].place, VPROF_LOCK_UNPLACED);
	ck_assert_uint_eq(file->blame[0].site, 0);
	vr_file_close(file);
	drop();
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_loop_test(tests, what_cannot_be_is_left_out, 0,
			    sizeof(faults) / sizeof(faults[0]));
	tcase_add_test(tests, what_may_be_is_set_right);
}

int main(void)
{
	return check_main("input_locks", cases);
}
