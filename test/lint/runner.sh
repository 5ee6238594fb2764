#!/bin/bash
# test/run.sh: what is said in which order, what counts as failed, and who runs beside whom.
. "$(dirname "$0")/../lib.sh"

script() { # NAME LINE...
	printf '%s\n' '#!/bin/bash' "${@:2}" >"$T/$1.sh"
}
# ends only when the quick one has, which begins after it
script slow 'for i in {1..600}; do [ ! -e "${0%slow.sh}quick.done" ] || break; sleep 0.1; done' \
	'[ $i -lt 600 ] && echo "ok beside the quick one"; touch "${0%.sh}.done"'
script quick 'touch "${0%.sh}.done"; echo "ok quick"'
script wrong 'echo "FAIL wrong: for a reason"'
script broken 'echo "a last word"; exit 3'
script silent ':'
script skips 'echo "skip this: not here"'
script early '# long: it begins first' 'touch "${0%.sh}.done"; echo "ok early"'
script by_itself '# alone: it measures' '[ -e "${0%by_itself.sh}slow.done" ] && echo "ok after the others"'
script unsteady 'touch "$0.$$"; set -- "$0".*; [ $# = 2 ] && echo "ok the second time" || echo "FAIL unsteady: $#"'
script signals 'trap "echo \"ok SIGINT is as it was\"" INT; kill -INT $$'

list=()
for name in by_itself slow quick wrong broken silent skips signals early; do
	list+=("$T/$name.sh")
done
T_AGAIN=0 T_LOGS=$T/logs T_JOBS=2 "$TOP/test/run.sh" "${list[@]}" >"$T/out" 2>&1
status=$?

t_begin "the order is that of beginning, whoever ends first"
t_equal order "early slow quick wrong broken silent skips signals by_itself" \
	"$(sed -nE 's,^  /.*/([a-z_]+)\.sh .* ok .* failed .*,\1,p' "$T/out" | xargs)"
t_done
t_begin "two run side by side, and one that measures runs alone"
grep -q "slow.sh  *1 ok" "$T/out" || t_bad "the second waited for the first"
grep -q "by_itself.sh  *1 ok" "$T/out" || t_bad "one was alone with another"
t_done
t_begin "failures are shown with their text"
for text in 'FAIL wrong: for a reason' 'a last word' 'broken.sh: ended with status 3' \
	'silent.sh: it tested nothing' 'skip this: not here'; do
	grep -q "^    .*$text" "$T/out" || t_bad "no '$text'"
done
t_done
t_begin "a test finds SIGINT as it is in a shell"
grep -q "signals.sh  *1 ok" "$T/out" || t_bad "it is ignored"
t_done
t_begin "the last line counts, and the status says it"
t_equal line "5 passed, 3 failed" "$(tail -n 1 "$T/out")"
t_equal status 1 $status
t_done

# again LIMIT NAME...: T_AGAIN and who is run
again() {
	local -a names=("${@:2}")
	rm -f "$T"/unsteady.sh.*
	T_AGAIN=$1 T_LOGS=$T/logs "$TOP/test/run.sh" "${names[@]/%/.sh}" >"$T/out" 2>&1
	status=$?
}
cd "$T" || exit 1
t_begin "what failed runs once more, and the second time counts"
again 2 "$T/quick" "$T/unsteady" "$T/wrong"
t_equal line "2 passed, 1 failed" "$(tail -n 1 "$T/out")"
t_equal status 1 $status
t_equal named "failed at first: $T/unsteady.sh" "$(grep '^failed at first' "$T/out")"
t_equal 'failures shown' 'unsteady: 1, wrong: for a reason, wrong: for a reason' "$(sed -n 's/^ *FAIL //p' "$T/out" | sort | paste -sd, | sed 's/,/, /g')"
again 2 "$T/unsteady"
t_equal 'status of one that is unsteady' 0 $status
t_done
t_begin "where many failed, none does"
again 1 "$T/unsteady" "$T/wrong"
t_equal line "0 passed, 2 failed" "$(tail -n 1 "$T/out")"
t_done
t_end
