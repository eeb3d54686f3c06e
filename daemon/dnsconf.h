/* daemon/dnsconf.h - what a configuration says of the DNS server
 *
 * With the files that it names, read.  A copy: nothing is borrowed from the
 * configuration.
 */
#ifndef DAEMON_DNSCONF_H
#define DAEMON_DNSCONF_H

struct conf;
struct dnsconf;
struct dnsport_conf;

extern const char dnsconf_system_ca[];	/* read without DNSUpstreamCA */

/* 0; or negative, where a file can't be read or has nothing of use in it; the
 * log says which. */
int	dnsconf_new(struct dnsconf **, const struct conf *);
void	dnsconf_free(struct dnsconf *);
const struct dnsport_conf *dnsconf_get(const struct dnsconf *);

#endif
