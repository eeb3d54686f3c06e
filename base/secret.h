/* base/secret.h - handling of key material
 *
 * secret_wipe() is never optimised away; secret_equal() takes the same time
 * wherever the difference is.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stddef.h>
#include <stdint.h>

void	secret_wipe(void *, size_t len);
int	secret_equal(const void *, const void *, size_t len);	/* 1 equal */
int	secret_is_zero(const void *, size_t len);		/* 1 all 0 */

#endif
