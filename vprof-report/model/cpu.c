#include "model/cpu.h"

#include <stdlib.h>
#include <string.h>

#include "cli/xalloc.h"

/* Few samples say little about a thread: below this their sum is left. */
#define SCALE_SAMPLES_MIN 20u
/* Outside of these bounds something else is wrong than the sampling's slack
 * (a late start, lost samples), and scaling would hide it. */
#define SCALE_MIN 0.8
#define SCALE_MAX 1.25

/* What the rows of one thread add up to, and what they should. */
struct scale {
	uint64_t samples, sampled_ns;
	uint64_t target_ns;	/* equal to sampled_ns: leave the weights alone */
	uint64_t in_ns, out_ns; /* handed through so far */
};

/* Was this thread's time in the kernel left unsampled? */
static int hides_kernel(const struct vr_file *file, uint32_t thread)
{
	if (file->n_members && thread)
		return (file->thread[thread].flags & VR_THREAD_USER_ONLY) != 0;
	return (file->header.flags & VPROF_F_EXCLUDE_KERNEL) != 0;
}

static struct scale *thread_scales(const struct vr_profile *profile, struct vr_cpu *cpu)
{
	const struct vr_file *file = profile->file;
	struct scale *scale = vr_xcalloc(file->n_threads, sizeof(*scale));

	for (uint32_t i = 0; i < file->n_cpus; i++) {
		if (file->cpu[i].thread >= file->n_threads)
			continue;
		scale[file->cpu[i].thread].samples += file->cpu[i].samples;
		scale[file->cpu[i].thread].sampled_ns += file->cpu[i].weight_ns;
	}
	for (uint32_t i = 0; i < file->n_threads; i++) {
		uint64_t active_ns = vprof_thread_active_ns(&file->header, &file->thread[i]);
		struct scale *s = &scale[i];
		double factor;

		/* Samples in the overflow row are the thread's all the same. */
		if (s->sampled_ns < file->thread[i].sampled_ns) {
			s->sampled_ns = file->thread[i].sampled_ns;
			s->samples = file->thread[i].samples;
		}
		factor = s->sampled_ns ? (double)active_ns / (double)s->sampled_ns : 0;
		s->target_ns = s->sampled_ns;
		if (hides_kernel(file, i) || i == 0 || s->samples < SCALE_SAMPLES_MIN)
			continue;
		/* Of windows' few samples the sum is known to be a rough one. */
		if (!(file->thread[i].flags & VPROF_THREAD_WINDOWS) &&
		    (factor < SCALE_MIN || factor > SCALE_MAX))
			continue;
		s->target_ns = active_ns;
		if (profile->keep_thread[i] && s->target_ns != s->sampled_ns)
			cpu->scaled_threads++;
	}
	return scale;
}

/* Scales one weight so that the weights of a thread add up to its target to
 * the nanosecond: each takes the difference of the rounded running sums. */
static uint64_t scaled(struct scale *scale, uint64_t weight_ns)
{
	uint64_t out;

	if (scale->target_ns == scale->sampled_ns)
		return weight_ns;
	scale->in_ns += weight_ns;
	out = (uint64_t)((unsigned __int128)scale->in_ns * scale->target_ns / scale->sampled_ns);
	weight_ns = out - scale->out_ns;
	scale->out_ns = out;
	return weight_ns;
}

static struct vr_cpu_row *row_at(struct vr_cpu *cpu, uint32_t node, uint32_t thread)
{
	int added;
	uint32_t *at = vr_map_at(&cpu->by_row, (uint64_t)thread << 32 | node, &added);

	if (added) {
		cpu->row = vr_xgrow(cpu->row, cpu->rows, &cpu->row_room, sizeof(*cpu->row));
		cpu->row[cpu->rows] = (struct vr_cpu_row){.node = node, .thread = thread};
		*at = (uint32_t)cpu->rows++;
	}
	return &cpu->row[*at];
}

