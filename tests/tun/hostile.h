/* tests/tun/hostile.h - rows of the threat catalogue, and what they need
 *
 * A row is a function of a case's number.  It says reason it fails by need(),
 * which ends it.
 */
#ifndef TESTS_TUN_HOSTILE_H
#define TESTS_TUN_HOSTILE_H

#include <stdint.h>
#include <stdio.h>

#include "tests/tun/rawclient.h"

enum {				/* echo_tun's ports */
	REFUSED = 1, NO_HOST = 2, PROHIBITED = 3, SILENT = 4, HOLD = 5,
	ECHO = 7, SOURCE = 19, DNS = 53
};
enum { UDP = 17, ICMP = 1, ICMP6 = 58, MIB = 1 << 20 };

struct row {
	const char	*name;
	void		(*fn)(int n);
	int		 n;		/* cases */
};

#define COUNT(t) (int)(sizeof(t) / sizeof((t)[0]))
#define ROW(fn, n) { #fn, fn, n }

/* To be played in this order: the end of hostile_ip leaves a crowd behind. */
extern const struct row hostile_tcp[], hostile_seg[], hostile_ip[];

extern int family, plain;		/* what is played now */
extern char reason[200];
extern const char *label;		/* of one of several cases */
extern int left_out;

#define need(x) do {							\
	if (!(x)) {							\
		snprintf(reason, sizeof(reason), "line %d: not so: %s",	\
		    __LINE__, #x);					\
		return;							\
	}								\
} while (0)

/* Where there is nothing to be asked, nothing is counted. */
#define only_if(x) do {							\
	if (!(x)) {							\
		left_out = 1;						\
		return;							\
	}								\
} while (0)

void	sleep_ms(int ms);
size_t	ip_head(void);
void	open_to(struct client *, uint16_t port);
/* Does one more client open, and is it served? */
int	serves(void);
/* A connection to the source of bytes: 1000 are under way, 20,000 were, and
 * the window was never larger than those 1000. */
void	in_flight(struct client *);
/* What has it got?  An empty segment behind the window must be answered. */
uint32_t where(struct client *);

#endif
