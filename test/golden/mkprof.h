/* Ring files of known content, for tests of the reader: mk_shape() makes those that golden
 * and unit tests share. */
#ifndef MKPROF_H
#define MKPROF_H

#include "mkclock.h"
#include "mkcontracts.h"
#include "mkcounts.h"
#include "mkheaptimes.h"
#include "mklabels.h"
#include "mkleaks.h"
#include "mkloops.h"
#include "mkorders.h"
#include "mkspans.h"
#include "mkthreads.h"
#include "mkunits.h"

static inline int mk_shape(const char *name, struct mkprof *mk)
{
	static const struct {
		const char *name;
		struct mkprof (*make)(void);
	} shape[] = {
	    {"normal", mk_normal},
	    {"wrapped", mk_wrapped},
	    {"overflow", mk_overflow},
	    {"killed", mk_killed},
	    {"user-only", mk_user_only},
	    {"nasty", mk_nasty},
	    {"empty", mk_new},
	    {"sampled", mk_sampled},
	    {"locks", mk_locks},
	    {"leaks", mk_leaks},
	    {"leaks-clean", mk_leaks_clean},
	    {"growing", mk_growing},
	    {"grown", mk_grown},
	    {"kinds", mk_kinds},
	    {"second", mk_second},
	    {"maps", mk_maps},
	    {"threads", mk_threads},
	    {"paused", mk_paused},
	    {"waits", mk_waits},
	    {"clock", mk_clock},
	    {"waits-second", mk_waits_second},
	    {"waits-busy", mk_waits_busy},
	    {"loops", mk_loops},
	    {"orders", mk_orders},
	    {"spans", mk_spans},
	    {"counts", mk_counts},
	    {"contracts", mk_contracts},
	    {"units", mk_units},
	    {"labels", mk_labels},
	    {"heap-times", mk_heap_times},
	};

	for (size_t i = 0; i < sizeof(shape) / sizeof(shape[0]); i++) {
		if (strcmp(shape[i].name, name) == 0) {
			*mk = shape[i].make();
			return 0;
		}
	}
	return -1;
}

#endif
