# How `make bench` runs things; sourced by run.sh after lib.sh.
#
# A benchmark is a key with commands under names. Every round runs each of them
# once, in an order drawn from the seed and in the reverse of it in the next round, so
# that whatever else the machine does meets all alike. The first is what the others are
# compared with. A command may print numbers, one line a run; wall and CPU seconds follow them:
#   bench KEY;  run NAME COMMAND...;  ours NAME COMMAND...;  rounds
# shellcheck shell=bash

# A new seed each time: nobody can tune the library to the sizes, paths and order of a run.
SEED=${SEED:-$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}
ROUNDS=${BENCH_ROUNDS:-5}
SCALE=${BENCH_SCALE:-100} # percent of the usual work, for trying things out
LIMIT=${BENCH_LIMIT:-30}  # seconds a run may take
WORK=$B/test/bench
D=$T/data
PROFILES=$T/profiles
VPROF_FILE=$PROFILES/0/bench.vprof
mkdir -p "$D" "$T/rows" "$PROFILES/0"
touch "$T/rows/targets" "$T/rows/details" "$T/rows/notes" "$T/errors"
key=
names=()
declare -A command_of

say() { echo "$*" >&2; }
note() { # a remark for the end of the report, once
	grep -qxF -- "- $*" "$T/rows/notes" || echo "- $*" >>"$T/rows/notes"
}
# many COUNT: COUNT scaled, never less than 1
many() {
	local n=$(($1 * SCALE / 100))
	echo $((n > 0 ? n : 1))
}

bench() {
	key=$1
	names=()
	command_of=()
	mkdir -p "$D/$key"
}
run() { # NAME COMMAND...
	local name=$1
	shift
	names+=("$name")
	command_of[$name]=$(printf '%q ' "$@")
}
# What runs under our library; once more under the old one when there is one.
ours() { # NAME COMMAND...
	run "$@"
	[ -z "$OLD_LIB" ] || command_of[$1@old]="$(old_env) ${command_of[$1]}"
}
# What runs under a peer; old and new are compared without them.
peer() { # NAME COMMAND...
	[ -n "$OLD_LIB" ] || run "$@"
}
# A directory of its own for what the next command records. Files are emptied and left: ext4 looks
# twice at every entry freed in the last minutes when it makes a file, which a program with many
# children would pay for.
fresh_profiles() {
	find "${VPROF_FILE%/*}" -type f -size +0 -exec truncate -s 0 {} +
	VPROF_FILE=$PROFILES/$((++profiles))/bench.vprof
	mkdir "${VPROF_FILE%/*}"
}
profiles=0
once() { # NAME: one line of numbers, or "-"; who fails twice is left out
	local line measured=
	if [ "$(grep -cx -- - "$D/$key/$1" 2>/dev/null)" = 2 ]; then
		echo - >>"$D/$key/$1"
		return
	fi
	rm -f "$T/measured"
	fresh_profiles
	line=$(eval "${command_of[$1]}" 2>>"$T/errors" </dev/null |
		grep -E '^-?[0-9]+(\.[0-9]+)?( -?[0-9]+(\.[0-9]+)?)*$' | tail -n 1)
	[ ! -f "$T/measured" ] || measured=$(cat "$T/measured")
	[ -n "$line$measured" ] || note "$key: $1 failed in one run or more; those do not count"
	line="$line${line:+${measured:+ }}$measured"
	echo "${line:--}" >>"$D/$key/$1"
}
# shuffled ROUND: the names in the order of this round; old and new stand together
shuffled() {
	local i j swap order=("${names[@]}") all=()
	RANDOM=$(((SEED + $1 / 2) % 32768))
	for ((i = ${#order[@]} - 1; i > 0; i--)); do
		j=$((RANDOM % (i + 1)))
		swap=${order[i]} order[i]=${order[j]} order[j]=$swap
	done
	for i in "${order[@]}"; do
		if [ -z "${command_of[$i@old]-}" ]; then
			all+=("$i")
		elif ((RANDOM % 2)); then
			all+=("$i@old" "$i")
		else
			all+=("$i" "$i@old")
		fi
	done
	printf '%s\n' "${all[@]}" | if [ $(($1 % 2)) = 1 ]; then tac; else cat; fi
}
rounds() { # [COUNT]
	local r name count=${1:-$ROUNDS}
	say "  $key: ${names[*]}"
	for ((r = 0; r < count; r++)); do
		export BENCH_SEED=$((SEED + r * 1000003))
		for name in $(shuffled "$r"); do
			once "$name"
		done
	done
}
