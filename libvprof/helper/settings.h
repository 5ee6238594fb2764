/* What of VPROF_OPTIONS can change in a running process: vprof-report ctl FILE set KEY=VALUE. */
#ifndef VP_HELPER_SETTINGS_H
#define VP_HELPER_SETTINGS_H

/* Changes one key.
 *   text  key=value
 *   why   [out] where it is refused: one line for who asked
 * Returns 0; -ENOENT for an unknown key, -EPERM for one that is fixed at the start, -EINVAL
 * for a bad value, -EOPNOTSUPP for what this process cannot do.
 * Context: helper thread. */
struct vp_text;
int vp_settings_change(const char *text, struct vp_text *why);

#endif
