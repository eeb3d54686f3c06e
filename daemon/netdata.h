/* daemon/netdata.h - the live network's authorities and fallback mirrors
 *
 * Facts about the public network as tor 0.4.9.11 ships them (authorities as
 * of that release; fallback list generated 2026-06-25), as the values of
 * DirAuthority and FallbackDir lines.  Both lists end with NULL.
 */
#ifndef DAEMON_NETDATA_H
#define DAEMON_NETDATA_H

extern const char *const netdata_authorities[];
extern const char *const netdata_fallbacks[];

#endif
