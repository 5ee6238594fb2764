/* What one run suffered from, by its record. */
#include "verbs/doctor/doctor.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/enough.h"
#include "cli/text.h"
#include "cli/units.h"
#include "cli/xalloc.h"
#include "model/cpu.h"
#include "model/run.h"
#include "text/names.h"

#define WORTH_PERCENT 5.0 /* of the CPU time, or of the stacks */

static char *count_text(uint64_t count)
{
	char text[VR_UNIT_MAX];

	return vr_xstrdup(vr_format_count(text, count));
}

/* --- samples ----------------------------------------------------------------- */

static void check_engine(struct vr_doctor *doctor, const struct vr_file *file)
{
	static const char see[] = "vprof-report doctor, without a file, says why and what to do";
	const struct vprof_header *h = &file->header;
	const char *note = vr_file_string(file, h->engine_note);
	int refused = strstr(note, "refused") != NULL;

	if (!h->cpu_hz)
		vr_doctor_add(doctor, "CPU samples", VR_HEALTH_FINE,
			      vr_xstrdup("none, as asked (cpu=off)"), NULL);
	else if (!h->engine)
		vr_doctor_add(doctor, "CPU samples", VR_HEALTH_BAD,
			      vr_xprintf("none: %s", *note ? note : "no reason is known"),
			      vr_xstrdup(see));
	else if (h->flags & VPROF_F_EXCLUDE_KERNEL)
		vr_doctor_add(
		    doctor, "CPU samples", VR_HEALTH_LESS,
		    vr_xprintf("%s, of user code only: the kernel's time is one row, [kernel]",
			       vr_engine_name(h->engine)),
		    vr_xstrdup(see));
	else
		vr_doctor_add(
		    doctor, "CPU samples", refused ? VR_HEALTH_LESS : VR_HEALTH_FINE,
		    vr_xprintf("%s%s%s", vr_engine_name(h->engine), *note ? ": " : "", note),
		    refused ? vr_xstrdup(see) : NULL);
}

static void check_samples(struct vr_doctor *doctor, const struct vr_file *file)
{
	const struct vprof_header *h = &file->header;
	uint64_t lost = h->lost[VPROF_LOST_SAMPLES];
	double percent = vr_percent(lost, lost + h->samples);
	char used[VR_UNIT_MAX], needed[VR_UNIT_MAX], *count = count_text(h->samples);

	if (!h->cpu_hz || !h->engine) {
		free(count);
		return;
	}
	if (percent >= 1.0)
		vr_doctor_add(
		    doctor, "lost samples", VR_HEALTH_LESS,
		    vr_xprintf("%.0f%% of the CPU samples were lost", percent),
		    vr_xstrdup("VPROF_OPTIONS=cpu=100 takes fewer; a machine whose CPUs are "
			       "all busy with more urgent threads loses them, too"));
	if (h->samples < VR_SAMPLES_ENOUGH)
		vr_doctor_add(
		    doctor, "few samples", VR_HEALTH_LESS,
		    vr_xprintf("%s in %s of CPU time: they say little", count,
			       vr_format_ns(used, h->cpu_ns)),
		    vr_xprintf("run it longer: %u are enough, %s of CPU time at %" PRIu32
			       " Hz; or VPROF_OPTIONS=cpu=HZ",
			       VR_SAMPLES_ENOUGH,
			       vr_format_ns(needed, VR_SAMPLES_ENOUGH * 1000000000ull / h->cpu_hz),
			       h->cpu_hz));
	if (h->lost[VPROF_LOST_THREAD_EVENTS])
		vr_doctor_add(doctor, "threads", VR_HEALTH_LESS,
			      vr_xprintf("%" PRIu64 " thread%s had no CPU samples",
					 h->lost[VPROF_LOST_THREAD_EVENTS],
					 vr_plural(h->lost[VPROF_LOST_THREAD_EVENTS])),
			      vr_xstrdup("ulimit -n 65536 (descriptors), or sudo sysctl "
					 "kernel.perf_event_mlock_kb=16384"));
	if (h->lost[VPROF_LOST_THROTTLES])
		vr_doctor_add(doctor, "throttled", VR_HEALTH_LESS,
			      vr_xprintf("the kernel held sampling up %" PRIu64 " time%s",
					 h->lost[VPROF_LOST_THROTTLES],
					 vr_plural(h->lost[VPROF_LOST_THROTTLES])),
			      vr_xstrdup("sudo sysctl kernel.perf_event_max_sample_rate=100000, or "
					 "VPROF_OPTIONS=cpu=100"));
	free(count);
}

