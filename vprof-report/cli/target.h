/* Can libvprof be loaded into a program?  Told by the files, before anything runs. */
#ifndef VR_TARGET_H
#define VR_TARGET_H

enum vr_target_trouble {
	VR_TARGET_FINE,
	VR_TARGET_ABSENT,  /* the program, its interpreter or its loader is not there */
	VR_TARGET_REFUSED, /* it is there and cannot be executed */
	VR_TARGET_UNFIT	   /* it would run, and the library would not be in it */
};

struct vr_target {
	enum vr_target_trouble trouble;
	char *path;   /* as execvp would find it; NULL: nowhere */
	char *object; /* the ELF file that runs: it, or a script's interpreter; NULL: not known */
	char *why;    /* one clause, "it is linked statically"; NULL where it is fine */
	char *fix;    /* one clause, what to do; NULL where there is nothing */
};

/* Looks a program up as execvp would, and at what it is.
 *
 *   name     as typed: a path, or a name to be found in PATH
 *   library  path of libvprof.so; NULL: not known, then what libc it wants is not either
 *
 * vr_target_free() in any case. */
void vr_target_look(const char *name, const char *library, struct vr_target *target);
void vr_target_free(struct vr_target *target);

#endif
