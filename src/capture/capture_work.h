/* One run of a capture's job, as its files share it: capture_job.c (the steps), capture_evidence.c. Inside these only. */
#ifndef VIVIM_CAPTURE_CAPTURE_WORK_H
#define VIVIM_CAPTURE_CAPTURE_WORK_H

#include "capture/capture_job.h"
#include "capture/capture_room.h"
#include "capture/egress.h"
#include "capture/judge.h"
#include "capture/page.h"

/* Everything lives in the run's arena. */
struct work {
    struct app *app;
    struct db *db;
    struct arena *a;
    const struct job *job;
    struct job_run *run;
    struct capture_room *room;
    struct capture_row row;
    const struct provider_data *data;
    struct asked asked;
    struct devtools *browser;
    struct egress *egress;
    struct page *page;
    struct page_options page_options; /* of the page that is open */
    struct page_result result;
    struct verdict verdict;
    struct str dom, screenshot;
    int64_t began_ms, deadline;            /* wall clock; monotonic */
    int64_t browser_deaths, server_errors; /* over all runs of the job */
    size_t bytes;                          /* that went through the proxy */
};

/* Keep what came, whatever the outcome is: the bodies, the rendered page, the screenshot, the list of requests, and what was
 * done with which versions. E_IO, E_FULL, E_DB and friends. */
NODISCARD err_t evidence_keep(struct work *w);
/* What came after that: the screenshot, and the list of requests as it is then. */
NODISCARD err_t evidence_add_picture(struct work *w);

#endif
