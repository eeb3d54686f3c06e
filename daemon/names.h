/* daemon/names.h - clients' questions for names, answered by the engine
 *
 * What policy lets leave (policy.h) is resolved through a circuit; the rest
 * does not exist.
 */
#ifndef DAEMON_NAMES_H
#define DAEMON_NAMES_H

#include <stdint.h>

struct dns_from;
struct dnsport;
struct loop;
struct names;
struct onion;

enum { NAMES_TOKEN = 16 };

struct names_conf {
	struct loop	*loop;
	struct onion	*onion;
	/* Whose circuit a question may share. */
	void		(*token)(void *arg, const struct dns_from *,
			    const char *name, uint8_t token[NAMES_TOKEN]);
	void		*arg;
};

int	names_new(struct names **, const struct names_conf *);	/* or -ENOMEM */
void	names_free(struct names *);		/* forgets what is asked */
struct dnsport *names_dnsport(struct names *);	/* the server */
uint64_t names_rejected(const struct names *);	/* that may not leave */

#endif
