#!/bin/bash
# Records as they were written: whatever becomes of the format, these stay readable.
#   1        by the first library whose format had the number 1, of app.c beside it:
#            VPROF_OPTIONS=size=1M:out=app.vprof LD_PRELOAD=/opt/demo/libvprof.so /opt/demo/app
#   1-kinds  `mkprof kinds` of the day when the header got room for 64 kinds of section
. "$(dirname "$0")/../lib.sh"

export TZ=UTC COLUMNS=100
unset DEBUGINFOD_URLS
golden=$TOP/test/golden
for record in "$golden"/records/*.vprof.gz; do
	name=${record##*/}
	gzip -dc "$record" >"$T/${name%.gz}"
done

# ask RECORD FILTER COMMAND...: what jq's FILTER makes of the command's JSON
ask() {
	local file=$T/$1.vprof filter=$2
	shift 2
	"$REPORT" "$@" --format json "$file" | jq -c "$filter"
}

t_begin "a record of version 1"
t_equal heap '{"allocs":118,"frees":100,"bytes":18720,"peak_bytes":12320}' \
	"$(ask 1 '.totals | {allocs, frees, bytes: .bytes_allocated, peak_bytes}' heap)"
t_equal leaks '["leak",7,7000,10,5000]' \
	"$(ask 1 '[.verdict, (.totals | .lost, .reachable | .blocks, .bytes)]' leaks)"
t_equal cpu '[35]' "$(ask 1 '[.totals.samples]' flat)"
t_equal labels '[["side=main",23],["side=worker",12]]' \
	"$(ask 1 '[.labels[] | [.label, .samples]] | sort' labels)"
t_equal marks '[["cycle",3]]' "$(ask 1 '[.marks[] | [.name, .count]]' marks)"
t_equal waits '[["mutex",1]]' "$(ask 1 '[.locks[] | [.kind, .waits]]' locks)"
t_equal threads '["app","app","vprof"]' "$(ask 1 '[.threads[].name] | sort' threads)"
t_equal points 7 "$(ask 1 '.points | length' timeline)"
for command in summary flat tree heap leaks timeline threads locks labels marks info; do
	"$REPORT" $command "$T/1.vprof" >"$T/out" 2>"$T/err" || t_bad "$command: status $?"
	[ ! -s "$T/err" ] || t_bad "$command: $(head -1 "$T/err")"
done
t_done

# A newer library's record is read for what is known of it, and the rest is named.
${CC:-gcc} -std=gnu11 -D_GNU_SOURCE -O1 -I"$TOP/include" -o "$T/mkprof" "$golden/mkprof.c" || exit 1
"$T/mkprof" normal "$T/normal.vprof"
t_begin "sections that nobody knows"
for command in "summary --args=all" flat tree heap leaks timeline threads locks; do
	for shape in 1-kinds normal; do
		# shellcheck disable=SC2086
		"$REPORT" $command "$T/$shape.vprof" >"$T/$shape.out" 2>&1 || t_bad "$command: status $?"
		sed -i "s/$shape\.vprof/FILE/" "$T/$shape.out"
	done
	cmp -s "$T/1-kinds.out" "$T/normal.out" || t_bad "$command is not that of the rest"
done
t_equal sections '[["section 13",3],["section 16",5000],["section 40",2],["section 63",1]]' \
	"$(ask 1-kinds '[.sections | to_entries[] | select(.key | test("^section")) | [.key, .value.rows]]' info)"
t_done

t_begin "a version that nobody knows"
cp "$T/1.vprof" "$T/2.vprof"
printf '\2' | dd of="$T/2.vprof" bs=1 seek=8 conv=notrunc status=none
"$REPORT" "$T/2.vprof" >"$T/out" 2>&1
t_equal status 2 $?
t_equal answer "vprof-report: $T/2.vprof: format version 2, this vprof-report reads version 1" "$(cat "$T/out")"
t_done
t_end
