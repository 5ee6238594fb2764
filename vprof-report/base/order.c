#include "base/order.h"

#include <stdlib.h>

#include "cli/xalloc.h"

struct elements {
	const char *array;
	size_t size;
	vr_compare *compare;
	void *arg;
};

static int by_element(const void *a, const void *b, void *arg)
{
	const struct elements *e = arg;
	size_t i = *(const size_t *)a, k = *(const size_t *)b;
	int order = e->compare(e->array + i * e->size, e->array + k * e->size, e->arg);

	return order ? order : vr_smaller_first(i, k);
}

size_t *vr_order(const void *array, size_t count, size_t size, vr_compare *compare, void *arg)
{
	struct elements elements = {array, size, compare, arg};
	size_t *index = vr_xcalloc(count, sizeof(*index));

	for (size_t i = 0; i < count; i++)
		index[i] = i;
	qsort_r(index, count, sizeof(*index), by_element, &elements);
	return index;
}

const void *vr_order_first(const void *array, size_t count, size_t size, vr_compare *compare,
			   void *arg)
{
	const char *first = count ? array : NULL;

	for (size_t i = 1; i < count; i++) {
		const char *one = (const char *)array + i * size;

		if (compare(one, first, arg) < 0)
			first = one;
	}
	return first;
}
