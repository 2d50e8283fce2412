/* The line that people type, to terms and conditions. */
#include "base/utf8.h"
#include "search/query/query.h"

enum { DEPTH_MAX = 16 };

struct parser {
    struct arena *arena;
    struct search_query *out;
    const struct search_clock *clock;
    struct str q;
    size_t at, room;
    struct buf words;
    size_t last_plain; /* the term that may go on while somebody types; SIZE_MAX: none */
    size_t last_end;   /* where it ended in `q` */
    bool typed;        /* words, phrases, filters: something was asked */
    bool typing;       /* what stands at the end may go on */
    size_t fields;     /* filters so far */
};

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool ends_word(char c)
{
    return is_space(c) || c == '"' || c == '(' || c == ')';
}

/* --- nodes ------------------------------------------------------------------------------------- */

static struct search_node *node_new(struct parser *p, enum search_node_kind kind)
{
    struct search_node *n = ARENA_NEW(p->arena, struct search_node);
    if (n)
        n->kind = kind;
    return n;
}

static void node_add(struct search_node *parent, struct search_node *part)
{
    struct search_node **at = &parent->parts;
    while (*at)
        at = &(*at)->next;
    *at = part;
}

static struct search_node *around(struct parser *p, enum search_node_kind kind,
                                  struct search_node *part)
{
    struct search_node *n = part ? node_new(p, kind) : NULL;
    if (n)
        node_add(n, part);
    return n;
}

/* --- terms ----------------------------------------------------------------------------------------- */

static err_t add_term(struct parser *p, const struct search_term *t)
{
    struct search_query *o = p->out;
    if (o->count == p->room) {
        size_t room = p->room ? p->room * 2 : 16;
        struct search_term *terms = ARENA_ARRAY(p->arena, struct search_term, room);
        if (!terms)
            return arena_err(p->arena);
        if (o->count)
            memcpy(terms, o->terms, o->count * sizeof *terms);
        o->terms = terms;
        p->room = room;
    }
    o->terms[o->count++] = *t;
    return OK;
}

/* One letter begins too many words: it would say nothing. In scripts without spaces one is a word. */
static bool may_begin(const struct search_typed *t)
{
    return t->dense || utf8_count(t->text) > 1;
}

/* One walk in each language, in step: they cut alike and differ in their stems. */
struct walks {
    struct search_tokens walk[SEARCH_STEMS_MAX + 1];
    size_t count;
    bool running;
};

static void walks_init(struct walks *w, const struct search_languages *l, struct str text,
                       bool running)
{
    w->count = l->count;
    w->running = running;
    for (size_t i = 0; i < l->count; i++)
        search_tokens_init(&w->walk[i + 1], text, l->list[i]);
    search_tokens_init(&w->walk[0], text, SEARCH_LANGUAGE_NONE);
}

static bool step(struct walks *w, size_t i, struct search_token *ret)
{
    return w->running ? search_tokens_next_running(&w->walk[i], ret)
                      : search_tokens_next(&w->walk[i], ret);
}

static bool walks_next(struct walks *w, struct arena *a, struct search_token *token,
                       struct search_typed *ret)
{
    struct search_token stemmed;
    if (!step(w, 0, token))
        return false;
    *ret = (struct search_typed){ .typed = str_sub(w->walk[0].source, token->start, token->end),
                                  .text = str_dup(a, token->text),
                                  .dense = token->dense };
    for (size_t i = 0; i < w->count; i++)
        ret->stems[i] = step(w, i + 1, &stemmed) ? str_dup(a, stemmed.stem) : ret->text;
    return true;
}

/* A dense run in a query is found within a longer run: its last character, which stands alone in the tokens, says nothing that
 * the pair before it does not say; a run of one character is the beginning of a pair. */
struct run {
    bool inside;
    size_t length;
};
static bool run_step(struct run *r, const struct search_token *token)
{
    r->length = !token->dense ? 0 : r->inside ? r->length + 1 : 1;
    r->inside = token->dense && !token->run_end;
    return token->dense && token->run_end && r->length > 1; /* this one says nothing new */
}

