/* The library's side of vprof.h, which finds these by name. */
#ifndef VP_CONTROL_API_H
#define VP_CONTROL_API_H

#include <stdint.h>

#define VP_API __attribute__((visibility("default")))

VP_API void vprof_v1_start(void);
VP_API void vprof_v1_stop(void);
VP_API void vprof_v1_mark(const char *name);
VP_API void vprof_v1_begin(const char *key, const char *value);
VP_API void vprof_v1_end(void);
VP_API unsigned long long vprof_v1_label_take(void);
VP_API void vprof_v1_label_give(unsigned long long labels);
VP_API unsigned vprof_v1_span_enter(const char *name, uint64_t size);
VP_API void vprof_v1_span_leave(unsigned span);
VP_API void vprof_v1_span_async(const char *name, uint64_t id);
VP_API int vprof_v1_leak_scan(void);
VP_API int vprof_v1_version(void);

#endif
