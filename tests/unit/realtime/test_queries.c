/* Every named query of every room prepares on both databases, with the parameters that it says it has. The rooms come from the
 * build and the queries from the embedder: nobody keeps a list. */
#include "all_sql.h"
#include "base/log.h"
#include "ops/fixture.h"

/* The index store has a schema of its own: what search/index asks it, and how far each consumer has come. */
static bool is_on_index(const char *room, const struct db_query *q)
{
    return strcmp(room, "index") == 0 || strncmp(q->name, "ops_cursor_", 11) == 0;
}

static bool is_on_main(const char *room)
{
    return strcmp(room, "index") != 0;
}

static size_t prepare_room(const char *room, const struct db_query *const *all)
{
    size_t n = 0;
    for (; all[n]; n++) {
        if (is_on_main(room))
            ok(db_prepare_check(f.db, all[n]));
        if (is_on_index(room, all[n]))
            ok(db_prepare_check(f.index, all[n]));
    }
    return n;
}

static void every_query_of_every_room_prepares(void **state)
{
    UNUSED(state);
#define ROOM(name, upper) assert_true(prepare_room(#name, SQL_ALL_##upper) > 0);
    SQL_ROOMS(ROOM)
#undef ROOM
}

/* Else the test above would say nothing. */
static void a_query_that_does_not_fit_the_schema_is_told(void **state)
{
    UNUSED(state);
    const struct db_query wrong[] = {
        { "column", "SELECT nothing FROM op", "SELECT nothing FROM op", NULL, 0 },
        { "table", "SELECT 1 FROM nothing", "SELECT 1 FROM nothing", NULL, 0 },
        { "parameters", "SELECT seq FROM op WHERE seq > ?1", "SELECT seq FROM op WHERE seq > $1",
          NULL, 2 },
    };
    for (size_t i = 0; i < COUNTOF(wrong); i++)
        assert_int_not_equal(db_prepare_check(f.db, &wrong[i]), OK);
}

int main(void)
{
    log_init(2, LOG_JSON, LOG_ERROR + 1);
    const struct CMUnitTest tests[] = { TEST(every_query_of_every_room_prepares),
                                        TEST(a_query_that_does_not_fit_the_schema_is_told) };
    RUN_ON_BOTH(tests);
}
