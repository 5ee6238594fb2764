#include "text/spark.h"

#include "cli/columns.h"

void vr_spark_put(FILE *out, double part)
{
	static const char *const utf8[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	static const char *const ascii[] = {"_", ".", ":", "-", "=", "+", "*", "#"};
	int height = (int)(7.99 * part);

	fputs(vr_out_utf8() ? utf8[height] : ascii[height], out);
}
