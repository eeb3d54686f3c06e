/* daemon/selftest_stimuli.h - what is sent, so that it may not get out
 *
 * Each stimulus says how much of it could be sent; what became of it is the
 * oracle's to see.  They are the same with the program and without.
 */
#ifndef DAEMON_SELFTEST_STIMULI_H
#define DAEMON_SELFTEST_STIMULI_H

#include <stdint.h>

#include "daemon/selftest_lab.h"

struct shot {				/* where frames are sent, and what all
					 * of them have in common */
	struct lab	*lab;
	int		 raw;
	enum lab_family	 family;
	struct packet_way way;
	const struct lab_lan *lan;	/* NULL: from an uplink */
	uint16_t	 sport;
	unsigned	 sent;
	void		(*drain)(void *arg);	/* now and then, or NULL */
	void		*arg;
};

typedef void stimulus(struct shot *);	/* of frames */

/* A client's frames to @way's dst, which is the far side. */
stimulus stim_protocols, stim_ports, stim_flags, stim_udp, stim_icmp,
    stim_names, stim_fragments, stim_options, stim_forged, stim_inner,
    stim_hops, stim_relay, stim_few;
/* From the net, for the gateway itself, and for whoever is behind it. */
stimulus stim_knock, stim_inject;

void	shot_from_lan(struct shot *, struct lab *, unsigned lan,
	    enum lab_family);
/* From the net, as if from the far side, to @dst. */
void	shot_from_net(struct shot *, struct lab *, unsigned uplink,
	    enum lab_family, const struct addr *dst);
void	shoot(struct shot *, const struct packet *);

/* Of the gateway's own programs, by both families. */
unsigned stim_own_sockets(struct lab *);	/* to the far side */
unsigned stim_own_relay(struct lab *);		/* to a relay */
unsigned stim_own_bound(struct lab *);		/* by an interface, and marked */
unsigned stim_own_raw(struct lab *);
unsigned stim_own_packet(struct lab *);
unsigned stim_own_multicast(struct lab *);

/* What names a frame of one test, in what it carries. */
#define STIM_TOKEN	"onion-transparent selftest: "

#endif
