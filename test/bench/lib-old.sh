# An old library beside the new one; sourced by run.sh and count.sh.
#
#   OLD=COMMIT | OLD=DIRECTORY-WITH-libvprof.so | OLD=FILE.so
#
# Every command that runs under the library (`ours`) runs under the old one, too, right before it
# or right after it, and a table says what became of each row.
# shellcheck shell=bash

OLD_LIB=
OLD_REPORT=

# find_old WHAT [PRODUCT...]: sets OLD_LIB and OLD_REPORT; builds a commit in a directory of its own.
find_old() {
	local log=$T/old.log path what=$1
	shift
	path=$(cd "$TOP" && realpath "$what" 2>/dev/null)
	if [ -d "$path" ]; then
		OLD_LIB=$path/libvprof.so
	elif [ -f "$path" ]; then
		OLD_LIB=$path
	else
		git -C "$TOP" rev-parse -q --verify "$what^{commit}" >/dev/null || {
			say "OLD=$what: no file, no directory, no commit"
			return 1
		}
		say "building $what"
		mkdir -p "$T/old"
		git -C "$TOP" archive "$what" | tar -x -C "$T/old" &&
			make -C "$T/old" -j"$(nproc)" "${@/#/build/}" >"$log" 2>&1 || {
			tail -n 5 "$log" >&2
			return 1
		}
		OLD_LIB=$T/old/build/libvprof.so
	fi
	[ -f "$OLD_LIB" ] || { say "no $OLD_LIB"; return 1; }
	OLD_REPORT=$(dirname "$OLD_LIB")/vprof-report
	[ -x "$OLD_REPORT" ] || OLD_REPORT=$REPORT
}
# old_env: what makes a command an old one
old_env() { printf 'LIB=%q REPORT=%q' "$OLD_LIB" "$OLD_REPORT"; }

# compared KEY COLUMN=TITLE...: columns of a benchmark in which less is better
compared() {
	local of=$1
	shift
	printf '%s\n' "$@" >>"$D/$of/.columns"
	# shellcheck disable=SC2154
	declare -p names command_of >"$D/$of/.commands"
}
# old_rows SUFFIX: "KEY NAME COLUMN RATIO LOW HIGH ROUNDS TITLE", new over old
old_rows() {
	local file of name column
	for file in "$D"/*"$1"/*@old; do
		[ -f "$file" ] || continue
		of=$(basename "$(dirname "$file")") name=$(basename "$file" @old)
		sort -u "$D/${of%"$1"}/.columns" 2>/dev/null | while IFS= read -r column; do
			awk -v mode=ratio -v col="${column%%=*}" -f "$TOP/test/bench/stat.awk" "${file%@old}" "$file" |
				awk -v row="${of%"$1"} $name ${column%%=*}" -v title="${column#*=}" \
					'$1 != "-" { print row, $1, $4, $5, $3, title }'
		done
	done
}
# Benchmarks with a row that looks worse, once more: those commands alone, twice the
# rounds, another seed.
old_again() {
	local of
	old_rows "" | awk '$5 > 1.001 && $7 >= 5 { print $1, $2 }' | sort -u >"$T/worse"
	cut -d' ' -f1 "$T/worse" | sort -u >"$T/worse-keys"
	while read -r of <&3; do
		# shellcheck disable=SC1090
		. "$D/$of/.commands"
		mapfile -t names < <(awk -v k="$of" '$1 == k { print $2 }' "$T/worse")
		key=$of.again
		mkdir -p "$D/$key"
		SEED=$((SEED + 500009)) rounds $((ROUNDS * 2))
	done 3<"$T/worse-keys"
}
old_table() {
	old_again
	old_rows "" >"$T/first"
	old_rows .again >"$T/second"
	echo
	echo "## New over old"
	echo
	echo "Old: ${OLD}; paired runs, one right after the other. In brackets: where the true middle lies in 94 cases of 100"
	echo "or more. A row that looked worse ran again with another seed and twice the rounds; it is worse"
	echo "when it was so both times. A thousandth is nothing: memory is counted in pages that the kernel maps by sixteen."
	echo
	echo "| benchmark | under | what | new / old | again | |"
	echo "|---|---|---|---|---|---|"
	awk 'function cell(v) { split(v, c, " "); return v == "" ? "" : sprintf("%.3f (%.3f to %.3f)", c[1], c[2], c[3]) }
		{ title = $8; for (i = 9; i <= NF; i++) title = title " " $i }
		FILENAME == ARGV[1] { again[$1, $2, $3] = $4 " " $5 " " $6; next }
		{ more = $5 > 1.001 ? again[$1, $2, $3] : ""; split(more, m, " ")
		  said = $7 < 5 ? "too few rounds" : $6 < 0.999 ? "better" : $5 > 1.001 && m[2] > 1.001 ? "**worse**" : ""
		  all++; worse += said == "**worse**"; better += said == "better"
		  printf "| %s | %s | %s | %s | %s | %s |\n", $1, $2, title, cell($4 " " $5 " " $6), cell(more), said }
		END { printf "\n%d rows: %d worse, %d better, the rest within what the runs differ by.\n", all, worse, better }
		' "$T/second" "$T/first"
}
