/* libcurl, loaded when something is fetched for the first time, or a command speaks to its server (os/library.h). */
#include "net/curl_library.h"

#include <stdarg.h>

#include "os/library.h"

#define CURL_TABLE(X)                                                                         \
    X(CURL *, curl_easy_init, (void), ())                                                     \
    X(void, curl_easy_cleanup, (CURL * c), (c))                                               \
    X(CURLcode, curl_easy_perform, (CURL * c), (c))                                           \
    X(void, curl_easy_reset, (CURL * c), (c))                                                 \
    X(const char *, curl_easy_strerror, (CURLcode code), (code))                              \
    X(void, curl_free, (void *p), (p))                                                        \
    X(CURLM *, curl_multi_init, (void), ())                                                   \
    X(CURLMcode, curl_multi_cleanup, (CURLM * m), (m))                                        \
    X(CURLMcode, curl_multi_add_handle, (CURLM * m, CURL * c), (m, c))                        \
    X(CURLMcode, curl_multi_remove_handle, (CURLM * m, CURL * c), (m, c))                     \
    X(CURLMcode, curl_multi_perform, (CURLM * m, int *running), (m, running))                 \
    X(CURLMcode, curl_multi_poll,                                                             \
      (CURLM * m, struct curl_waitfd * fds, unsigned n, int timeout_ms, int *ready),          \
      (m, fds, n, timeout_ms, ready))                                                         \
    X(CURLMsg *, curl_multi_info_read, (CURLM * m, int *left), (m, left))                     \
    X(struct curl_slist *, curl_slist_append, (struct curl_slist * l, const char *s), (l, s)) \
    X(void, curl_slist_free_all, (struct curl_slist * l), (l))                                \
    X(CURLU *, curl_url, (void), ())                                                          \
    X(void, curl_url_cleanup, (CURLU * u), (u))                                               \
    X(CURLUcode, curl_url_get, (CURLU * u, CURLUPart part, char **ret, unsigned flags),       \
      (u, part, ret, flags))                                                                  \
    X(CURLUcode, curl_url_set, (CURLU * u, CURLUPart part, const char *text, unsigned flags), \
      (u, part, text, flags))
#define CURL_ANY_TABLE(X)                                      \
    X(CURLcode, curl_easy_setopt, (CURL *, CURLoption, ...), ) \
    X(CURLcode, curl_easy_getinfo, (CURL *, CURLINFO, ...), )

enum { CURL_TABLE(LIBRARY_AT) CURL_ANY_TABLE(LIBRARY_AT) CURL_COUNT };
static const char *const NAMES[] = { CURL_TABLE(LIBRARY_NAME) CURL_ANY_TABLE(LIBRARY_NAME) };
static void *functions[CURL_COUNT];
static struct library library = { .file = "libcurl.so.4",
                                  .names = NAMES,
                                  .functions = functions,
                                  .count = CURL_COUNT,
                                  .lock = PTHREAD_MUTEX_INITIALIZER };

CURL_TABLE(LIBRARY_FORWARD)

/* Their one further argument is a long, a curl_off_t or a pointer: all are of one size, and are passed in one way. */
_Static_assert(sizeof(void *) == sizeof(long) && sizeof(void *) == sizeof(curl_off_t),
               "an argument of any of these types can be handed on as a pointer");

CURLcode(curl_easy_setopt)(CURL *c, CURLoption option, ...)
{
    va_list args;
    va_start(args, option);
    void *value = va_arg(args, void *);
    va_end(args);
    return ((CURLcode(*)(CURL *, CURLoption, ...))library_function(&library, AT_curl_easy_setopt))(
        c, option, value);
}

CURLcode(curl_easy_getinfo)(CURL *c, CURLINFO info, ...)
{
    va_list args;
    va_start(args, info);
    void *value = va_arg(args, void *);
    va_end(args);
    return ((CURLcode(*)(CURL *, CURLINFO, ...))library_function(&library, AT_curl_easy_getinfo))(
        c, info, value);
}

err_t curl_library_load(void)
{
    return library_load(&library);
}
