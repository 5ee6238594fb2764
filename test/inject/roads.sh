#!/bin/bash
# Second roads to malloc: an object that finds another malloc before ours, or lives with
# a libc of its own. What is made and freed there is seen, or the object is named; it
# never makes a block lost.
. "$(dirname "$0")/../lib.sh"

jemalloc=$(find /usr/lib/*/libjemalloc.so.2 2>/dev/null | head -1)
tcmalloc=$(find /usr/lib/*/libtcmalloc_minimal.so.4 2>/dev/null | head -1)
plugin=$PROBE/plugin_roads.so
own=$PROBE/plugin_allocator.so
host=$PROBE/roads
cp "$plugin" "$T/other.so"

# visit ARGS...: the host bare and preloaded say the same, and nothing is lost
visit() {
	t_differential "" "$host" "$@"
	file=$(t_file "$T/vprof") || { t_bad "no one record"; return; }
	t_equal "$*: lost" 0 "$(t_json '.totals.lost.blocks + .totals.indirect.blocks' leaks "$file")"
	t_equal "$*: unknown frees" 0 "$(t_json .lost.unknown_frees info "$file")"
}
not_seen() { t_json .sampling.not_seen info "$file"; }

# seen ALLOCATIONS FREES ARGS...: so many more than by the plugin's opening alone
seen() {
	local allocs=$1 frees=$2
	shift 2
	visit "$1" "$2"
	allocs=$((allocs + $(t_heap "$file" allocs))) frees=$((frees + $(t_heap "$file" frees)))
	visit "$@"
	t_equal "$*: allocations" $allocs "$(t_heap "$file" allocs)"
	t_equal "$*: frees" $frees "$(t_heap "$file" frees)"
	t_equal "$*: said" "" "$(not_seen)"
}

t_begin "a plugin as any other"
seen 800 450 "$plugin" now take give grow keep hold stow
t_done

t_begin "RTLD_DEEPBIND, bound at once"
seen 800 450 "$plugin" deep take give grow keep hold stow
t_done

t_begin "RTLD_DEEPBIND, bound at the first call"
seen 800 450 "$plugin" deeplazy take give grow keep hold stow
t_done

t_begin "RTLD_DEEPBIND, read-only slots"
export LD_BIND_NOW=1
seen 800 450 "$plugin" deeplazy take give grow keep hold stow
unset LD_BIND_NOW
t_done

t_begin "a program at a fixed address, which stands in for malloc and free"
if t_need gcc; then
	gcc -std=gnu11 -D_GNU_SOURCE -g -O1 -fno-builtin -no-pie -fno-pie -o "$T/fixed" "$TOP/test/probe/roads.c" \
		-pthread || t_bad "no program"
	host=$T/fixed
	readelf --dyn-syms -W "$host" | grep -qE ' 0*[1-9a-f][0-9a-f]* .* UND malloc' || t_bad "it does not stand in: this tests nothing"
	for how in now lazy deep deeplazy; do
		seen 800 450 "$plugin" $how take give grow keep hold stow
	done
	host=$PROBE/roads
	t_done
fi

# dlopen has to find its caller's place: the hook jumps, and looks when dlsym is called
t_begin "RTLD_DEEPBIND, by a name that depends on the caller"
# shellcheck disable=SC2016 # the loader's $ORIGIN
seen 800 450 '$ORIGIN/plugin_roads.so' deep take give grow keep hold stow
# shellcheck disable=SC2016
seen 300 250 '$ORIGIN/plugin_roads.so' deeplazy take give keep
t_done

t_begin "RTLD_DEEPBIND, by a plugin that was opened so"
visit "$plugin" deep "$T/other.so"
t_equal "said" "" "$(not_seen)"
t_done

t_begin "RTLD_DEEPBIND, what the constructor made is freed by the host's order"
visit "$plugin" deep early
t_done

# Before anybody can look. What is allocated later is judged as ever; where the hook had
# to jump, nobody has looked yet, and all may have been freed.
t_begin "RTLD_DEEPBIND, what the constructor frees is not lost"
unseen() { t_json '[.sites[] | select(.verdict == "possible" and .because == "other").blocks] | add' leaks "$file"; }
for how in deep deeplazy; do
	visit "$plugin" $how first
	t_equal "$how: possible" true "$([ "$(unseen)" -gt 90 ] && echo true)"
	t_equal "$how: verdict" unexamined "$(t_json .verdict leaks "$file")"
	t_differential "" "$PROBE/roads" "$plugin" $how first lose
	file=$(t_file "$T/vprof")
	t_equal "$how: a leak is lost" true \
		"$(t_json '.totals.lost.bytes | . > 18000 and . <= 20000' leaks "$file")"
	# shellcheck disable=SC2016
	visit '$ORIGIN/plugin_roads.so' $how first lose
	t_equal "$how: by a jump" true "$([ "$(unseen)" -gt 140 ] && echo true)"
done
t_done

t_begin "RTLD_DEEPBIND, opened and closed by four threads"
visit "$plugin" deep again threads
t_equal "allocations seen" true "$([ "$(t_heap "$file" allocs)" -gt 5900 ] && echo true)"
t_done

t_begin "as nobody"
if t_is_root && t_need setpriv; then
	mkdir -m 777 "$T/nobody"
	chmod 755 "$T"
	(cd "$T/nobody" && setpriv --reuid=65534 --regid=65534 --clear-groups env \
		LD_PRELOAD="$LIB" "$PROBE/roads" "$plugin" deep take give grow keep hold stow >out 2>err)
	t_equal status 0 $?
	file=$(t_file "$T/nobody")
	t_equal lost 0 "$(t_json .totals.lost.blocks leaks "$file")"
	t_done
elif [ -n "$t_name" ]; then
	t_skip "not root"
fi

# named WHO TEXT ARGS...
named() {
	local wanted=$1
	shift
	visit "$@"
	t_equal "$*: info" "$wanted" "$(not_seen)"
	t_equal "$*: leaks in JSON" "$wanted" "$(t_json .examined.not_seen leaks "$file")"
	for verb in info leaks summary; do
		"$REPORT" $verb "$file" 2>&1 | tr -s ' \n' '  ' | grep -qiF "not seen" ||
			t_bad "$verb does not say it"
		"$REPORT" $verb "$file" 2>&1 | tr -s ' \n' '  ' | grep -qF "$wanted" ||
			t_bad "$verb does not name it"
	done
}

t_begin "dlmopen"
named "plugin_roads.so: opened by dlmopen, with a libc of its own" "$plugin" apart hold keep stow
t_done

t_begin "a plugin with an allocator of its own"
for how in now lazy deep deeplazy; do
	named "plugin_allocator.so: has a malloc of its own" "$own" $how hold
done
named "plugin_allocator.so: opened by dlmopen, with a libc of its own" "$own" apart hold
t_done

for one in jemalloc tcmalloc; do
	t_begin "RTLD_DEEPBIND, and the program on $one"
	if [ -z "${!one}" ]; then
		t_skip "no $one here"
		continue
	fi
	T_HOST=${!one}
	visit "$plugin" now hold stow
	named "plugin_roads.so: calls another malloc than the program" "$plugin" deep hold stow
	T_HOST=
	t_done
done
t_end
