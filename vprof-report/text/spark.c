#include "text/spark.h"

#include "cli/columns.h"
#include "cli/units.h"

#define COLUMNS 60u

void vr_spark_put(FILE *out, double part)
{
	static const char *const utf8[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	static const char *const ascii[] = {"_", ".", ":", "-", "=", "+", "*", "#"};
	int height = (int)(7.99 * part);

	fputs(vr_out_utf8() ? utf8[height] : ascii[height], out);
}

void vr_print_spark(struct vr_context *ctx, const char *name, size_t field)
{
	const struct vr_file *file = ctx->profile->file;
	uint32_t columns = file->n_points < COLUMNS ? file->n_points : COLUMNS;
	uint64_t least = UINT64_MAX, most = 0;
	char from[VR_UNIT_MAX], to[VR_UNIT_MAX];

#define VALUE(i) (*(const uint64_t *)((const char *)&file->point[i] + field))
	for (uint32_t i = 0; i < file->n_points; i++) {
		least = VALUE(i) < least ? VALUE(i) : least;
		most = VALUE(i) > most ? VALUE(i) : most;
	}
	fprintf(ctx->out, "%-8s ", name);
	for (uint32_t i = 0; i < columns; i++) {
		uint32_t a = (uint32_t)((uint64_t)i * file->n_points / columns);
		uint32_t b = (uint32_t)((uint64_t)(i + 1) * file->n_points / columns);
		double sum = 0;

		for (uint32_t k = a; k < b; k++)
			sum += (double)(VALUE(k) - least);
		sum /= (double)(b - a);
		vr_spark_put(ctx->out, most > least ? sum / (double)(most - least) : 0);
	}
	fprintf(ctx->out, " %s to %s\n", vr_format_bytes(from, least), vr_format_bytes(to, most));
#undef VALUE
}
