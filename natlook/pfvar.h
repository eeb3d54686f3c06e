/* natlook/pfvar.h - the question that pf answers: DIOCNATLOOK
 *
 * Where the system has net/pfvar.h that is what counts.  Elsewhere (on Linux,
 * for the test with a fake pf) it is the layout of OpenBSD 7's pfvar.h, of
 * which FreeBSD's differs in having no routing domains.
 */
#ifndef NATLOOK_PFVAR_H
#define NATLOOK_PFVAR_H

#include <sys/types.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <netinet/in.h>

#if defined(__OpenBSD__) || defined(__FreeBSD__) || defined(__NetBSD__)
#include <net/if.h>
#include <net/pfvar.h>
#define NATLOOK_HAVE_PF 1
#else
#include <stdint.h>

struct pf_addr {
	union {
		struct in_addr	v4;
		struct in6_addr	v6;
		uint8_t		addr8[16];
		uint16_t	addr16[8];
		uint32_t	addr32[4];
	} pfa;
};

struct pfioc_natlook {
	struct pf_addr	saddr;
	struct pf_addr	daddr;
	struct pf_addr	rsaddr;
	struct pf_addr	rdaddr;
	uint16_t	rdomain;
	uint16_t	rrdomain;
	uint16_t	sport;		/* ports in network order */
	uint16_t	dport;
	uint16_t	rsport;
	uint16_t	rdport;
	sa_family_t	af;
	uint8_t		proto;
	uint8_t		direction;
};

enum { PF_INOUT, PF_IN, PF_OUT };

#define DIOCNATLOOK	_IOWR('D', 23, struct pfioc_natlook)
#define NATLOOK_HAVE_PF 0
#endif

#endif
