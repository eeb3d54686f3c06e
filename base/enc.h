/* base/enc.h - bytes as text: hexadecimal, base32 and base64
 *
 * Decoders take exactly the characters given (no NUL is needed, no white
 * space is passed over) and return the number of bytes, or -EINVAL where a
 * character or the length is wrong or @max would be exceeded.  Encoders write
 * a NUL; the buffer must hold 2 * n + 1, ENC_B32_LEN(n) or ENC_B64_LEN(n)
 * characters.
 */
#ifndef BASE_ENC_H
#define BASE_ENC_H

#include <stddef.h>
#include <stdint.h>

#define ENC_B32_LEN(n)	(((n) * 8 + 4) / 5 + 1)
#define ENC_B64_LEN(n)	(((n) + 2) / 3 * 4 + 1)

void	enc_hex(char *out, const void *, size_t n);		/* upper case */
int	dec_hex(void *out, size_t max, const char *, size_t n);
/* Lower case, without '='; decoded in either case. */
void	enc_b32(char *out, const void *, size_t n);
int	dec_b32(void *out, size_t max, const char *, size_t n);
void	enc_b64(char *out, const void *, size_t n);		/* with '=' */
void	enc_b64_bare(char *out, const void *, size_t n);	/* without */
int	dec_b64(void *out, size_t max, const char *, size_t n);	/* either */

#endif
