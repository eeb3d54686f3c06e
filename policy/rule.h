/* policy/rule.h - FlowRule: what the operator says of single flows
 *
 *	ACTION [from NET] [mac MAC] [in INTERFACE] [user NAME|UID] [app CGROUP]
 *	       [to NET|NAME|.NAME|*.NAME|*|{CC}] [port N[-M][,N[-M]...]]
 *	       [proto tcp|udp|icmp] [time [DAYS,]HH:MM-HH:MM|DAYS]
 *	       [isolate=WHAT[,WHAT...]] [exit=NODES] [accept=deferred|optimistic]
 *	       [dotexit]
 *
 * A rule is plain data: it is copied by assignment and owns nothing.  A table
 * is an array of them, of which the first that matches decides (rules.h).
 * Zeroed memory is a rule that drops everything.
 *
 * What is not known of a flow matches no rule that asks for it; see
 * rules_unsure() for what then is not direct.
 */
#ifndef POLICY_RULE_H
#define POLICY_RULE_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

enum rule_action {
	RULE_DROP,			/* silence */
	RULE_REJECT,			/* told so at once */
	RULE_TORIFY,			/* through a circuit */
	RULE_DIRECT			/* past Tor: the far side sees us */
};

enum rule_accept {
	RULE_ACCEPT_UNSAID,		/* as is best for the flow */
	RULE_ACCEPT_DEFERRED,		/* once the far side has */
	RULE_ACCEPT_OPTIMISTIC		/* at once */
};

enum rule_to {
	RULE_TO_ANY,			/* all the same */
	RULE_TO_NET,			/* @to */
	RULE_TO_NAME,			/* @name */
	RULE_TO_WITHIN,			/* .NAME: @name, and what is below it */
	RULE_TO_BELOW,			/* *.NAME: only what is below @name */
	RULE_TO_NAMED,			/* *: whatever has a name */
	RULE_TO_COUNTRY			/* @country */
};

enum rule_proto {
	RULE_PROTO_ANY,
	RULE_PROTO_TCP,
	RULE_PROTO_UDP,
	RULE_PROTO_ICMP			/* of either family */
};

enum rule_isolate {			/* streams that differ in it ... */
	RULE_ISOLATE_CLIENT	= 1 << 0,
	RULE_ISOLATE_DEST	= 1 << 1,
	RULE_ISOLATE_PORT	= 1 << 2,
	RULE_ISOLATE_USER	= 1 << 3,
	RULE_ISOLATE_APP	= 1 << 4,
	RULE_ISOLATE_NAME	= 1 << 5,
	RULE_ISOLATE_FLOW	= 1 << 6	/* each by itself */
};					/* ... share no circuit */

enum {
	RULE_PORTS_MAX = 16,		/* ranges in one rule */
	RULE_IN_MAX = 15,		/* bytes of an interface's name */
	RULE_USER_MAX = 32,
	RULE_APP_MAX = 127,		/* bytes of a cgroup's path */
	RULE_NAME_MAX = 253,
	RULE_EXIT_MAX = 255,
	RULE_TEXT = 1200,		/* fits any rule and a NUL */
	RULE_WHY = 120,
	RULE_DAY = 24 * 60,		/* minutes */
	RULE_WEEK = 7 * RULE_DAY
};

struct rule_ports {
	uint16_t	lo, hi;		/* both are in it */
};

struct rule {
	uint8_t		action;		/* enum rule_action */
	uint8_t		accept;		/* enum rule_accept */
	uint8_t		dotexit;	/* its names may choose an exit */
	uint8_t		isolate;	/* RULE_ISOLATE_*; 0: as its door says */
	uint8_t		proto;		/* enum rule_proto */
	uint8_t		to_kind;	/* enum rule_to */
	uint8_t		nports;		/* 0: any port */
	uint8_t		has_mac, has_uid;
	uint8_t		days;		/* 1 << 0: Monday ...; 0: always */
	uint16_t	begin, end;	/* minutes of those days; @end is not
					 * in it, and is of the next day where
					 * it is not after @begin */
	uint8_t		mac[6];
	uint32_t	uid;		/* of @user: rule_parse() knows numbers,
					 * its caller sets others' */
	struct addr_net	from, to;	/* family 0: anywhere */
	struct rule_ports ports[RULE_PORTS_MAX];
	char		country[3];	/* small letters */
	char		in[RULE_IN_MAX + 1];
	char		user[RULE_USER_MAX + 1];
	char		app[RULE_APP_MAX + 1];	/* it, and what is below it */
	char		name[RULE_NAME_MAX + 1];	/* small letters */
	char		exit[RULE_EXIT_MAX + 1];	/* nodes, as in ExitNodes; not
						 * looked into here */
};

struct rule_error {
	size_t		at;		/* of the word that is wrong: bytes
					 * before it in the text */
	char		why[RULE_WHY];
};

/* 0, or -EINVAL and what is wrong; then @rule is not touched.  With 0 the error
 * has the place of the user's name, if there is one: who that is its caller has
 * to find out. */
int	rule_parse(struct rule *, const char *text, struct rule_error *);
/* The one form that rule_parse() gives back exactly. */
const char *rule_text(const struct rule *, char out[RULE_TEXT]);

/* What is known of a flow; zero and NULL: nothing. */
struct rule_flow {
	struct addr	 client, dest;	/* dest's family 0: it has a name only */
	const uint8_t	*mac;		/* 6 bytes */
	const char	*in;		/* the interface that it came by: "lo",
					 * of a program of this host; "": by
					 * none, and such a program's, too */
	const char	*app;		/* the cgroup of its program */
	const uint32_t	*uid;		/* of its program */
	/* All that the destination is called, in small letters: what is
	 * connected to, or what the client was told has that address. */
	const char	*const *names;
	size_t		 nnames;
	char		 country[3];	/* of the destination; "": unknown */
	uint8_t		 proto;		/* enum rule_proto */
	uint8_t		 any_port;	/* no flow, but whatever goes there: a
					 * name is asked for */
	uint8_t		 has_time;
	uint16_t	 minute;	/* of the week, from Monday 0:00 */
};

int	rule_matches(const struct rule *, const struct rule_flow *);
/* Is it about destinations of a certain name, and is that one of them? */
int	rule_is_by_name(const struct rule *);
int	rule_names(const struct rule *, const char *name);
/* Does it, at some time, speak of the destination alone, and so of whoever
 * connects there by whichever port? */
int	rule_is_plain(const struct rule *);

/* Do clients that it matches share circuits, which they would not by default? */
int	rule_merges_clients(const struct rule *);

enum rule_fact {			/* of a flow, that may be unknown */
	RULE_FACT_CLIENT	= 1 << 0,
	RULE_FACT_MAC		= 1 << 1,
	RULE_FACT_IN		= 1 << 2,
	RULE_FACT_USER		= 1 << 3,
	RULE_FACT_APP		= 1 << 4,
	RULE_FACT_NAME		= 1 << 5,	/* of an address */
	RULE_FACT_COUNTRY	= 1 << 6,	/* the same */
	RULE_FACT_TIME		= 1 << 7
};
/* Could it match if more were known?  Then *@lacks is what: 0, it matches as it
 * is.  What goes to a name alone never has an address. */
int	rule_could_match(const struct rule *, const struct rule_flow *,
	    unsigned *lacks);

#endif