/* Each token of a plain word is a term: an identifier whole, and its parts. *ret: the condition that all of them stand there. */
static err_t add_word(struct parser *p, struct str text, bool prefix, bool exclude,
                      struct search_node **ret)
{
    struct walks walks;
    struct search_token token;
    struct search_typed typed;
    struct run run = { 0 };
    struct search_node *all = node_new(p, SEARCH_NODE_ALL);
    bool first = true;
    walks_init(&walks, &p->out->languages, text, false);
    while (all && walks_next(&walks, p->arena, &token, &typed)) {
        if (run_step(&run, &token))
            continue;
        struct search_typed *t = ARENA_NEW(p->arena, struct search_typed);
        if (!t)
            return arena_err(p->arena);
        *t = typed;
        struct search_term term = { .tokens = t,
                                    .count = 1,
                                    .plain = true,
                                    .ranked = !exclude,
                                    .beside = token.beside,
                                    .follows = !first || p->last_plain != SIZE_MAX,
                                    .prefix = token.dense && token.run_end };
        struct search_node *n = node_new(p, SEARCH_NODE_TERM);
        if (!n)
            return arena_err(p->arena);
        n->term = p->out->count;
        if (!token.beside)
            node_add(all, n);
        first = false;
        p->last_plain = p->out->count;
        TRY(add_term(p, &term));
    }
    p->last_end = p->at;
    if (first || !all) {
        *ret = NULL; /* a dash: nothing that is indexed */
        return arena_err(p->arena);
    }
    struct search_term *last = &p->out->terms[p->out->count - 1];
    last->prefix |= prefix && may_begin(last->tokens);
    *ret = all;
    return OK;
}

static err_t add_phrase(struct parser *p, struct str text, bool prefix, bool exclude,
                        struct search_node **ret)
{
    struct walks walks;
    struct search_token token = { 0 };
    struct search_typed typed;
    struct run run = { 0 };
    size_t room = text.n * 10 + 1; /* U+FDFA: 3 bytes, 18 characters, 4 words */
    struct search_term term = { .phrase = true, .ranked = !exclude };
    *ret = NULL;
    p->last_plain = SIZE_MAX;
    term.tokens = ARENA_ARRAY(p->arena, struct search_typed, room);
    if (!term.tokens)
        return arena_err(p->arena);
    walks_init(&walks, &p->out->languages, text, true);
    while (term.count < room && walks_next(&walks, p->arena, &token, &typed)) {
        bool tail = run_step(&run, &token);
        if (tail && token.end == text.n)
            break; /* at the phrase's end alone: inside it the last character stands alone, as in the text */
        term.tokens[term.count++] = typed;
    }
    TRY(arena_err(p->arena));
    if (!term.count)
        return OK;
    const struct search_typed *last = &term.tokens[term.count - 1];
    bool single = last->dense && token.run_end && run.length == 1;
    term.prefix = single || (prefix && !last->dense && may_begin(last));
    struct search_node *n = node_new(p, SEARCH_NODE_TERM);
    if (!n)
        return arena_err(p->arena);
    n->term = p->out->count;
    *ret = n;
    return add_term(p, &term);
}

/* --- one thing ---------------------------------------------------------------------------------------- */

/* What is read, and whether it must be there: a plain word outside of groups need not. */
struct thing {
    struct search_node *node; /* NULL: no condition (a filter, a dash) */
    bool plain, negative;
};

static struct str take_quoted(struct parser *p)
{
    size_t from = ++p->at, end = str_find_char(p->q, '"', from);
    p->at = end < p->q.n ? end + 1 : end; /* without an end: all that follows */
    return str_sub(p->q, from, end);
}

static bool take_star(struct parser *p)
{
    bool star = p->at < p->q.n && p->q.s[p->at] == '*';
    p->at += star;
    return star;
}

static struct str take_word(struct parser *p)
{
    size_t from = p->at;
    while (p->at < p->q.n && !ends_word(p->q.s[p->at]))
        p->at++;
    return str_sub(p->q, from, p->at);
}

