/* Values over time as one line of marks. */
#ifndef VR_SPARK_H
#define VR_SPARK_H

#include <stdio.h>

/* One mark as high as `part`, from 0 to 1. */
void vr_spark_put(FILE *out, double part);

#endif
