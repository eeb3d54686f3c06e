/* onion/circ/predict.h - which ports will be wanted next (path-spec 2.1.1)
 *
 * A port that was used is expected again for a while; for each of them the
 * pool keeps clean circuits at hand.  A plain value, given the time.
 */
#ifndef ONION_CIRC_PREDICT_H
#define ONION_CIRC_PREDICT_H

#include <stddef.h>
#include <stdint.h>

enum { PREDICT_PORTS_MAX = 24 };

struct predict {
	struct {
		uint16_t	port;
		int64_t		seen;	/* ms */
	}	 row[PREDICT_PORTS_MAX];
	size_t	 n;
};

void	predict_init(struct predict *, int64_t now);	/* begins with 443 */
void	predict_note(struct predict *, uint16_t port, int64_t now);
void	predict_drop(struct predict *, uint16_t port);
/* Ports seen since @now - @keep_ms, each once; older ones are forgotten. */
size_t	predict_ports(struct predict *, int64_t now, int64_t keep_ms,
	    uint16_t out[PREDICT_PORTS_MAX]);

#endif
