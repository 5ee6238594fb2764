#!/bin/bash
# C++ objects over allocators whose operator new does not call malloc: the
# program behaves as bare, and the books are those kept over glibc.
. "$(dirname "$0")/../lib.sh"

KEYS="allocs frees bytes_allocated live_bytes live_blocks"
runs=0

totals() { # FILE: one line a key
	t_json '.totals | to_entries[] | "\(.key) \(.value)"' heap "$1"
}
# books DIR FILE: the totals less what a run without work has (DIR/none.totals):
# libstdc++'s emergency pool, 72704 bytes, and whatever else a start costs.
books() {
	totals "$2" | awk -v keys="$KEYS" 'BEGIN { n = split(keys, key) }
		FNR == NR { none[$1] = $2; next } { here[$1] = $2 }
		END { for (i = 1; i <= n; i++) print key[i], here[key[i]] - none[key[i]] }' \
		"$1/none.totals" -
}
# seen FILE: nothing went past us, nothing was counted twice.
seen() {
	t_equal "operator_new_bypass, unknown frees" "false 0" "$(t_json \
		'"\(.sampling.operator_new_bypass) \(.lost.unknown_frees)"' info "$1")"
}
# both DIR HOST COMMAND...: bare in DIR/bare and preloaded in DIR/vprof; HOST is
# an allocator's path or none.
both() {
	local dir=$1 host=$2
	shift 2
	rm -rf "$dir"
	mkdir -p "$dir"
	if [ "$host" = none ]; then
		t_run "$dir/bare" "$@"
		t_preload "$dir/vprof" cpu=off "$@"
	else
		t_run "$dir/bare" env "LD_PRELOAD=$host" "$@"
		T_HOST=$host t_preload "$dir/vprof" cpu=off "$@"
	fi
	cmp -s "$dir/bare/out" "$dir/vprof/out" || t_bad "stdout differs: bare" \
		"'$(head -c 300 "$dir/bare/out")' preloaded '$(head -c 300 "$dir/vprof/out")'"
	t_equal status "$(cat "$dir/bare/status")" "$(cat "$dir/vprof/status")"
	t_equal "status of the bare run" 0 "$(cat "$dir/bare/status")"
}

# over NAME HOST COMMAND...: every mode. The first call, over glibc, leaves the
# books that the others are held against.
over() {
	local name=$1 host=$2 dir=$T/$((++runs)) mode file key
	shift 2
	both "$dir/none" "$host" "$@" none
	file=$(t_file "$dir/none/vprof") && totals "$file" >"$dir/none.totals"
	for mode in direct containers throw nothrow; do
		t_begin "$name: $mode"
		both "$dir/$mode" "$host" "$@" $mode
		if file=$(t_file "$dir/$mode/vprof"); then
			seen "$file"
			books "$dir" "$file" >"$dir/$mode.books"
			[ $mode != direct ] || t_equal "books, by the program's own" \
				"$(jq -r 'to_entries[] | "\(.key) \(.value)"' \
					<"$dir/direct/vprof/out" | grep -v peak | tr '\n' ' ')" \
				"$(tr '\n' ' ' <"$dir/direct.books")"
			t_equal books "$(tr '\n' ' ' <"$T/1/$mode.books")" \
				"$(tr '\n' ' ' <"$dir/$mode.books")"
		else
			t_bad "no ring file"
		fi
		t_done
	done
	t_begin "$name: protection of pages"
	both "$dir/maps" "$host" "$@" maps
	t_done
	forked "$dir" "$name" "$host" "$@"
}

# The child inherits patched slots and says so; its file has its own work.
forked() {
	local dir=$1 name=$2 host=$3 file
	shift 3
	t_begin "$name: fork"
	both "$dir/fork" "$host" "$@" fork
	for file in $(t_files "$dir/fork/vprof"); do
		seen "$file"
		t_heap "$file" allocs >>"$dir/fork.allocs"
	done
	sort -n -o "$dir/fork.allocs" "$dir/fork.allocs"
	t_equal "files" 2 "$(wc -l <"$dir/fork.allocs")"
	t_equal "allocs of parent and child" "$(cat "$T/1/fork.allocs")" \
		"$(cat "$dir/fork.allocs")"
	t_done
}

path_of() {
	ldconfig -p | awk -v n="$1" '$1 == n { print $NF; exit }'
}

over glibc none "$PROBE/cxx_alloc"
# libstdc++'s nothrow new calls the throwing one and catches: one exception of
# 136 bytes that the other allocators do not make.
awk '$1 == "allocs" || $1 == "frees" { $2 -= 1 }
     $1 == "bytes_allocated" { $2 -= 136 } { print }' \
	"$T/1/nothrow.books" >"$T/nothrow" && mv "$T/nothrow" "$T/1/nothrow.books"

for host in libtcmalloc_minimal.so.4 libjemalloc.so.2; do
	path=$(path_of $host)
	short=${host%%.so*}
	if [ -z "$path" ]; then
		t_begin "$short"
		t_skip "not installed"
		continue
	fi
	over "$short, preloaded" "$path" "$PROBE/cxx_alloc"
	export LD_BIND_NOW=1
	over "$short, preloaded, LD_BIND_NOW" "$path" "$PROBE/cxx_alloc"
	unset LD_BIND_NOW
	t_begin "$short, linked"
	t_need g++ || continue
	# slots bound late, slots behind RELRO, slots without a PLT
	for how in "-no-pie -Wl,-z,lazy" "-pie -Wl,-z,relro,-z,now" "-fno-plt -Wl,-z,now"; do
		name="$short, linked $how"
		t_begin "$name"
		# shellcheck disable=SC2086
		if ! g++ -O1 -std=gnu++17 -fno-builtin $how -o "$T/cxx_alloc" \
			"$TOP/test/probe/cxx_alloc.cpp" "$path" >"$T/g++.err" 2>&1; then
			t_fail "does not link: $(head -1 "$T/g++.err")"
			continue
		fi
		over "$name" none "$T/cxx_alloc"
	done
done

# Where the slots cannot be written the program runs on and the file says so.
t_begin "no /proc: the operators are not seen, and the file says so"
path=$(path_of libtcmalloc_minimal.so.4)
if [ -z "$path" ]; then
	t_skip "no tcmalloc here"
elif ! t_is_root || ! unshare -m mount -t tmpfs none /proc 2>/dev/null; then
	t_skip "needs root and a mount name space"
else
	rm -rf "$T/bare" "$T/vprof"
	t_run "$T/bare" env "LD_PRELOAD=$path" "$PROBE/cxx_alloc" direct
	# shellcheck disable=SC2016
	t_run "$T/vprof" unshare -m sh -c 'mount -t tmpfs none /proc && exec "$@"' sh \
		env VPROF_OPTIONS=cpu=off "LD_PRELOAD=$LIB $path" "$PROBE/cxx_alloc" direct
	t_same "$T/bare" "$T/vprof"
	if file=$(t_file "$T/vprof"); then
		t_equal operator_new_bypass true \
			"$(t_json .sampling.operator_new_bypass info "$file")"
	else
		t_bad "no ring file"
	fi
	t_done
fi
t_end
