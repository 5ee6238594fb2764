#!/bin/bash
# What the loader, libc and the C++ runtime allocate is no leak; what a library of the
# program's own loses is one, whatever it is called and however it is found.
. "$(dirname "$0")/../lib.sh"
T_LIMIT=40

lost() { # DIR: blocks/bytes
	t_json '.totals.lost | "\(.blocks)/\(.bytes)"' leaks "$(t_file "$1")"
}

mkdir "$T/libs" "$T/system"
t_begin "a library of the program's own, by any name"
for name in libworkers.so libpthreadpool.so libpthread.so libstdc++.so.6 libc++.so.1 libgcc_s.so.1 \
	libm.so.6.1 libc.so.6.2 libc-2.31.so ld-linux-custom.so ld-2.31.so libnss_files.so.2 \
	libresolvent.so libdl.so.2 librt.so libmymalloc.so; do
	cp "$PROBE/plugin_pool.so" "$T/libs/$name"
	t_preload "$T/$name" cpu=off "$PROBE/pool_host" "$T/libs/$name"
	t_equal "$name: status" 0 "$(cat "$T/$name/status")"
	t_equal "$name" 50/100000 "$(lost "$T/$name")"
done
t_done

t_begin "a link with a runtime library's name is what it leads to"
ln -s "$T/libs/libworkers.so" "$T/system/libstdc++.so.6"
t_preload "$T/link" cpu=off "$PROBE/pool_host" "$T/system/libstdc++.so.6"
t_equal lost 50/100000 "$(lost "$T/link")"
t_done

t_begin "found in the working directory"
mkdir "$T/cwd"
cp "$PROBE/plugin_pool.so" "$T/cwd/libstdc++.so.6"
t_preload "$T/cwd" cpu=off "$PROBE/pool_host" ./libstdc++.so.6
t_equal lost 50/100000 "$(lost "$T/cwd")"
t_done

# runtime DIR: blocks of the runtime; the pool for exceptions is one of 72704 bytes
pool() {
	t_json '.totals | [.runtime, .reachable] | map(if . == null or .bytes < 72704 then "-"
		else "pool" end) | join(" ")' leaks "$(t_file "$1")"
}
cxx="$PROBE/leak_cxx thrown_and_caught"
loader=$(readelf -l "$PROBE/leak_cxx" | sed -n 's/.*interpreter: \(.*\)]/\1/p')
stdcxx=$(ldd "$PROBE/leak_cxx" | awk '/libstdc/ { print $3 }')
t_begin "the system's libstdc++ is the runtime"
t_preload "$T/plain" cpu=off $cxx
t_equal pool "pool -" "$(pool "$T/plain")"
t_preload "$T/explicit" cpu=off "$loader" $cxx
t_equal "the loader run as a program" "pool -" "$(pool "$T/explicit")"
mkdir "$T/linked" "$T/copied"
ln -s "$(realpath "$stdcxx")" "$T/linked/libstdc++.so.6"
mkdir "$T/by-link"
(cd "$T/by-link" && exec env "LD_LIBRARY_PATH=$T/linked" "LD_PRELOAD=$LIB" VPROF_OPTIONS=cpu=off $cxx)
t_equal "by a link elsewhere" "pool -" "$(pool "$T/by-link")"
t_done

t_begin "a copy of it is the program's own"
cp "$(realpath "$stdcxx")" "$T/copied/libstdc++.so.6"
mkdir "$T/by-copy"
(cd "$T/by-copy" && exec env "LD_LIBRARY_PATH=$T/copied" "LD_PRELOAD=$LIB" VPROF_OPTIONS=cpu=off $cxx)
t_equal status 0 $?
t_equal pool "- pool" "$(pool "$T/by-copy")"
t_done
t_end
