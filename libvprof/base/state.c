#include "base/state.h"

__thread struct vp_tls vp_tls;
struct vp_control vp_control __attribute__((aligned(4096)));
uint32_t vp_started;
uint32_t vprof_v1_paused;