/* key:value or key:"a value". False: `at` stands where it stood. */
static bool take_field(struct parser *p, bool exclude)
{
    size_t from = p->at, colon = from;
    while (colon < p->q.n && ((p->q.s[colon] >= 'a' && p->q.s[colon] <= 'z') ||
                              (p->q.s[colon] >= 'A' && p->q.s[colon] <= 'Z')))
        colon++;
    if (colon == from || colon >= p->q.n || p->q.s[colon] != ':')
        return false;
    struct search_given g = { .key = str_sub(p->q, from, colon), .exclude = exclude };
    p->at = colon + 1;
    bool quoted = p->at < p->q.n && p->q.s[p->at] == '"';
    g.value = quoted ? take_quoted(p) : take_word(p);
    bool closed = quoted && p->q.s[p->at - 1] == '"' && p->at > colon + 2;
    g.unfinished = p->typing && p->at == p->q.n && !closed;
    if (search_query_field(p->out, &g, p->clock)) {
        p->fields++;
        return true;
    }
    p->at = from;
    return false;
}

static err_t parse_list(struct parser *p, int depth, bool exclude, struct search_node *all,
                        bool top);

/* After an opening parenthesis. */
static err_t take_group(struct parser *p, int depth, bool exclude, struct thing *ret)
{
    struct search_node *all = node_new(p, SEARCH_NODE_ALL);
    if (!all)
        return arena_err(p->arena);
    p->at++;
    p->typed = true;
    TRY(parse_list(p, depth + 1, exclude, all, false));
    if (p->at < p->q.n)
        p->at++; /* the closing one */
    ret->node = all->parts ? all : NULL;
    return OK;
}

static err_t take_thing(struct parser *p, int depth, bool exclude, struct thing *ret)
{
    char c = p->q.s[p->at];
    *ret = (struct thing){ 0 };
    if (c == '(' && depth < DEPTH_MAX)
        return take_group(p, depth, exclude, ret);
    if (c == '"') {
        bool open = str_find_char(p->q, '"', p->at + 1) >= p->q.n;
        struct str text = take_quoted(p);
        p->typed = true;
        return add_phrase(p, text, take_star(p) || (open && p->typing), exclude, &ret->node);
    }
    if (c == '(' || c == ')') {
        p->at++; /* one that opens too deep, or closes nothing */
        p->typed = true;
        return OK;
    }
    p->typed = true;
    if (take_field(p, exclude)) {
        p->last_plain = SIZE_MAX;
        return OK;
    }
    struct str word = take_word(p);
    ret->plain = true;
    if (p->typing && p->at == p->q.n && str_eq(word, S("OR")))
        return OK; /* what is to follow is not there yet */
    search_query_hint_word(p->out, word, p->q);
    if (!exclude) {
        buf_put(&p->words, word);
        buf_putc(&p->words, ' ');
    }
    return add_word(p, word, str_ends(word, S("*")), exclude, &ret->node);
}

/* A dash before something that is not white space forbids it. */
static err_t take_signed(struct parser *p, int depth, bool exclude, struct thing *ret)
{
    bool minus = p->q.s[p->at] == '-' && p->at + 1 < p->q.n && !is_space(p->q.s[p->at + 1]);
    p->at += minus;
    TRY(take_thing(p, depth, exclude != minus, ret)); /* -(-a) is a */
    if (!minus)
        return OK;
    p->last_plain = SIZE_MAX;
    ret->negative = true;
    ret->node = around(p, SEARCH_NODE_NOT, ret->node);
    return arena_err(p->arena);
}

/* --- the line ------------------------------------------------------------------------------------------- */

static void skip_space(struct parser *p)
{
    while (p->at < p->q.n && is_space(p->q.s[p->at]))
        p->at++;
}

/* "OR" between two things; the second one stands behind it. */
static bool take_or(struct parser *p)
{
    size_t at = p->at;
    while (at < p->q.n && is_space(p->q.s[at]))
        at++;
    if (at + 2 >= p->q.n || p->q.s[at] != 'O' || p->q.s[at + 1] != 'R' || !is_space(p->q.s[at + 2]))
        return false;
    size_t next = at + 2;
    while (next < p->q.n && is_space(p->q.s[next]))
        next++;
    if (next >= p->q.n || p->q.s[next] == ')')
        return false;
    p->at = next;
    return true;
}

