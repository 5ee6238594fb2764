#include <math.h>
#include <stdio.h>

#include "output/chart_scene.h"

double vr_axis_step(double value, size_t most, double *end)
{
	double step;

	if (!(value > 0) || !isfinite(value))
		value = 1;
	step = pow(10, floor(log10(value / (double)most)));
	for (int i = 0; value / step > (double)most; i++)
		step *= i % 3 == 1 ? 2.5 : 2; /* 1 2 5 10 20 50 */
	*end = step * ceil(value / step - 1e-9);
	return step;
}

void vr_axis_text(char text[VR_AXIS_TEXT], double value, double step)
{
	int decimals = step >= 1 ? 0 : (int)ceil(-log10(step) - 1e-9);

	if (decimals > 6 || value >= 1e12)
		snprintf(text, VR_AXIS_TEXT, "%.4g", value);
	else
		snprintf(text, VR_AXIS_TEXT, "%.*f", decimals, value);
}

const char *vr_axis_time(double span_s, double *seconds)
{
	static const struct {
		const char *name;
		double seconds, below;
	} unit[] = {
	    {"ms", 0.001, 1},	       {"s", 1, 180},
	    {"minutes", 60, 10800},    {"hours", 3600, 259200},
	    {"days", 86400, INFINITY},
	};
	size_t i = 0;

	while (i + 1 < sizeof(unit) / sizeof(unit[0]) && !(span_s < unit[i].below))
		i++;
	*seconds = unit[i].seconds;
	return unit[i].name;
}
