/* tun/drop.h - why a packet was dropped
 *
 * Every packet that leads to nothing is counted under one of these.
 */
#ifndef TUN_DROP_H
#define TUN_DROP_H

#define DROPS(X)							\
	X(RUNT,		"runt",		"shorter than its headers say")	\
	X(VERSION,	"version",	"neither IPv4 nor IPv6")	\
	X(HEADER,	"header",	"malformed IP header")		\
	X(OPTIONS,	"options",	"IP option that is not taken")	\
	X(FRAGMENT,	"fragment",	"fragment")			\
	X(CHECKSUM,	"checksum",	"wrong checksum")		\
	X(SOURCE,	"source",	"impossible source address")	\
	X(DEST,		"destination",	"impossible destination")	\
	X(PROTOCOL,	"protocol",	"protocol that is not carried")	\
	X(SEGMENT,	"segment",	"malformed TCP segment")	\
	X(STRAY,	"stray",	"TCP segment of no connection")	\
	X(WINDOW,	"window",	"TCP segment out of its window") \
	X(DATAGRAM,	"datagram",	"malformed UDP datagram")	\
	X(UNSERVED,	"unserved",	"UDP port that is not served")	\
	X(ICMP,		"icmp",		"ICMP message to nobody")	\
	X(LIMIT,	"limit",	"over a limit")			\
	X(MEMORY,	"memory",	"no memory")

enum drop {
	DROP_NOT,
#define X(id, name, text) DROP_##id,
	DROPS(X)
#undef X
	DROP_N
};

const char	*drop_name(enum drop);	/* "fragment" */
const char	*drop_text(enum drop);	/* for people */

#endif
