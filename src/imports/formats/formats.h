/* The formats that source.c lists. Private to imports. */
#ifndef VIVIM_IMPORTS_FORMATS_H
#define VIVIM_IMPORTS_FORMATS_H

#include "imports/source.h"

extern const struct source_format FORMAT_JSON, FORMAT_PAGE;

#endif
