#!/bin/bash
# Small things that a library could take from its host without a word.
. "$(dirname "$0")/../lib.sh"

t_begin "a thread's stack is as large as it asked for"
t_differential "" "$PROBE/stack_told"
t_equal "sizes" 12 "$(wc -l <"$T/vprof/out")"
t_done

t_begin "the same without heap and samples"
t_differential heap=off:cpu=off:leakscan=off "$PROBE/stack_told"
t_done
t_end
