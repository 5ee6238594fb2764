/* Which way a condition mostly goes. */
#ifndef VP_BASE_LIKELY_H
#define VP_BASE_LIKELY_H

#define LIKELY(condition)   __builtin_expect(!!(condition), 1)
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)

#endif