/* --- stacks ------------------------------------------------------------------ */

static void check_cut(struct vr_doctor *doctor, const struct vr_file *file, enum vprof_lost which,
		      const char *where, const char *fix)
{
	const struct vprof_header *h = &file->header;
	uint64_t cut = h->lost[which], all = h->samples;
	char *count;

	for (uint32_t i = 0; i < file->n_threads; i++)
		all += file->thread[i].allocs;
	if (vr_percent(cut, all) < 1.0)
		return;
	count = count_text(cut);
	vr_doctor_add(doctor, "cut stacks", VR_HEALTH_LESS,
		      vr_xprintf("%s stack%s %s: who called is not known", count,
				 cut == 1 ? " ends" : "s end", where),
		      vr_xstrdup(fix));
	free(count);
}

static void check_stacks(struct vr_doctor *doctor, const struct vr_file *file)
{
	check_cut(doctor, file, VPROF_CUT_NO_INFO, "in code without unwind rules",
		  "build it with -fasynchronous-unwind-tables; of a JIT there are none, but "
		  "-fno-omit-frame-pointer code is walked all the same");
	check_cut(doctor, file, VPROF_CUT_COPY_END, "where their copy does",
		  "VPROF_OPTIONS=cpu=250 or less copies more of each stack; engine=timer needs no "
		  "copy");
	check_cut(doctor, file, VPROF_CUT_DEPTH, "at the limit of depth",
		  "none: a recursion that deep has no more frames in a profile");
	check_cut(doctor, file, VPROF_CUT_BAD_FRAME, "at a frame that makes no sense",
		  "code that was written by hand may have wrong unwind rules: a flat profile is "
		  "right all the same");
	check_cut(doctor, file, VPROF_CUT_FOREIGN, "on a stack that cannot be read",
		  "coroutines on memory of their own may hide it (PROT_NONE)");
}

/* --- names ------------------------------------------------------------------- */

/* CPU time in code of one object, of which names or lines are missing. */
struct gap {
	const char *module;
	uint64_t nameless_ns, lineless_ns;
};

struct gaps {
	struct gap *gap;
	size_t count, room;
	uint64_t total_ns;
};

static struct gap *gap_of(struct gaps *gaps, const char *module)
{
	for (size_t i = 0; i < gaps->count; i++)
		if (strcmp(gaps->gap[i].module, module) == 0)
			return &gaps->gap[i];
	gaps->gap = vr_xgrow(gaps->gap, gaps->count, &gaps->room, sizeof(*gaps->gap));
	gaps->gap[gaps->count] = (struct gap){.module = module};
	return &gaps->gap[gaps->count++];
}

static void find_gaps(struct vr_profile *profile, struct gaps *gaps)
{
	struct vr_cpu *cpu = vr_cpu_new(profile);
	size_t count;
	struct vr_cpu_function *function = vr_cpu_functions(profile, cpu, &count);

	gaps->total_ns = cpu->total_ns;
	for (size_t i = 0; i < count; i++) {
		const struct vr_function *f = &profile->stacks->function[function[i].function];
		struct gap *gap;

		if (!f->module[0] || strcmp(f->module, "[kernel]") == 0 ||
		    strcmp(f->module, "[vdso]") == 0)
			continue;
		gap = gap_of(gaps, f->module);
		gap->nameless_ns += vr_function_is_nameless(f) ? function[i].self_ns : 0;
		gap->lineless_ns += f->file[0] ? 0 : function[i].self_ns;
	}
	free(function);
	vr_cpu_free(cpu);
}

