/* How much there must be before it means something. */
#ifndef VR_ENOUGH_H
#define VR_ENOUGH_H

/* CPU samples.  With so many a function that has a tenth of the time is missed once in
 * twenty-four runs; with half of them, once in five. */
#define VR_SAMPLES_ENOUGH 30u

#endif
