/* The parts of the verb doctor.  Each part looks at one thing and adds what it found. */
#ifndef VR_VERB_DOCTOR_H
#define VR_VERB_DOCTOR_H

#include "model/profile.h"
#include "verbs/verb.h"

enum vr_health {
	VR_HEALTH_FINE,
	VR_HEALTH_LESS, /* a profile says less than it could */
	VR_HEALTH_BAD	/* there is no profile, or a wrong one */
};

struct vr_check {
	const char *about;
	enum vr_health health;
	char *text; /* what was found */
	char *fix;  /* what to do about it; NULL where all is well */
};

struct vr_doctor {
	struct vr_check *check;
	size_t count, room;
	int perf;      /* 1: the kernel takes samples for us */
	char *library; /* libvprof.so; NULL: nowhere */
};

/* Takes both texts; `fix` may be NULL. */
void vr_doctor_add(struct vr_doctor *doctor, const char *about, enum vr_health health, char *text,
		   char *fix);

/* --- machine.c: the library and what it needs */
void vr_doctor_library(struct vr_doctor *doctor);
/* --- perf.c: what the kernel lets us sample */
void vr_doctor_perf(struct vr_doctor *doctor);
/* --- limits.c: descriptors, sizes, and the place of the record */
void vr_doctor_limits(struct vr_doctor *doctor);
/* --- trial.c: a program that is recorded, to see what comes of it */
void vr_doctor_trial(struct vr_doctor *doctor);
/* --- program.c: one program, by its file.  After the trial: LD_PRELOAD is taken out of the
 * environment */
void vr_doctor_program(struct vr_doctor *doctor, const char *name);
/* What would bring names or lines of an object; free() it. */
char *vr_doctor_debug_fix(const char *path, const char *build_id);
/* --- record.c: what one run suffered from */
void vr_doctor_record(struct vr_doctor *doctor, struct vr_profile *profile);

/* The first line of a small file, or a field of it ("Seccomp"); -1: not known. */
long vr_doctor_number(const char *path, const char *field);

#endif
