#include "findings/rules.h"

/* The weightiest first; those that cast doubt on all numbers before what the numbers say. */
const struct vr_rule *const vr_rules[] = {
    &vr_rule_nothing_recorded, &vr_rule_own_malloc,   &vr_rule_lost_samples, &vr_rule_unsampled,
    &vr_rule_runnable,	       &vr_rule_growing,      &vr_rule_rising,	     &vr_rule_spins,
    &vr_rule_kernel,	       &vr_rule_hot_function, &vr_rule_allocator,    &vr_rule_leak,
    &vr_rule_unsearched,       &vr_rule_idle,	      &vr_rule_short,
};
const size_t vr_rules_count = sizeof(vr_rules) / sizeof(vr_rules[0]);

const struct vr_rule *const vr_slow_rules[] = {
    &vr_rule_deadlock, &vr_rule_hang,	   &vr_rule_slow_spans,	  &vr_rule_stalls,
    &vr_rule_outside,  &vr_rule_runnable,  &vr_rule_loop_blocked, &vr_rule_blocked,
    &vr_rule_locked,   &vr_rule_loop_busy, &vr_rule_pages,
};
const size_t vr_slow_rules_count = sizeof(vr_slow_rules) / sizeof(vr_slow_rules[0]);
