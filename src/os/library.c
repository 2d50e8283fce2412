#include "os/library.h"

#include <dlfcn.h>

static err_t find_all(struct library *l, void *handle)
{
    for (size_t i = 0; i < l->count; i++) {
        l->functions[i] = dlsym(handle, l->names[i]);
        if (!l->functions[i])
            return err_note(E_INTERNAL, NULL, "%s has no %s: another version is needed", l->file,
                            l->names[i]);
    }
    return OK;
}

static err_t load(struct library *l)
{
    void *handle = dlopen(l->file, RTLD_NOW | RTLD_LOCAL);
    if (!handle)
        return err_note(E_INTERNAL, NULL, "a library that this needs cannot be loaded: %s",
                        dlerror());
    err_t e = find_all(l, handle);
    if (e != OK)
        dlclose(handle);
    return e;
}

err_t library_load(struct library *l)
{
    if (l->loaded)
        return OK;
    pthread_mutex_lock(&l->lock);
    err_t e = l->loaded ? OK : load(l);
    if (e == OK)
        l->loaded = true;
    pthread_mutex_unlock(&l->lock);
    return e;
}

void *library_function(struct library *l, size_t at)
{
    err_t e = library_load(l);
    assert(e == OK);
    return l->functions[at];
}
