#!/bin/bash
# A thread is told by the function somebody wrote for it, also where a language's library
# starts it.
. "$(dirname "$0")/../lib.sh"
file= # of the last t_record

starts() { # of all threads but main's, in the order of their beginning
	t_json '[.threads | sort_by(.start_ns)[] | select(.state != "profiler" and .start_function != "main")
		| .start_function] | join(" | ")' threads "$file"
}
cxx='read_book(Feed&, int) | write_log() | main::{lambda()#1} | Feed::run(int) | compute_spread(int)'

t_begin "std::thread and std::async, by their samples"
t_record "" "$PROBE/thread_starts" 100
t_equal starts "$cxx" "$(starts)"
t_equal "what pthread_create was given" 1 "$(t_json '[.threads[] | select(.start_routine != "main" and .start_routine != null)
	| .start_routine] | unique | length' threads "$file")"
t_done

t_begin "threads that are called alike, in a line"
"$REPORT" summary "$file" | sed -n '/^Threads/,/^[A-Z]/p' >"$T/threads"
grep -q 'read_book(' "$T/threads" || t_bad "$(cat "$T/threads")"
if grep -q 'thread_starts [0-9]' "$T/threads"; then t_bad "$(cat "$T/threads")"; fi
t_done

t_begin "the same by what they allocate: too short for a sample"
t_record cpu=off "$PROBE/thread_starts" 0
t_equal starts "$cxx" "$(starts)"
t_done

t_begin "without any stack: what std::thread was given tells, or pthread_create"
t_record cpu=off:heap=off:locks=off "$PROBE/thread_starts" 0
given=$(t_json '[.threads[] | select(.start_routine != "main" and .start_routine != null)
	| .start_routine] | unique | join(" ")' threads "$file")
t_equal starts "$given | write_log() | main::{lambda()#1} | $given | $given" "$(starts)"
case $given in
execute_native_thread_routine | libstdc++*) ;;
*) t_bad "given: $given" ;;
esac
t_done

t_begin "a thread made by a bare clone, by its samples"
t_record "" "$PROBE/thread_kinds" raw
t_equal starts raw_thread "$(starts)"
t_equal "what pthread_create was given" null "$(t_json '.threads[] | select(.start_function == "raw_thread") | .start_routine' threads "$file")"
t_done

PATH=$PATH:$HOME/.cargo/bin
t_begin "Rust"
if t_need rustc; then
	cat >"$T/starts.rs" <<'RUST'
use std::hint::black_box;
fn burn() {
    let mut v = Vec::new();
    for i in 0..20_000_000u64 {
        if i % 1_000_000 == 0 { v.push(black_box(i)); }
        black_box(i.wrapping_mul(3));
    }
}
#[inline(never)]
fn read_book(levels: u32) { black_box(levels); burn(); black_box(levels); }
fn main() {
    std::thread::spawn(|| read_book(3)).join().unwrap();
    std::thread::Builder::new().name("log".into()).spawn(write_log).unwrap().join().unwrap();
}
#[inline(never)]
fn write_log() { burn(); black_box(1); }
RUST
	if rustc -g -C opt-level=1 -o "$T/starts" "$T/starts.rs" 2>"$T/rust.err"; then
		t_record "" "$T/starts"
		t_equal starts "starts::main::{closure#0} | starts::write_log" "$(starts | sed 's/{{closure}}/{closure#0}/')"
		t_equal names "log starts starts" "$(t_json '[.threads[] | select(.state != "profiler") | .name] | sort | join(" ")' threads "$file")"
	else
		t_bad "rustc: $(head -1 "$T/rust.err")"
	fi
	t_done
fi
t_end
