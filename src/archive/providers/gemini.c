/* Gemini: the batchexecute answer of a share page, a list in which everything is known by its place (research/capture.md
 * section 3). Each step looks at the type; what does not fit is said. */
#include "archive/builder.h"
#include "archive/providers/provider.h"
#include "base/limits.h"

static struct json at(struct json v, size_t i)
{
    return json_is(v, JSON_ARRAY) ? json_at(v, i) : (struct json){ 0 };
}

/* ")]}'", then lengths and JSON by turns, a line each. The lengths are not of bytes in all clients: lines are what counts. */
static err_t gemini_decode(struct arena *a, struct str body, struct json *ret)
{
    struct str line;
    while (str_cut(&body, '\n', &line)) {
        struct json rows, row;
        if (!str_starts(line, S("[")) || json_parse(a, line, JSON_FOREIGN_DEPTH_MAX, &rows) != OK)
            continue;
        struct json_iter it = json_iter(rows);
        while (json_next(&it, NULL, &row)) {
            if (!str_eq(json_str(at(row, 0)), S("wrb.fr")) || !json_is(at(row, 1), JSON_STR))
                continue;
            struct str inner = json_str(at(row, 2));
            *ret = row; /* the row itself says why there is nothing */
            return inner.n ? json_parse(a, inner, JSON_FOREIGN_DEPTH_MAX, ret) : OK;
        }
    }
    err_clear();
    return err_note(E_INVALID, NULL, "there is no answer in the provider's data");
}

static int64_t time_of(struct json pair)
{
    int64_t seconds = json_i64(at(pair, 0), INT64_MIN), nanos = json_i64(at(pair, 1), 0);
    if (seconds < 0 || seconds > INT64_C(100000000000))
        return TIME_NONE;
    return seconds * 1000 + nanos / 1000000;
}

static void put_turn(struct builder *b, struct json turn, struct str model)
{
    struct str question = json_str(at(at(at(turn, 2), 0), 0));
    struct json candidates = at(at(turn, 3), 0), chosen = at(candidates, 0), one;
    struct str wanted = json_str(at(at(turn, 3), 3)); /* the id of the one that was chosen */
    struct json_iter it = json_iter(candidates);
    int64_t ms = time_of(at(turn, 4));
    while (wanted.n && json_is(candidates, JSON_ARRAY) && json_next(&it, NULL, &one))
        if (str_eq(json_str(at(one, 0)), wanted))
            chosen = one;
    struct str answer = json_str(at(at(chosen, 1), 0));
    if (!question.s || !answer.s)
        build_finding(b, FOUND_SHAPE_MISMATCH, S("a turn without a question or an answer"));
    struct str asked = json_str(at(at(turn, 0), 1));
    struct message *m = build_message(b, asked, STR_NONE, ROLE_USER);
    m->created_ms = ms;
    build_text(b, question);
    m = build_message(b, json_str(at(chosen, 0)), asked, ROLE_ASSISTANT);
    m->created_ms = ms;
    m->model = model;
    build_text(b, answer);
}

static err_t gemini_from_json(struct arena *a, struct json root, struct conversation *ret)
{
    struct json share = at(root, 0), turns = at(share, 1), about = at(share, 2), turn;
    struct builder b;
    if (str_eq(json_str(share), S("wrb.fr"))) /* a row without words: [5] says that there is none */
        return json_i64(at(at(root, 5), 0), 0) == 5
                   ? err_note(E_GONE, NULL, "the provider says that there is no such share")
                   : err_note(E_INVALID, NULL, "the provider's data is empty");
    if (!json_is(turns, JSON_ARRAY) || !json_count(turns))
        return err_note(E_INVALID, NULL, "there are no turns in the provider's data");
    build_begin(&b, a, "gemini", ret);
    build_expect(&b, 2 * json_count(turns));
    ret->title = json_str(at(about, 1));
    ret->model = json_str(at(at(about, 7), 2));
    ret->source.id = json_str(at(share, 3));
    struct json_iter it = json_iter(turns);
    while (json_next(&it, NULL, &turn))
        put_turn(&b, turn, ret->model);
    if (b.err == OK && ret->message_count)
        ret->created_ms = ret->messages[0].created_ms;
    return build_end(&b);
}

static bool gemini_json_is_mine(struct json root)
{
    struct json share = at(root, 0);
    return json_is(at(share, 1), JSON_ARRAY) && json_is(at(share, 3), JSON_STR) &&
           json_is(at(at(at(share, 1), 0), 3), JSON_ARRAY);
}

const struct provider PROVIDER_GEMINI = { .name = "gemini",
                                          .json_is_mine = gemini_json_is_mine,
                                          .from_json = gemini_from_json,
                                          .decode = gemini_decode };
