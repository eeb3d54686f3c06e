/* base/sanitizer.h - is this a build with the address sanitizer?
 *
 * It needs files and system calls of its own, and has things to say at the end.
 */
#ifndef BASE_SANITIZER_H
#define BASE_SANITIZER_H

#ifndef __has_feature
#define __has_feature(x)	0
#endif

#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
enum { SANITIZERS = 1 };
#else
enum { SANITIZERS = 0 };
#endif

#endif