/* Alternatives: the first has been read, behind `fields` filters. A filter is no alternative to a word: it holds for all of the query. */
static err_t parse_any(struct parser *p, int depth, bool exclude, size_t fields,
                       struct thing *first)
{
    struct search_node *any = node_new(p, SEARCH_NODE_ANY);
    if (!any)
        return arena_err(p->arena);
    if (first->node)
        node_add(any, first->node);
    do {
        struct thing more;
        TRY(take_signed(p, depth, exclude, &more));
        if (more.node)
            node_add(any, more.node);
    } while (take_or(p));
    if (any->parts && p->fields > fields)
        search_query_hint(p->out, "filter_everywhere", S(""), S(""));
    *first = (struct thing){ .node = any->parts ? any : NULL };
    return OK;
}

/* Up to the end, or to the parenthesis that closes the group. `top`: plain words are no condition. */
static err_t parse_list(struct parser *p, int depth, bool exclude, struct search_node *all,
                        bool top)
{
    for (skip_space(p); p->at < p->q.n; skip_space(p)) {
        struct thing t;
        size_t fields = p->fields;
        if (p->q.s[p->at] == ')' && !top)
            return OK;
        TRY(take_signed(p, depth, exclude, &t));
        if (take_or(p))
            TRY(parse_any(p, depth, exclude, fields, &t));
        if (t.node && !(top && t.plain && !t.negative))
            node_add(all, t.node);
    }
    return OK;
}

/* A group of plain words alone, outside of any other, is only a way of writing them. */
static bool is_plain_group(const struct parser *p, const struct search_node *n)
{
    if (n->kind == SEARCH_NODE_TERM)
        return p->out->terms[n->term].plain && p->out->terms[n->term].ranked;
    if (n->kind != SEARCH_NODE_ALL)
        return false;
    for (const struct search_node *part = n->parts; part; part = part->next)
        if (!is_plain_group(p, part))
            return false;
    return true;
}

static void drop_plain_groups(const struct parser *p, struct search_node *all)
{
    for (struct search_node **at = &all->parts; *at;) {
        if ((*at)->kind == SEARCH_NODE_ALL && is_plain_group(p, *at))
            *at = (*at)->next;
        else
            at = &(*at)->next;
    }
}

static bool asks_nothing(const struct search_query *q)
{
    return !q->count && !q->choice_count && q->from_ms == TIME_NONE && q->before_ms == TIME_NONE &&
           !q->span_count && !q->shared && !q->mine;
}

err_t search_query_parse(struct arena *a, struct str q, bool typing,
                         const struct search_clock *clock, const struct search_languages *languages,
                         struct search_query *ret)
{
    if (q.n > SEARCH_QUERY_BYTES_MAX)
        return err_note(E_INVALID, "q", "the query has more than %d bytes", SEARCH_QUERY_BYTES_MAX);
    if (!text_ok(q))
        return err_note(E_INVALID, "q", "the query is not valid text");
    TRY(search_query_signs(a, q, &q));
    struct search_query out = { .from_ms = TIME_NONE,
                                .before_ms = TIME_NONE,
                                .languages = *languages };
    struct parser p = {
        .arena = a, .out = &out, .clock = clock, .q = q, .last_plain = SIZE_MAX, .typing = typing
    };
    buf_init(&p.words, a, 2 * SEARCH_QUERY_BYTES_MAX);
    out.need = node_new(&p, SEARCH_NODE_ALL);
    if (!out.need)
        return arena_err(a);
    TRY(parse_list(&p, 0, false, out.need, true));
    TRY(buf_err(&p.words));
    if (!p.typed)
        return err_note(E_INVALID, "q", "type at least one word");
    drop_plain_groups(&p, out.need);
    search_query_spans(&out);
    out.words = p.words.n ? buf_str(&p.words) : S("");
    if (typing && p.last_plain != SIZE_MAX && p.last_end == q.n)
        out.terms[p.last_plain].prefix |= may_begin(out.terms[p.last_plain].tokens);
    out.nothing = asks_nothing(&out);
    *ret = out;
    return OK;
}

err_t search_query_token(struct arena *a, const struct search_languages *languages, struct str word,
                         struct search_typed *ret, bool *ret_is)
{
    struct walks walks;
    struct search_token token;
    struct search_typed more;
    walks_init(&walks, languages, word, false);
    *ret_is = walks_next(&walks, a, &token, ret) && !walks_next(&walks, a, &token, &more);
    return arena_err(a);
}
