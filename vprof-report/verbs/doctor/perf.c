/* What the kernel lets us sample, tried with events like those of the library. */
#include "verbs/doctor/doctor.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "cli/units.h"
#include "cli/xalloc.h"

#define SYSCTL		  "/proc/sys/kernel/"
#define RATE_DEFAULT	  250
#define RING_BYTES	  (2u << 20) /* of a CPU, as the library would like it */
#define RING_LEAST	  (256u << 10)
#define CAP_SYS_ADMIN_BIT 21
#define CAP_PERFMON_BIT	  38

static int open_event(int exclude_kernel)
{
	struct perf_event_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.size = sizeof(attr);
	attr.type = PERF_TYPE_SOFTWARE;
	attr.config = PERF_COUNT_SW_TASK_CLOCK;
	attr.sample_period = 1000000000u / RATE_DEFAULT;
	attr.sample_type =
	    PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER;
	attr.sample_regs_user = 7u << 6;
	attr.sample_stack_user = 8192;
	attr.exclude_hv = 1;
	attr.exclude_kernel = exclude_kernel != 0;
	attr.disabled = 1;
	return (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

/* --- why not ----------------------------------------------------------------- */

static int in_container(void)
{
	return access("/.dockerenv", F_OK) == 0 || access("/run/.containerenv", F_OK) == 0;
}

static int has_capability(void)
{
	FILE *in = fopen("/proc/self/status", "re");
	unsigned long long set = 0;
	char line[256];

	while (in && fgets(line, sizeof(line), in))
		if (sscanf(line, "CapEff: %llx", &set) == 1)
			break;
	if (in)
		fclose(in);
	return (set >> CAP_SYS_ADMIN_BIT & 1) || (set >> CAP_PERFMON_BIT & 1);
}

static char *sysctl_fix(int level)
{
	return vr_xprintf("sudo sysctl kernel.perf_event_paranoid=%d%s", level,
			  in_container()
			      ? " on the host (it holds for its containers, too), or start "
				"the container with --cap-add PERFMON"
			      : ", or give the program CAP_PERFMON");
}

static void refused(struct vr_doctor *doctor, int error)
{
	long paranoid = vr_doctor_number(SYSCTL "perf_event_paranoid", NULL);
	int filtered = vr_doctor_number("/proc/self/status", "Seccomp") > 0;
	char *why, *fix;

	if (paranoid < 0 && access(SYSCTL "perf_event_paranoid", F_OK) != 0) {
		why = vr_xstrdup("the kernel was built without perf events");
		fix = vr_xstrdup("none is needed for user code: a timer takes the samples");
	} else if (error == EMFILE || error == ENFILE) {
		why = vr_xstrdup("no descriptor is left");
		fix = vr_xstrdup("ulimit -n 4096");
	} else if ((error == EACCES || error == EPERM) && paranoid > 2 && !has_capability()) {
		why = vr_xprintf("perf_event_paranoid is %ld, which leaves it to root", paranoid);
		fix = sysctl_fix(1);
	} else if (filtered) {
		why = vr_xprintf(
		    "a seccomp filter refuses perf_event_open (%s), as Docker's own does",
		    strerror(error));
		fix = vr_xstrdup("start the container with --cap-add PERFMON (Docker's filter then "
				 "allows it), or --security-opt seccomp=unconfined; of a service: "
				 "SystemCallFilter=perf_event_open");
	} else {
		why = vr_xprintf("perf_event_open: %s (perf_event_paranoid is %ld)",
				 strerror(error), paranoid);
		fix = vr_xstrdup("a security module (SELinux, AppArmor, lockdown) may refuse it: "
				 "journalctl -k tells");
	}
	vr_doctor_add(
	    doctor, "perf events", VR_HEALTH_LESS,
	    vr_xprintf("refused: %s; a timer and a signal for each thread take the samples, "
		       "without the kernel's functions",
		       why),
	    fix);
	free(why);
}

/* --- how well ---------------------------------------------------------------- */

/* The kernel looks at CPU timers on its tick. */
static void check_tick(struct vr_doctor *doctor)
{
	struct timespec tick;
	long hz;

	if (clock_getres(CLOCK_MONOTONIC_COARSE, &tick) != 0 || tick.tv_nsec <= 0)
		return;
	hz = 1000000000 / tick.tv_nsec;
	if (hz >= RATE_DEFAULT)
		vr_doctor_add(
		    doctor, "timer", VR_HEALTH_FINE,
		    vr_xprintf("up to %ld samples a second of CPU time (the kernel's tick)", hz),
		    NULL);
	else
		vr_doctor_add(
		    doctor, "timer", VR_HEALTH_LESS,
		    vr_xprintf("at most %ld samples a second of CPU time, the kernel's tick; "
			       "%d are asked for",
			       hz, RATE_DEFAULT),
		    vr_xstrdup("let perf events be used (above); nothing is wrong but the "
			       "number of samples"));
}

static void check_kernel_names(struct vr_doctor *doctor)
{
	FILE *in = fopen("/proc/kallsyms", "re");
	unsigned long long address = 0;

	if (in) {
		if (fscanf(in, "%llx", &address) != 1)
			address = 0;
		/* The first ones of some kernels are at zero, per CPU. */
		for (int i = 0; i < 20000 && !address; i++)
			if (fscanf(in, "%*[^\n] %llx", &address) != 1)
				break;
		fclose(in);
	}
	if (!address)
		vr_doctor_add(
		    doctor, "kernel names", VR_HEALTH_LESS,
		    vr_xstrdup("functions of the kernel are called [kernel]: /proc/kallsyms "
			       "hides their addresses (kptr_restrict)"),
		    vr_xstrdup("sudo sysctl kernel.kptr_restrict=0, when reports are made"));
}

static void granted(struct vr_doctor *doctor, int with_kernel)
{
	long paranoid = vr_doctor_number(SYSCTL "perf_event_paranoid", NULL);

	doctor->perf = 1;
	if (with_kernel) {
		vr_doctor_add(doctor, "perf events", VR_HEALTH_FINE,
			      vr_xstrdup("granted, the kernel's functions included"), NULL);
		check_kernel_names(doctor);
	} else {
		vr_doctor_add(
		    doctor, "perf events", VR_HEALTH_LESS,
		    vr_xprintf("granted for user code only (perf_event_paranoid is %ld): the "
			       "kernel's time is one row, [kernel]",
			       paranoid),
		    sysctl_fix(1));
	}
}

/* The largest ring that can be locked in memory, of one CPU. */
static unsigned try_ring(int fd)
{
	unsigned bytes = RING_BYTES;

	for (; bytes >= 4096; bytes /= 2) {
		void *at = mmap(NULL, bytes + 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

		if (at == MAP_FAILED)
			continue;
		munmap(at, bytes + 4096);
		break;
	}
	return bytes < 4096 ? 0 : bytes;
}

static void check_rings(struct vr_doctor *doctor, int fd)
{
	unsigned got = try_ring(fd);
	char have[VR_UNIT_MAX], least[VR_UNIT_MAX];
	long allowed = vr_doctor_number(SYSCTL "perf_event_mlock_kb", NULL);

	vr_format_bytes(have, got);
	vr_format_bytes(least, RING_LEAST);
	if (got >= RING_LEAST)
		vr_doctor_add(doctor, "rings", VR_HEALTH_FINE,
			      vr_xprintf("%s for a CPU can be locked in memory", have), NULL);
	else
		vr_doctor_add(
		    doctor, "rings", VR_HEALTH_LESS,
		    vr_xprintf(
			"%s for a CPU can be locked in memory, %s are wanted: samples may be "
			"lost, stacks cut (perf_event_mlock_kb is %ld)",
			have, least, allowed),
		    vr_xstrdup("sudo sysctl kernel.perf_event_mlock_kb=2064, or ulimit -l 16384"));
}

static void check_rate(struct vr_doctor *doctor)
{
	long most = vr_doctor_number(SYSCTL "perf_event_max_sample_rate", NULL);

	if (most >= 0 && most < 4 * RATE_DEFAULT)
		vr_doctor_add(
		    doctor, "sample rate", VR_HEALTH_LESS,
		    vr_xprintf("the kernel allows %ld samples a second and may throttle %d", most,
			       RATE_DEFAULT),
		    vr_xstrdup("sudo sysctl kernel.perf_event_max_sample_rate=100000"));
}

void vr_doctor_perf(struct vr_doctor *doctor)
{
	int fd = open_event(0), with_kernel = fd >= 0;

	if (fd < 0 && (errno == EACCES || errno == EPERM))
		fd = open_event(1);
	if (fd < 0) {
		refused(doctor, errno);
		check_tick(doctor);
		return;
	}
	granted(doctor, with_kernel);
	check_rings(doctor, fd);
	check_rate(doctor);
	close(fd);
}
