/* tests/daemon/onionfake.h - names that tests use for onion services */
#ifndef TESTS_DAEMON_ONIONFAKE_H
#define TESTS_DAEMON_ONIONFAKE_H

/* Of a real service (torproject.org); the second has another last letter but
 * one, so that its checksum is wrong. */
#define ONION_GOOD \
	"2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid.onion"
#define ONION_BAD \
	"2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wad.onion"
#define ONION_V2 "expyuzz4wqqyqhjn.onion"

#endif
