# Other projects' test suites, run bare and preloaded and compared test by
# test; sourced by the suites of this directory, never run.
#
# A suite defines
#   suite_name              one word
#   suite_prepare           makes ready what it runs (downloads, builds) under $CACHE; says why and returns 1 if it can't
#   suite_units             its units, one a line: what is run at once
#   suite_version           what its outcomes depend on besides the library
#   suite_unit UNIT DIR     runs one in the empty directory DIR, says TEST<TAB>OUTCOME; where it
#                           can, only the tests named in $ONLY, one a line
# and ends with compat_main "$@". Arguments: patterns of units; none is all.
#
# Environment: COMPAT_USER (nobody when root, or root), COMPAT_JOBS (units at
# once, 2), COMPAT_LIB (the library, build/libvprof.so), COMPAT_FRESH=1 (do not
# reuse outcomes of an earlier run, bare or of the same library), COMPAT_SECONDS (limit of a unit),
# COMPAT_KEEP (a directory where the files of each run stay), COMPAT_CACHE (where sources, builds and
# outcomes are kept, build/compat).
#
# Where the two sides differ, both are run three times more, one at a time. A
# test is a difference unless one of the two sides contradicts itself; then it
# is listed as unsteady, with the outcomes of all four runs.
# shellcheck shell=bash
# shellcheck source=test/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

suite_name=
COMPAT=$TOP/test/compat
CACHE=${COMPAT_CACHE:-$B/compat}
RESULTS=$CACHE/results
EXCUSED=$TOP/docs/compat.md
COMPAT_JOBS=${COMPAT_JOBS:-2}
COMPAT_SECONDS=${COMPAT_SECONDS:-900}
if t_is_root; then
	COMPAT_USER=${COMPAT_USER:-nobody}
else
	COMPAT_USER=self
fi

# compat_run SIDE DIR COMMAND...: the command in DIR as the user of the run,
# with DIR/tmp for its files; SIDE is bare or vprof. Its output is ours.
compat_run() {
	local side=$1 dir=$2 preload=
	shift 2
	mkdir -p "$dir/tmp" "$dir/records"
	[ "$side" = bare ] || preload=$dir/libvprof.so
	# Every user may read a copy, wherever the tree lies.
	cp "${COMPAT_LIB:-$LIB}" "$dir/libvprof.so" && chmod 755 "$dir/libvprof.so"
	local -a as=()
	if [ "$COMPAT_USER" = nobody ]; then
		chown -R 65534:65534 "$dir"
		as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	fi
	(cd "$dir" && exec timeout -k 5 "$COMPAT_SECONDS" "${as[@]}" env \
		HOME="$dir" TMPDIR="$dir/tmp" LANG=C.UTF-8 LC_ALL=C.UTF-8 "COMPAT_MARK=$dir" \
		"VPROF_OPTIONS=out=$dir/records/%e.%p.%t.vprof" \
		${preload:+"LD_PRELOAD=$preload"} "$@" </dev/null)
}

# Ends what a unit left running: by the directory in its environment.
compat_sweep() { # DIR
	local pid
	grep -lsFz "COMPAT_MARK=$1" /proc/[0-9]*/environ | cut -d/ -f3 | while read -r pid; do
		kill -9 "$pid" 2>/dev/null
	done
}

# compat_outcomes SIDE UNIT FILE: runs a unit and keeps what it said in FILE,
# sorted; a test that is named twice gets a number.
compat_outcomes() {
	local side=$1 unit=$2 file=$3 dir
	dir=$(mktemp -d "$T/XXXXXX")
	chmod 755 "$dir"
	SIDE=$side suite_unit "$unit" "$dir" 2>"$dir.err" |
		awk -F'\t' -v OFS='\t' '{ n = ++seen[$1]; print (n > 1 ? $1 " #" n : $1), $2 }' |
		sort >"$file.new"
	mv "$file.new" "$file"
	compat_sweep "$dir"
	if [ -n "${COMPAT_KEEP-}" ]; then
		rm -rf "${COMPAT_KEEP:?}/$side-${unit//\//-}"
		mkdir -p "$COMPAT_KEEP" && cp -r "$dir" "$COMPAT_KEEP/$side-${unit//\//-}"
	fi
	# What was just ended may write its last file while we delete.
	rm -rf "$dir" "$dir.err" 2>/dev/null || { sleep 2 && compat_sweep "$dir" && rm -rf "$dir"; }
}

