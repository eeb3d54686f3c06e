/* onion/path/path_int.h - what path.c and path_enough.c share */
#ifndef ONION_PATH_PATH_INT_H
#define ONION_PATH_PATH_INT_H

#include "onion/path/path.h"
#include "onion/path/vanguard.h"
#include "onion/path/weights.h"

enum path_table {
	TABLE_EXIT, TABLE_ANY_EXIT, TABLE_MIDDLE, TABLE_END, TABLE_FIRST, TABLE_DIR, TABLES
};

struct map;
struct wtable;

struct bad_exit {
	uint8_t	rsa[20];
	int64_t	until;		/* ms */
};

struct path_ctx {
	struct loop		*loop;
	struct path_conf	 conf;
	uint16_t		 long_lived[PATH_LONG_LIVED_MAX];
	const struct netdir	*nd;
	struct weights		 weights;
	struct wtable		*table[TABLES];	/* NULL: not made yet */
	struct map		*bad;		/* struct bad_exit by RSA id */
	struct vanguards	 vanguards;
};

#endif
