/* Messages of the program on stderr. */
#ifndef VR_WARN_H
#define VR_WARN_H

/* One line: "NAME: ..." (cli/program.h), in one write, what is harmful (cli/plain.h) escaped.
 * What stdout was told before comes first. */
__attribute__((format(printf, 1, 2))) void vr_warn(const char *format, ...);

/* Several lines, each as vr_warn("%s: %s", about, line). */
void vr_warn_lines(const char *about, const char *lines);

#endif
