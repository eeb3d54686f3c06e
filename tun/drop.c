/* tun/drop.c - why a packet was dropped */
#include "tun/drop.h"

static const char *const names[] = {
	"none",
#define X(id, name, text) name,
	DROPS(X)
#undef X
};

static const char *const texts[] = {
	"not dropped",
#define X(id, name, text) text,
	DROPS(X)
#undef X
};

const char *
drop_name(enum drop d)
{
	return names[d];
}

const char *
drop_text(enum drop d)
{
	return texts[d];
}