/* Where a weight comes from. */
struct origin {
	uint32_t node, thread, label;
};

static void charge(struct vr_profile *profile, struct vr_cpu *cpu, const struct origin *origin,
		   uint64_t ns, uint64_t samples)
{
	uint32_t node = origin->node;

	if (node == VPROF_NODE_ROOT)
		node = vr_stacks_pseudo(profile->stacks, VR_PSEUDO_NO_STACK);
	if (vr_stacks_own_work(profile->stacks, node)) {
		cpu->hooks_ns += ns;
		return;
	}
	cpu->self_ns[node] += ns;
	cpu->self_samples[node] += samples;
	cpu->total_ns += ns;
	cpu->total_samples += samples;
	if (cpu->by_thread) {
		struct vr_cpu_row *row = row_at(cpu, node, origin->thread);

		row->ns += ns;
		row->samples += samples;
	}
	cpu->label_ns[origin->label] += ns;
	cpu->label_samples[origin->label] += samples;
}

static void add_tables(struct vr_profile *profile, struct vr_cpu *cpu, struct scale *scale)
{
	const struct vr_file *file = profile->file;

	for (uint32_t i = 0; i < file->n_cpus; i++) {
		const struct vprof_cpu *row = &file->cpu[i];
		uint32_t node = row->node;
		uint64_t ns;

		if (!row->samples && !row->weight_ns)
			continue;
		if (!profile->keep_thread[row->thread])
			continue;
		if (i == 0 && node <= VPROF_NODE_OVERFLOW)
			node = vr_stacks_pseudo(profile->stacks, VR_PSEUDO_CPU_FULL);
		ns = scaled(&scale[row->thread], row->weight_ns);
		if (vr_profile_keeps_label(profile, row->label))
			charge(profile, cpu, &(struct origin){node, row->thread, row->label}, ns,
			       row->samples);
	}
}

/* Thread CPU time that no sample covers, where the kernel hides its own. */
static void add_kernel(struct vr_profile *profile, struct vr_cpu *cpu, const struct scale *scale)
{
	const struct vr_file *file = profile->file;

	for (uint32_t i = 0; i < file->n_threads; i++) {
		uint64_t rest;

		if (!profile->keep_thread[i] || !hides_kernel(file, i) ||
		    vprof_thread_active_ns(&file->header, &file->thread[i]) <= scale[i].sampled_ns)
			continue;
		rest =
		    vprof_thread_active_ns(&file->header, &file->thread[i]) - scale[i].sampled_ns;
		cpu->kernel_ns += rest;
		charge(profile, cpu,
		       &(struct origin){vr_stacks_pseudo(profile->stacks, VR_PSEUDO_KERNEL), i, 0},
		       rest, 0);
	}
}

static void add_events(struct vr_profile *profile, struct vr_cpu *cpu, const struct scale *scale)
{
	const struct vr_file *file = profile->file;
	struct scale *each = vr_xcalloc(file->n_threads, sizeof(*each));

	memcpy(each, scale, file->n_threads * sizeof(*each));
	for (size_t i = 0; i < file->n_events; i++) {
		const struct vprof_event *event = &file->event[i];
		uint64_t ns;

		if (event->kind != VPROF_EV_CPU || !profile->keep_thread[event->thread] ||
		    !vr_profile_in_window(profile, event->t_ns))
			continue;
		ns = scaled(&each[event->thread], event->value);
		if (vr_profile_keeps_label(profile, event->arg))
			charge(profile, cpu,
			       &(struct origin){event->node, event->thread, event->arg}, ns, 1);
	}
	free(each);
	cpu->window_cut = file->wrapped && profile->select.since_ns < file->oldest_event_ns;
	cpu->window_no_kernel = (file->header.flags & VPROF_F_EXCLUDE_KERNEL) != 0;
}

