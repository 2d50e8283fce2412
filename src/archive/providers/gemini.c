/* Gemini: files of AI Studio, and the batchexecute answer of a share page, a list in which everything is known by its place (research/capture.md
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

/* --- AI Studio: a file in the owner's Drive -------------------------------------------------------------------------------- */

static const struct role_word STUDIO_ROLES[] = { { "user", ROLE_USER },
                                                 { "model", ROLE_ASSISTANT },
                                                 { "system", ROLE_SYSTEM },
                                                 { NULL, ROLE_SYSTEM } };

static bool is_studio(struct json root)
{
    return json_is(json_get(json_get(root, S("chunkedPrompt")), S("chunks")), JSON_ARRAY);
}

static void put_drive_file(struct builder *b, struct json v, const char *kind)
{
    struct str id = json_get_str(v, S("id"));
    if (!id.n)
        return;
    build_file(b, id, str_from(kind), STR_NONE);
    build_file_id(b, id);
}

static void put_studio_chunk(struct builder *b, struct json v, struct str model)
{
    struct str text = json_get_str(v, S("text")), word = json_get_str(v, S("role"));
    struct json picture = json_get(v, S("inlineImage")), code = json_get(v, S("executableCode")),
                result = json_get(v, S("codeExecutionResult"));
    enum role role = build_role(b, STUDIO_ROLES, word);
    struct message *m = build_here(b);
    bool thought = json_bool(json_get(v, S("isThought")), false);
    bool goes_on = b->c->message_count && role == ROLE_ASSISTANT && m->role == role;
    if (!goes_on) { /* thoughts, code and answer are one turn */
        m = build_message(b, STR_NONE, STR_NONE, role);
        m->model = role == ROLE_ASSISTANT ? model : STR_NONE;
        m->created_ms = build_time(b, json_get(v, S("createTime")));
    }
    if (thought)
        build_thinking(b, text, STR_NONE);
    else
        build_text(b, text);
    if (json_is(code, JSON_OBJECT))
        build_code(b, str_lower(b->a, json_get_str(code, S("language"))),
                   json_get_str(code, S("code")));
    if (json_is(result, JSON_OBJECT))
        build_result(b, STR_NONE, json_get_str(result, S("output")),
                     !str_eq(json_get_str(result, S("outcome")), S("OUTCOME_OK")));
    if (json_is(picture, JSON_OBJECT))
        build_finding(b, FOUND_IMAGE_IN_TEXT, S("a picture stands in the file itself"));
    put_drive_file(b, json_get(v, S("driveDocument")), "application/octet-stream");
    put_drive_file(b, json_get(v, S("driveImage")), "image/*");
    put_drive_file(b, json_get(v, S("driveAudio")), "audio/*");
    put_drive_file(b, json_get(v, S("driveVideo")), "video/*");
}

static err_t read_studio(struct builder *b, struct json root)
{
    struct json chunks = json_get(json_get(root, S("chunkedPrompt")), S("chunks")), v;
    struct json system = json_get(root, S("systemInstruction"));
    struct str model = json_get_str(json_get(root, S("runSettings")), S("model"));
    b->c->model = str_starts(model, S("models/")) ? str_sub(model, 7, model.n) : model;
    struct str words = json_get_str(system, S("text"));
    if (!words.n)
        words = json_get_str(json_at(json_get(system, S("parts")), 0), S("text"));
    if (words.n) {
        (void)build_message(b, STR_NONE, STR_NONE, ROLE_SYSTEM);
        build_text(b, words);
    }
    struct json_iter it = json_iter(chunks);
    while (json_next(&it, NULL, &v))
        put_studio_chunk(b, v, b->c->model);
    return build_end(b);
}

static err_t gemini_from_json(struct arena *a, struct json root, struct conversation *ret)
{
    struct json share = at(root, 0), turns = at(share, 1), about = at(share, 2), turn;
    struct builder b;
    if (is_studio(root)) {
        build_begin(&b, a, "gemini", ret);
        return read_studio(&b, root);
    }
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
    return is_studio(root) ||
           (json_is(at(share, 1), JSON_ARRAY) && json_is(at(share, 3), JSON_STR) &&
            json_is(at(at(at(share, 1), 0), 3), JSON_ARRAY));
}

const struct provider PROVIDER_GEMINI = { .name = "gemini",
                                          .json_is_mine = gemini_json_is_mine,
                                          .from_json = gemini_from_json,
                                          .decode = gemini_decode };
