/* base/log.h - what the program says, at tor's levels
 *
 * One line a call, to all sinks whose level range takes it: stdout, stderr, a
 * file, syslog.  Whatever a peer or client sent goes through log_text(),
 * which escapes what is not printable, or through addr_show(), which scrubs.
 * Names, addresses and ports of clients and destinations never stand in a line
 * unless SafeLogging is 0 (log_scrub()).
 *
 * Before any sink is set, notice and worse go to stdout.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stddef.h>
#include <stdint.h>

enum log_level { LL_NONE, LL_ERR, LL_WARN, LL_NOTICE, LL_INFO, LL_DEBUG };
enum log_domain {
	LD_GENERAL, LD_CONFIG, LD_NET, LD_CHAN, LD_DIR, LD_GUARD, LD_CIRC,
	LD_STREAM, LD_DNS, LD_CONTROL, LD_NDOMAINS
};
enum log_where { LOG_TO_STDOUT, LOG_TO_STDERR, LOG_TO_FILE, LOG_TO_SYSLOG };

struct log_limit {		/* at most one line per @every_s; zeroed is new */
	int64_t		every_s;
	int64_t		last;
	unsigned	held;	/* lines not shown since the last */
};

void	log_at(enum log_level, enum log_domain, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));
void	log_limited(struct log_limit *, enum log_level, enum log_domain,
	    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
int	log_wants(enum log_level);	/* would anybody see it? */

#define log_err(d, ...)		log_at(LL_ERR, d, __VA_ARGS__)
#define log_warn(d, ...)	log_at(LL_WARN, d, __VA_ARGS__)
#define log_notice(d, ...)	log_at(LL_NOTICE, d, __VA_ARGS__)
#define log_info(d, ...)	log_at(LL_INFO, d, __VA_ARGS__)
#define log_debug(d, ...) do {						\
	if (log_wants(LL_DEBUG))					\
		log_at(LL_DEBUG, d, __VA_ARGS__);			\
} while (0)

/* Peer's or client's text, escaped and cut to fit @out. */
const char *log_text(char *out, size_t max, const void *, size_t len);
/* "[scrubbed]", or @s itself where scrubbing is off. */
const char *log_scrub(const char *s);

void	log_set_scrub(int on);		/* SafeLogging; on by default */
/* Sinks: opened into a new set, which replaces the old one whole. */
struct log_set;
struct log_set *log_set_new(void);
int	log_set_add(struct log_set *, enum log_level from, enum log_level to,
	    enum log_where, const char *path);	/* 0 or -errno */
/* The same, with the domains (1 << LD_*) that are wanted at each level. */
int	log_set_add_domains(struct log_set *, const unsigned *domains,
	    enum log_where, const char *path);
/* How lines look: time stamps rounded down to @granularity_ms (0: 1 ms), and
 * what to add to our name in syslog (NULL: nothing; cut at 32 characters). */
void	log_set_style(struct log_set *, int64_t granularity_ms,
	    const char *syslog_tag);
void	log_set_use(struct log_set *);		/* taken; NULL: the default */
int	log_open(const char *path);	/* as a sink's; or -errno */
void	log_set_free(struct log_set *);		/* one that was not used */
enum { LOG_SINKS_MAX = 16 };
int	log_level_parse(const char *, size_t);	/* or -EINVAL */

/* Tests look at what was said. */
void	log_capture(void (*fn)(void *, enum log_level, const char *), void *);

#endif