/* The stacks off the CPU are nodes of their own, but for what no table had room for. */
static void add_wall(const struct vr_profile *profile, struct vr_cpu *cpu)
{
	for (size_t i = 0; i < cpu->wall->rows; i++) {
		const struct vr_wall_row *row = &cpu->wall->row[i];

		if (vr_wall_is_idle(row->class) && !profile->select.idle)
			continue;
		cpu->self_ns[row->node] += row->ns;
		cpu->total_ns += row->ns;
		cpu->on_cpu_ns += row->class == VPROF_CLASS_RUN ? row->ns : 0;
		if (cpu->by_thread) {
			struct vr_cpu_row *one = row_at(cpu, row->node, row->thread);

			one->ns += row->ns;
			one->off_cpu = row->class != VPROF_CLASS_RUN;
		}
	}
}

/* One sample may stand for fifty others: the square of the sum by the sum of squares. */
static uint64_t worth_of(const struct vr_cpu *cpu, uint32_t nodes)
{
	double sum = 0, squares = 0;

	for (uint32_t i = 0; i < nodes; i++) {
		double ns = (double)cpu->self_ns[i];

		if (!cpu->self_samples[i])
			continue;
		sum += ns;
		squares += ns * ns / (double)cpu->self_samples[i];
	}
	return squares > 0 ? (uint64_t)(sum * sum / squares + 0.5) : cpu->total_samples;
}

static struct vr_cpu *count(struct vr_profile *profile, int by_thread)
{
	struct vr_cpu *cpu = vr_xcalloc(1, sizeof(*cpu));
	struct scale *scale = thread_scales(profile, cpu);

	cpu->by_thread = by_thread;
	if (profile->select.wall)
		cpu->wall = vr_wall_new(profile); /* before there are arrays by node */
	cpu->self_ns = vr_xcalloc(profile->stacks->n_nodes, sizeof(*cpu->self_ns));
	cpu->self_samples = vr_xcalloc(profile->stacks->n_nodes, sizeof(*cpu->self_samples));
	cpu->label_ns = vr_xcalloc(vr_file_string_ids(profile->file), sizeof(*cpu->label_ns));
	cpu->label_samples =
	    vr_xcalloc(vr_file_string_ids(profile->file), sizeof(*cpu->label_samples));
	for (uint32_t i = 0; i < profile->file->n_threads; i++)
		if (vr_profile_is_helper(profile, i))
			cpu->helper_ns += profile->file->thread[i].cpu_ns;
	if (!cpu->helper_ns)
		cpu->helper_ns = profile->file->header.own_cpu_ns;
	if (profile->select.windowed) {
		add_events(profile, cpu, scale);
	} else {
		add_tables(profile, cpu, scale);
		if (profile->file->header.flags & VPROF_F_EXCLUDE_KERNEL &&
		    profile->file->header.engine != VPROF_ENGINE_OFF) {
			if (profile->keep_label)
				cpu->label_no_kernel = 1;
			else
				add_kernel(profile, cpu, scale);
		}
	}
	cpu->on_cpu_ns = cpu->total_ns;
	cpu->worth = worth_of(cpu, profile->stacks->n_nodes);
	if (cpu->wall)
		add_wall(profile, cpu);
	free(scale);
	return cpu;
}

struct vr_cpu *vr_cpu_new(struct vr_profile *profile)
{
	return count(profile, 0);
}

struct vr_cpu *vr_cpu_new_by_thread(struct vr_profile *profile)
{
	return count(profile, 1);
}

void vr_cpu_free(struct vr_cpu *cpu)
{
	if (!cpu)
		return;
	free(cpu->row);
	vr_map_free(&cpu->by_row);
	free(cpu->self_ns);
	free(cpu->self_samples);
	free(cpu->label_ns);
	free(cpu->label_samples);
	vr_wall_free(cpu->wall);
	free(cpu);
}

uint64_t vr_cpu_thread_ns(const struct vr_profile *profile, uint32_t thread)
{
	const struct vprof_thread *t = &profile->file->thread[thread];

	return t->cpu_ns ? t->cpu_ns : t->sampled_ns;
}
