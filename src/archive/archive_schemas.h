/* JSON Schemas of the archive's answers, registered at init. */
#ifndef VIVIM_ARCHIVE_ARCHIVE_SCHEMAS_H
#define VIVIM_ARCHIVE_ARCHIVE_SCHEMAS_H

#include "registry/module.h"

err_t archive_schemas(struct app *app);

#endif