# compat_unlike UNIT BARE VPROF: TEST<TAB>BARE<TAB>VPROF where they differ.
compat_unlike() {
	awk -F'\t' -v OFS='\t' 'NR == FNR { a[$1] = $2; next }
		{ b[$1] = $2 }
		END {
			for (t in a) if (!(t in b)) print t, a[t], "absent"
				else if (a[t] != b[t]) print t, a[t], b[t]
			for (t in b) if (!(t in a)) print t, "absent", b[t]
		}' "$1" "$2" | sort
}

# compat_verdict FILES...: of four files a side (bare first): each test that
# was unlike at least once, its outcomes, and what that makes it.
compat_verdict() {
	awk -F'\t' -v OFS='\t' -v rounds=$(($# / 2)) '
		BEGIN { for (i = 1; i < ARGC; i++) number[ARGV[i]] = i }
		{ o[$1, number[FILENAME]] = $2; tests[$1] = 1 }
		END {
			for (t in tests) {
				bare = vprof = ""; unlike = nb = nv = 0
				split("", sb); split("", sv)
				for (i = 1; i <= rounds; i++) {
					x = (t SUBSEP i) in o ? o[t, i] : "absent"
					y = (t SUBSEP i + rounds) in o ? o[t, i + rounds] : "absent"
					bare = bare (i > 1 ? "," : "") x; vprof = vprof (i > 1 ? "," : "") y
					if (!sb[x]++) nb++
					if (!sv[y]++) nv++
					if (x != y) unlike++
				}
				if (unlike)
					print t, bare, vprof, (nb > 1 || unlike * 2 < rounds ? "unsteady" : "difference")
			}
		}' "$@" | sort
}

# The reason why a test is excused, from the table in docs/compat.md:
# | suite | `unit` | `test` | reason |, unit and test patterns of the shell.
compat_excused() { # UNIT TEST
	local unit pattern reason
	[ -f "$EXCUSED" ] || return 1
	while IFS=$'\t' read -r unit pattern reason; do
		# shellcheck disable=SC2254
		case $1 in $unit) case $2 in $pattern) echo "$reason" && return 0 ;; esac ;; esac
	done < <(sed -n "s/^| $suite_name | \`\([^\`]*\)\` | \`\([^\`]*\)\` | \(.*\) |\$/\1\t\2\t\3/p" "$EXCUSED")
	return 1
}