static char *build_id_of(const struct vr_file *file, const char *module)
{
	char *text = vr_xcalloc(2 * sizeof(file->module->build_id) + 1, 1);

	for (uint32_t i = 0; i < file->n_modules; i++) {
		const struct vprof_module *m = &file->module[i];

		if (strcmp(vr_file_string(file, m->path), module) != 0)
			continue;
		for (uint32_t k = 0; k < m->build_id_bytes && k < sizeof(m->build_id); k++)
			sprintf(text + 2 * k, "%02x", m->build_id[k]);
		break;
	}
	return text;
}

static void report_gap(struct vr_doctor *doctor, const struct vr_file *file, const struct gap *gap,
		       uint64_t total_ns)
{
	double nameless = vr_percent(gap->nameless_ns, total_ns);
	double lineless = vr_percent(gap->lineless_ns, total_ns);
	char *id;

	if (strcmp(gap->module, "[jit]") == 0) {
		if (nameless >= WORTH_PERCENT)
			vr_doctor_add(
			    doctor, "names", VR_HEALTH_LESS,
			    vr_xprintf("%.0f%% of the CPU time is in code made at run time, "
				       "without names",
				       nameless),
			    vr_xprintf("let it write /tmp/perf-PID.map: node "
				       "--perf-basic-prof, java with perf-map-agent, python3 "
				       "-X perf (3.12)"));
		return;
	}
	if (nameless < WORTH_PERCENT && lineless < WORTH_PERCENT)
		return;
	id = build_id_of(file, gap->module);
	if (nameless >= WORTH_PERCENT)
		vr_doctor_add(
		    doctor, "names", VR_HEALTH_LESS,
		    vr_xprintf("%.0f%% of the CPU time is in functions of %s without names: "
			       "it is stripped, or not the file that ran",
			       nameless, gap->module),
		    vr_doctor_debug_fix(gap->module, id));
	else
		vr_doctor_add(
		    doctor, "lines", VR_HEALTH_LESS,
		    vr_xprintf("%.0f%% of the CPU time is in functions of %s without file and "
			       "line",
			       lineless, gap->module),
		    vr_doctor_debug_fix(gap->module, id));
	free(id);
}

static void check_names(struct vr_doctor *doctor, struct vr_profile *profile)
{
	char *replaced, *notes;
	struct gaps gaps = {0};

	find_gaps(profile, &gaps);
	for (size_t i = 0; i < gaps.count; i++)
		report_gap(doctor, profile->file, &gaps.gap[i], gaps.total_ns);
	free(gaps.gap);
	replaced = vr_profile_replaced(profile);
	if (replaced)
		vr_doctor_add(
		    doctor, "replaced", VR_HEALTH_LESS,
		    vr_xprintf("not the files that ran, so not used for names: %s", replaced),
		    vr_xstrdup(
			"record again, or show where the build is kept: --symfs DIR of flat, "
			"heap and the others"));
	free(replaced);
	notes = vr_profile_symbol_notes(profile);
	if (notes) {
		notes[strcspn(notes, "\n")] = '\0'; /* of the first object */
		vr_doctor_add(doctor, "debug files", VR_HEALTH_LESS, vr_xstrdup(notes),
			      vr_xstrdup("keep its .dwo files or a .dwp beside it, or name their "
					 "folder: --symfs DIR"));
	}
	free(notes);
}

/* --- heap, record ------------------------------------------------------------- */

