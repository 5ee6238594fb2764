/* One-line messages on stderr. Owned by the process: the level is set once at start,
 * before threads exist. Never writes to stdout, which belongs to the reports. */
#ifndef MON_LOG_H
#define MON_LOG_H

enum mon_log_level {
	MON_LOG_ERROR,
	MON_LOG_WARN,
	MON_LOG_INFO,
};

/* Drops messages above this level. Context: before threads are started. */
void mon_log_set_level(enum mon_log_level level);

/* Writes "monitor: [warning: ]text" and a newline in one write.
 *
 * Context: any thread; longer lines than 512 bytes are cut. */
void mon_log(enum mon_log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
