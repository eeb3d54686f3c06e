/* onion/hs/hsauth.h - keys of clients for services that want them
 * (ClientOnionAuthDir; rend-spec-v3 G)
 *
 * A folder of files NAME.auth_private with a line each:
 *	<56 characters>:descriptor:x25519:<base32 of a secret key>
 */
#ifndef ONION_HS_HSAUTH_H
#define ONION_HS_HSAUTH_H

#include <stddef.h>
#include <stdint.h>

struct hsauth;

enum { HSAUTH_MAX = 4096, HSAUTH_FILE_MAX = 4096 };

/* Reads a folder (NULL or "": none, an empty set).  A file that makes no sense
 * is told in the log and left out; a folder that can't be read, or that others
 * may write or read, is an error with a sentence in @why. */
int	hsauth_load(struct hsauth **, const char *dir, char *why, size_t max);
void	hsauth_free(struct hsauth *);		/* wipes them */
size_t	hsauth_count(const struct hsauth *);
/* The secret key for that service, or NULL. */
const uint8_t *hsauth_key(const struct hsauth *, const uint8_t service[32]);

/* One file's line: 0, or -EBADMSG with what is wrong in @why. */
int	hsauth_parse(const char *text, size_t len, uint8_t service[32],
	    uint8_t key[32], const char **why);

#endif