compat_unit() { # UNIT
	local unit=$1 flat=${1//\//-} bare vprof
	bare=$BARE/$flat vprof=$OUT/$flat
	if [ -n "${COMPAT_FRESH-}" ] || [ ! -s "$bare" ]; then compat_outcomes bare "$unit" "$bare"; fi
	if [ -n "${COMPAT_FRESH-}" ] || [ ! -s "$vprof" ]; then compat_outcomes vprof "$unit" "$vprof"; fi
}

# Both sides of a unit that differed, three times more, and the case's result.
compat_judge() { # UNIT
	local unit=$1 flat=${1//\//-} i t bare vprof verdict tests only
	t_begin "$suite_name $unit"
	cp "$BARE/$flat" "$OUT/$flat.bare.1" && cp "$OUT/$flat" "$OUT/$flat.vprof.1"
	tests=$(wc -l <"$BARE/$flat")
	: >"$OUT/$flat.unlike"
	# Two sides that fail to start a suite agree, too: that is no outcome.
	if ! grep -qv '^\[' "$BARE/$flat" "$OUT/$flat"; then
		t_skip "no test of it runs here ($(tr '\t\n' '  ' <"$BARE/$flat"))"
		return
	fi
	only=$(compat_unlike "$OUT/$flat.bare.1" "$OUT/$flat.vprof.1" | cut -f1)
	if [ -n "$only" ]; then
		for i in 2 3 4; do
			ONLY=$only compat_outcomes bare "$unit" "$OUT/$flat.bare.$i"
			ONLY=$only compat_outcomes vprof "$unit" "$OUT/$flat.vprof.$i"
		done
		compat_verdict "$OUT/$flat".bare.[1234] "$OUT/$flat".vprof.[1234] >"$OUT/$flat.unlike"
	fi
	while IFS=$'\t' read -r t bare vprof verdict; do
		if compat_excused "$unit" "$t" >/dev/null; then
			verdict=excused
		elif [ "$verdict" = difference ]; then
			t_bad "$t: bare $bare, preloaded $vprof"
		fi
		printf '%s\t%s\t%s\t%s\t%s\n' "$unit" "$t" "$verdict" "$bare" "$vprof" >>"$RESULT"
	done <"$OUT/$flat.unlike"
	printf '%s\t%s\t%s\n' "$unit" all "$tests" >>"$RESULT"
	t_name="$suite_name $unit: $tests tests"
	t_done
}

compat_main() {
	local unit units pattern
	mkdir -p "$RESULTS"
	chmod 755 "$T"
	t_begin "$suite_name"
	if ! why=$(suite_prepare 2>&1); then
		t_skip "${why##*$'\n'}"
		t_end
	fi
	BARE=$CACHE/bare/$suite_name.$COMPAT_USER.$(suite_version | tr -c 'A-Za-z0-9.\n' -)
	OUT=$CACHE/vprof/$suite_name.$COMPAT_USER.$(md5sum <"${COMPAT_LIB:-$LIB}" | cut -c1-8)
	RESULT=$RESULTS/$suite_name.$COMPAT_USER.tsv
	mkdir -p "$BARE" "$OUT"
	: >"$RESULT"
	units=$(suite_units)
	if [ $# -gt 0 ]; then
		units=$(for unit in $units; do
			# shellcheck disable=SC2254
			for pattern; do case $unit in $pattern) echo "$unit" && break ;; esac done
		done)
	fi
	for unit in $units; do
		while [ "$(jobs -rp | wc -l)" -ge "$COMPAT_JOBS" ]; do wait -n; done
		compat_unit "$unit" &
	done
	wait
	for unit in $units; do
		compat_judge "$unit"
	done
	awk -F'\t' '$2 == "all" { all += $3; next } { n[$3]++ } END { printf "%d tests, %d differences, %d excused, %d unsteady\n",
		all, n["difference"], n["excused"], n["unsteady"] }' "$RESULT" | sed "s/^/$suite_name: /"
	t_end
}

# compat_source PACKAGE: the path of the package's source under $CACHE/src: of
# the installed version, else of the newest that can be had. Nothing of the
# machine's own package lists is touched.
compat_source() {
	local package=$1 apt=$CACHE/apt dir version file
	dir=$CACHE/src/$package
	if [ ! -e "$dir/version" ]; then
		mkdir -p "$dir" "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/parts"
		for file in /etc/apt/sources.list.d/*.sources; do
			sed 's/^Types:.*/Types: deb deb-src/' "$file" >"$apt/parts/${file##*/}"
		done 2>/dev/null
		sed -nE 's/^deb +(.*)/deb \1\ndeb-src \1/p' /etc/apt/sources.list >"$apt/parts/main.list" 2>/dev/null
		local -a options=(-q -o "Dir::State::lists=$apt/lists" -o "Dir::Cache=$apt/cache"
			-o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$apt/parts"
			-o APT::Sandbox::User=root)
		[ -n "$(ls "$apt/lists"/*Sources* 2>/dev/null)" ] ||
			timeout 300 apt-get "${options[@]}" update >"$apt/log" 2>&1
		for version in $(compat_versions "$package" "${options[@]}"); do
			(cd "$dir" && timeout 600 nice -n 10 apt-get "${options[@]}" source --only-source \
				"$package=$version") >>"$apt/log" 2>&1 && echo "$version" >"$dir/version" && break
		done
	fi
	[ -e "$dir/version" ] || return 1
	find "$dir" -mindepth 1 -maxdepth 1 -type d
}
# The versions of a source package: the installed one of its binaries first.
compat_versions() { # PACKAGE APT-OPTION...
	local package=$1
	shift
	{
		dpkg-query -W -f='${source:Package} ${source:Version}\n' 2>/dev/null |
			awk -v p="$package" '$1 == p { print $2; exit }'
		apt-cache "${@:2}" showsrc --only-source "$package" 2>/dev/null |
			sed -n 's/^Version: //p' | sort -rV
	} | awk '!seen[$0]++'
}
# compat_tap: standard input's TAP lines as TEST<TAB>OUTCOME.
compat_tap() {
	sed -nE -e 's/^(not )?ok ([0-9]+) *-? *(.*)$/\2 \3\t\1ok/' -e 's/\t(not )?ok/\t\1ok/p' |
		awk -F'\t' -v OFS='\t' '{ o = $2
			if (match($1, / *# *(skip|SKIP|TODO|todo)/)) {
				o = o " " tolower(substr($1, RSTART + 2, 4)); $1 = substr($1, 1, RSTART - 1) }
			print $1, o }'
}
