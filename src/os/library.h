/* Shared libraries that most processes never use: loaded when they are first asked for, so that what they are and what they
 * pull in (dozens of libraries) costs no start and no memory before. The functions keep their names: LIBRARY_FORWARD makes each
 * of them, from a table, in the one room that uses the library; it loads the library and calls the function there. */
#ifndef VIVIM_OS_LIBRARY_H
#define VIVIM_OS_LIBRARY_H

#include <pthread.h>

#include "base/base.h"

struct library {
    const char *file;         /* "libpq.so.5" */
    const char *const *names; /* of `count` functions, each of which must be in it */
    void **functions;         /* the same, when it is loaded */
    size_t count;
    pthread_mutex_t lock; /* PTHREAD_MUTEX_INITIALIZER */
    _Atomic bool loaded;
};

/* Load it, once; any thread. E_INTERNAL: the note says what is missing; another call tries again. It stays loaded. */
NODISCARD err_t library_load(struct library *l);
/* For LIBRARY_FORWARD: loads it too, and that it can be loaded is asserted: who needs it to be friendly asks library_load before. */
void *library_function(struct library *l, size_t at);

/* X(type, name, parameters in brackets, arguments in brackets) */
#define LIBRARY_AT(type, name, params, args)   AT_##name,
#define LIBRARY_NAME(type, name, params, args) #name,
#define LIBRARY_FORWARD(type, name, params, args)                           \
    type name params                                                        \
    {                                                                       \
        return ((type(*) params)library_function(&library, AT_##name))args; \
    }

#endif