static void check_heap(struct vr_doctor *doctor, const struct vr_file *file)
{
	const struct vprof_header *h = &file->header;

	if (h->flags & VPROF_F_OWN_MALLOC)
		vr_doctor_add(
		    doctor, "heap", VR_HEALTH_LESS,
		    vr_xstrdup("the program defines malloc itself: its own calls were not "
			       "seen"),
		    vr_xstrdup("link its allocator as a shared library, or build it "
			       "without"));
	if (h->flags & VPROF_F_OPERATOR_NEW_BYPASS)
		vr_doctor_add(
		    doctor, "heap", VR_HEALTH_LESS,
		    vr_xstrdup("operator new does not call malloc: C++ objects were not seen"),
		    vr_xstrdup("use another allocator while profiling"));
	if (h->second_roads)
		vr_doctor_add(doctor, "heap", VR_HEALTH_LESS,
			      vr_xprintf("not seen: %s", vr_file_string(file, h->second_roads)),
			      vr_xstrdup("load these objects without RTLD_DEEPBIND, or link them "
					 "without an allocator of their own"));
	if (h->lost[VPROF_LOST_BLOCKS] || h->lost[VPROF_LOST_SITES])
		vr_doctor_add(
		    doctor, "heap", VR_HEALTH_LESS,
		    vr_xstrdup("the tables were full: live bytes or call paths are missing"),
		    vr_xstrdup("VPROF_OPTIONS=size=256M, or heap=sample=64K"));
	if (h->libc_unlike)
		vr_doctor_add(doctor, "C library", VR_HEALTH_LESS,
			      vr_xprintf("not as known: %s", vr_file_string(file, h->libc_unlike)),
			      vr_xstrdup("none; what depends on it was off"));
}

static void check_file(struct vr_doctor *doctor, const struct vr_profile *profile)
{
	const struct vr_file *file = profile->file;
	const struct vprof_header *h = &file->header;
	const struct vr_history history = vr_history(profile);
	char when[VR_UNIT_MAX];

	if (h->flags & VPROF_F_NO_HELPER)
		vr_doctor_add(
		    doctor, "helper", VR_HEALTH_LESS,
		    vr_xstrdup("there was none: no timeline, no perf events"),
		    vr_xstrdup("allow one more task (ulimit -u, pids.max of the cgroup)"));
	if (h->flags & VPROF_F_RESTRICTED)
		vr_doctor_add(
		    doctor, "ended early", VR_HEALTH_LESS,
		    vr_xprintf("recording ended after %s, when the program restricted its own "
			       "system calls",
			       vr_format_ns(when, h->end_ns)),
		    vr_xstrdup("switch its sandbox off while profiling"));
	if (h->flags & VPROF_F_NO_ROOM)
		vr_doctor_add(
		    doctor, "room", VR_HEALTH_LESS,
		    vr_xprintf("the record could not grow from %s on: the disk, a quota or a "
			       "limit",
			       vr_format_ns(when, h->room_ns)),
		    vr_xstrdup("VPROF_OUT=DIRECTORY/%e.%p.vprof records where there is more"));
	if (h->flags & VPROF_F_DAMAGED || file->n_damages)
		vr_doctor_add(
		    doctor, "damaged", VR_HEALTH_BAD,
		    vr_xstrdup("the record was cut or overwritten; what could be read is kept"),
		    vr_xstrdup("let no other program write to it; record again"));
	if (history.wrapped)
		vr_doctor_add(
		    doctor, "history", VR_HEALTH_LESS,
		    vr_xprintf("the first %s were overwritten: --since and --until reach the "
			       "rest; totals are whole",
			       vr_format_ns(when, history.lost_ns)),
		    vr_xstrdup("VPROF_OPTIONS=size=512M keeps more"));
}

void vr_doctor_record(struct vr_doctor *doctor, struct vr_profile *profile)
{
	const struct vr_file *file = profile->file;
	char ran[VR_UNIT_MAX], *status = vr_status_text(file);

	vr_doctor_add(doctor, "run", VR_HEALTH_FINE,
		      vr_xprintf("%s, pid %" PRIu32 ", ran %s, %s",
				 vr_text_base(vr_file_string(file, file->header.exe)),
				 file->header.pid, vr_format_ns(ran, vr_file_duration_ns(file)),
				 status),
		      NULL);
	free(status);
	check_engine(doctor, file);
	check_samples(doctor, file);
	check_stacks(doctor, file);
	check_names(doctor, profile);
	check_heap(doctor, file);
	check_file(doctor, profile);
}
