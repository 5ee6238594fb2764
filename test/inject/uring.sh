#!/bin/bash
# liburing's waits are recorded, whether the program is linked to the shared library or a plugin
# brings it that nobody else can see; and mean what they mean.
. "$(dirname "$0")/../lib.sh"

cat >"$T/plugin.c" <<'END'
#include <liburing.h>
#include <stdio.h>
long waits_in_plugin(void);
long waits_in_plugin(void)
{
	struct __kernel_timespec soon = {0, 20000000};
	struct io_uring_cqe *cqe = NULL;
	struct io_uring ring;
	long sum = 0;

	if (io_uring_queue_init(8, &ring, 0) != 0)
		return -1;
	for (int i = 0; i < 3; i++) {
		io_uring_prep_timeout(io_uring_get_sqe(&ring), &soon, 0, 0);
		sum += io_uring_submit_and_wait(&ring, 1);
		sum += io_uring_wait_cqe(&ring, &cqe) + cqe->res;
		io_uring_cqe_seen(&ring, cqe);
	}
	sum += 1000 * io_uring_wait_cqe_timeout(&ring, &cqe, &soon);
	io_uring_queue_exit(&ring);
	return sum;
}
END
cat >"$T/host.c" <<'END'
#include <dlfcn.h>
#include <stdio.h>
int main(int argc, char **argv)
{
	void *plugin = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
	long (*waits)(void) = plugin ? (__typeof__(waits))dlsym(plugin, "waits_in_plugin") : NULL;

	printf("%ld\n", waits ? waits() : -99);
	printf("%d\n", plugin ? dlclose(plugin) : 0);
	return argc != 2;
}
END
cat >"$T/linked.c" <<'END'
#include <stdio.h>
long waits_in_plugin(void);
int main(void)
{
	printf("%ld\n", waits_in_plugin());
	return 0;
}
END
cc() {
	${CC:-gcc} -g -O1 -fno-optimize-sibling-calls -w "$@" 2>"$T/cc.err"
}
recorded() {
	t_equal "calls of io_uring_submit_and_wait" 3 "$(t_json '[.sites[]
		| select(.kind == "io_uring_submit_and_wait" and .frames[0].function == "waits_in_plugin")
		| .calls] | add' waits "$(t_files "$T/vprof")")"
	t_near "their time, ms" 60 "$(t_json '[.sites[] | select(.kind == "io_uring_submit_and_wait")
		| .time_ns] | add / 1000000' waits "$(t_files "$T/vprof")")" 30
}

t_begin "a program that is linked to liburing"
if ! cc -o "$T/linked" "$T/linked.c" "$T/plugin.c" -luring ||
	! cc -shared -fPIC -o "$T/plugin.so" "$T/plugin.c" -luring || ! cc -o "$T/host" "$T/host.c" -ldl; then
	t_skip "no liburing to build with"
	t_end
fi
t_differential "" "$T/linked"
if grep -q '^-1$' "$T/bare/out"; then
	t_skip "no io_uring here"
	t_end
fi
recorded
t_done
t_begin "a plugin that is"
t_differential "" "$T/host" "$T/plugin.so"
recorded
t_done
t_end
