/* ring_file.h for cases that spoil rows of one shape. */
#ifndef TEST_UNIT_RING_SHAPE_H
#define TEST_UNIT_RING_SHAPE_H

#include "ring_file.h"

static struct mkprof mk;

static inline void make_shape(const char *shape)
{
	make_path();
	ck_assert_int_eq(mk_shape(shape, &mk), 0);
}

static inline void drop(void)
{
	mk_free(&mk);
	remove_path();
}

#endif
