#include "model/nearest.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cli/xalloc.h"

#define LENGTH_MAX 64u /* of longer names nobody mistypes the whole */

void vr_nearest_begin(struct vr_nearest *near, const char *wanted, size_t length)
{
	near->wanted = vr_xprintf("%.*s", (int)length, wanted);
	near->found = NULL;
	near->distance = length / 3 + 1;
	if (near->distance > 4)
		near->distance = 4;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Letters that were left out, added, changed, or swapped with the next. */
static size_t distance(const char *a, size_t m, const char *b, size_t n)
{
	size_t row[3][LENGTH_MAX + 1];

	for (size_t j = 0; j <= n; j++)
		row[0][j] = j;
	for (size_t i = 1; i <= m; i++) {
		size_t *now = row[i % 3], *last = row[(i + 2) % 3], *before = row[(i + 1) % 3];

		now[0] = i;
		for (size_t j = 1; j <= n; j++) {
			int x = tolower((unsigned char)a[i - 1]);
			int y = tolower((unsigned char)b[j - 1]);

			now[j] = least(least(last[j], now[j - 1]) + 1, last[j - 1] + (x != y));
			if (i > 1 && j > 1 && x == tolower((unsigned char)b[j - 2]) &&
			    tolower((unsigned char)a[i - 2]) == y)
				now[j] = least(now[j], before[j - 2] + 1);
		}
	}
	return row[m % 3][n];
}

void vr_nearest_try(struct vr_nearest *near, const char *name)
{
	size_t m = strlen(near->wanted), n = strlen(name), far;

	if (!m || !n || m > LENGTH_MAX || n > LENGTH_MAX)
		return;
	if ((m > n ? m - n : n - m) >= near->distance)
		return;
	far = distance(near->wanted, m, name, n);
	if (far >= near->distance)
		return;
	near->distance = far;
	free(near->found);
	near->found = vr_xstrdup(name);
}

const char *vr_nearest_found(const struct vr_nearest *near)
{
	return near->found;
}

void vr_nearest_end(struct vr_nearest *near)
{
	free(near->wanted);
	free(near->found);
}
