#include "hooks/bare.h"
#include "base/real.h"
#include "hooks/record.h"
#include "track/call.h"
#include "track/descriptor.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <linux/io_uring.h>
#include <sys/syscall.h>

enum result { STATUS, BYTES, MESSAGES };
#define NUMBERS 512

/* What a call is recorded as; the others are numbers of arguments, 0: none. */
static const struct bare {
	uint8_t kind, object, result;
	uint8_t ms, spec; /* a time limit, or where it is */
} bare[NUMBERS] = {
#define TIMED(number, kind, object, result, ms, spec)                                              \
	[SYS_##number] = {VP_CALL_##kind, object, result, ms, spec}
#define BARE(number, kind, object, result) TIMED(number, kind, object, result, 0, 0)
    BARE(read, read, 1, BYTES),
    BARE(write, write, 1, BYTES),
    BARE(readv, readv, 1, BYTES),
    BARE(writev, writev, 1, BYTES),
    BARE(pread64, pread, 1, BYTES),
    BARE(pwrite64, pwrite, 1, BYTES),
    BARE(preadv, preadv, 1, BYTES),
    BARE(pwritev, pwritev, 1, BYTES),
    BARE(preadv2, preadv2, 1, BYTES),
    BARE(pwritev2, pwritev2, 1, BYTES),
    BARE(recvfrom, recvfrom, 1, BYTES),
    BARE(sendto, sendto, 1, BYTES),
    BARE(recvmsg, recvmsg, 1, BYTES),
    BARE(sendmsg, sendmsg, 1, BYTES),
    BARE(recvmmsg, recvmmsg, 1, MESSAGES),
    BARE(sendmmsg, sendmmsg, 1, MESSAGES),
    BARE(sendfile, sendfile, 1, BYTES),
    BARE(splice, splice, 1, BYTES),
    BARE(tee, tee, 1, BYTES),
    BARE(vmsplice, vmsplice, 1, BYTES),
    BARE(copy_file_range, copy_file_range, 3, BYTES),
    BARE(getrandom, getrandom, 0, BYTES),
    BARE(connect, connect, 1, STATUS),
    BARE(accept, accept, 1, STATUS),
    BARE(accept4, accept4, 1, STATUS),
    BARE(open, open, 1, STATUS),
    BARE(openat, openat, 2, STATUS),
    BARE(openat2, openat2, 2, STATUS),
    BARE(creat, creat, 1, STATUS),
    BARE(close, close, 1, STATUS),
    BARE(rename, rename, 2, STATUS),
    BARE(renameat, renameat, 4, STATUS),
    BARE(renameat2, renameat2, 4, STATUS),
    BARE(unlink, unlink, 1, STATUS),
    BARE(unlinkat, unlinkat, 2, STATUS),
    BARE(truncate, truncate, 1, STATUS),
    BARE(ftruncate, ftruncate, 1, STATUS),
    BARE(fallocate, fallocate, 1, STATUS),
    BARE(fsync, fsync, 1, STATUS),
    BARE(fdatasync, fdatasync, 1, STATUS),
    BARE(syncfs, syncfs, 1, STATUS),
    BARE(sync, sync, 0, STATUS),
    BARE(sync_file_range, sync_file_range, 1, STATUS),
    BARE(msync, msync, 1, STATUS),
    BARE(flock, flock, 1, STATUS),
    BARE(fcntl, fcntl, 1, STATUS),
    BARE(ioctl, ioctl, 1, STATUS),
    TIMED(nanosleep, nanosleep, 0, STATUS, 0, 1),
    BARE(clock_nanosleep, clock_nanosleep, 0, STATUS),
    TIMED(poll, poll, 0, BYTES, 3, 0),
    TIMED(ppoll, ppoll, 0, BYTES, 0, 3),
    BARE(select, select, 0, BYTES),
    TIMED(pselect6, pselect, 0, BYTES, 0, 5),
    TIMED(epoll_wait, epoll_wait, 1, BYTES, 4, 0),
    TIMED(epoll_pwait, epoll_pwait, 1, BYTES, 4, 0),
    TIMED(epoll_pwait2, epoll_pwait2, 1, BYTES, 0, 4),
    BARE(io_getevents, io_getevents, 0, BYTES),
    BARE(io_pgetevents, io_getevents, 0, BYTES),
    BARE(io_uring_enter, io_uring_enter, 1, STATUS),
    BARE(wait4, wait4, 1, STATUS),
    BARE(waitid, waitid, 2, STATUS),
    BARE(pause, pause, 0, STATUS),
    BARE(rt_sigsuspend, sigsuspend, 0, STATUS),
    BARE(rt_sigtimedwait, sigtimedwait, 0, STATUS),
    BARE(semop, semop, 0, STATUS),
    BARE(semtimedop, semtimedop, 0, STATUS),
    BARE(msgsnd, msgsnd, 0, STATUS),
    BARE(msgrcv, msgrcv, 0, BYTES),
    BARE(mq_timedsend, mq_timedsend, 1, STATUS),
    BARE(mq_timedreceive, mq_timedreceive, 1, BYTES),
    BARE(futex, futex, 1, STATUS),
};
_Static_assert(VP_CALL_KINDS <= 256, "a byte holds a kind");

static int futex_waits(long what)
{
	switch (what & FUTEX_CMD_MASK) {
	case FUTEX_WAIT:
	case FUTEX_WAIT_BITSET:
	case FUTEX_WAIT_REQUEUE_PI:
	case FUTEX_LOCK_PI:
	case FUTEX_LOCK_PI2:
		return 1;
	default:
		return 0;
	}
}

int vp_bare_blocks(const long call[7])
{
	const unsigned long number = (unsigned long)call[0];

	if (!vp_control.calls || number >= NUMBERS || !bare[number].kind)
		return 0;
	switch (number) {
	case SYS_futex:
		return futex_waits(call[2]);
	case SYS_fcntl:
		return call[2] == F_SETLKW || call[2] == F_OFD_SETLKW;
	case SYS_io_uring_enter:
		return call[3] && call[4] & IORING_ENTER_GETEVENTS;
	case SYS_close:
		vp_descriptor_closes((int)call[1]);
		return 1;
	default:
		return 1;
	}
}

static uint64_t amount_of(const long call[7], long ret)
{
	switch (bare[call[0]].result) {
	case BYTES:
		return ret > 0 ? (uint64_t)ret : 0;
	case MESSAGES:
		/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
		return vp_bytes_of_messages((const void *)call[2], (int)ret);
	default:
		return 0;
	}
}

long vp_bare_call(const long call[7], struct vp_regs caller)
{
	const struct bare *this = &bare[call[0]];
	struct vp_call record;
	long ret;

	vp_call_begin(&record, vp_call_word(this->kind),
		      this->object ? (uint64_t)call[this->object] : 0,
		      this->ms ? LIMIT_MS((int)call[this->ms]) : VP_LOOP_NO_LIMIT, &caller);
	ret = vp_real.syscall(call[0], call[1], call[2], call[3], call[4], call[5], call[6]);
	if (this->spec && ret >= 0 && call[this->spec])
		/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
		record.limit_ns = vp_ns_of((const struct timespec *)call[this->spec]);
	vp_call_end(&record, amount_of(call, ret), ret < 0);
	return ret;
}
