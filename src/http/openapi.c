/* OpenAPI 3.1, from the route table: nothing is written twice. */
#include <stdio.h>

#include "http/own_routes.h"
#include "http/router.h"

enum { SCHEMAS_MAX = 128 };

static struct {
    const char *name, *json;
} schemas[SCHEMAS_MAX];
static size_t schema_count;

void http_schema(const char *name, const char *schema_json)
{
    for (size_t i = 0; i < schema_count; i++)
        if (strcmp(schemas[i].name, name) == 0) {
            schemas[i].json = schema_json; /* a second start in one process says the same again */
            return;
        }
    assert(schema_count < SCHEMAS_MAX);
    schemas[schema_count].name = name;
    schemas[schema_count++].json = schema_json;
}

static const char PROBLEM[] = "{\"type\":\"object\",\"required\":[\"type\",\"title\",\"status\","
                              "\"code\",\"detail\",\"request_id\"],\"properties\":{"
                              "\"type\":{\"type\":\"string\"},\"title\":{\"type\":\"string\"},"
                              "\"status\":{\"type\":\"integer\"},\"code\":{\"type\":\"string\"},"
                              "\"detail\":{\"type\":\"string\"},\"field\":{\"type\":\"string\"},"
                              "\"request_id\":{\"type\":\"string\"}}}";

static const char *method_name(enum http_method m)
{
    static const char *const NAMES[] = { "", "get", "post", "put", "patch", "delete" };
    return NAMES[m];
}

static void write_field_schema(struct json_out *o, const struct field *f)
{
    jo_object(o);
    switch (f->type) {
    case FIELD_STR:
        jo_kstr(o, "type", S("string"));
        jo_ki64(o, "minLength", f->min > 0 ? 1 : 0);
        jo_ki64(o, "maxLength", f->max);
        break;
    case FIELD_I64:
        jo_kstr(o, "type", S("integer"));
        jo_ki64(o, "minimum", f->min);
        jo_ki64(o, "maximum", f->max);
        break;
    case FIELD_BOOL:
        jo_kstr(o, "type", S("boolean"));
        break;
    case FIELD_UUID:
    case FIELD_TIME:
        jo_kstr(o, "type", S("string"));
        jo_kstr(o, "format", f->type == FIELD_UUID ? S("uuid") : S("date-time"));
        break;
    case FIELD_JSON:
        break;
    }
    if (f->doc)
        jo_kstr(o, "description", str_from(f->doc));
    jo_end(o);
}

static void write_parameter(struct json_out *o, struct str name, const char *in, bool required,
                            const struct field *f)
{
    jo_object(o);
    jo_kstr(o, "name", name);
    jo_kstr(o, "in", str_from(in));
    jo_kbool(o, "required", required);
    jo_kz(o, "schema");
    if (f)
        write_field_schema(o, f);
    else
        jo_raw(o, S("{\"type\":\"string\"}"));
    jo_end(o);
}

static void write_parameters(struct json_out *o, const struct route *r)
{
    struct str rest = str_from(r->path), segment;
    jo_kz(o, "parameters");
    jo_array(o);
    while (str_cut(&rest, '/', &segment))
        if (segment.n > 2 && segment.s[0] == '{')
            write_parameter(o, str_sub(segment, 1, segment.n - 1), "path", true, NULL);
    for (size_t i = 0; i < r->query_count; i++)
        write_parameter(o, str_from(r->query[i].name), "query", r->query[i].required, &r->query[i]);
    jo_end(o);
}

static void write_request_body(struct json_out *o, const struct route *r)
{
    if (!r->body)
        return;
    jo_kz(o, "requestBody");
    jo_object(o);
    jo_kbool(o, "required", true);
    jo_kz(o, "content");
    jo_object(o);
    jo_kz(o, "application/json");
    jo_object(o);
    jo_kz(o, "schema");
    jo_object(o);
    jo_kstr(o, "type", S("object"));
    jo_kz(o, "required");
    jo_array(o);
    for (size_t i = 0; i < r->body_count; i++)
        if (r->body[i].required)
            jo_str(o, str_from(r->body[i].name));
    jo_end(o);
    jo_kbool(o, "additionalProperties", false);
    jo_kz(o, "properties");
    jo_object(o);
    for (size_t i = 0; i < r->body_count; i++) {
        jo_kz(o, r->body[i].name);
        write_field_schema(o, &r->body[i]);
    }
    jo_end(o);
    jo_end(o);
    jo_end(o);
    jo_end(o);
    jo_end(o);
}

static void write_errors(struct json_out *o, const struct route *r)
{
    jo_kz(o, "default");
    if (!r->error_schema) {
        jo_raw(o, S("{\"$ref\":\"#/components/responses/Problem\"}"));
        return;
    }
    jo_object(o);
    jo_kstr(o, "description", S("An error, in the protocol's own form or as a problem (RFC 9457)"));
    jo_kz(o, "content");
    jo_object(o);
    jo_kz(o, "application/json");
    jo_object(o);
    jo_kz(o, "schema");
    jo_raw(o, str_from(r->error_schema));
    jo_end(o);
    jo_kz(o, "application/problem+json");
    jo_raw(o, S("{\"schema\":{\"$ref\":\"#/components/schemas/Problem\"}}"));
    jo_end(o);
    jo_end(o);
}

static void write_responses(struct json_out *o, const struct route *r)
{
    char status[8];
    snprintf(status, sizeof status, "%d", r->success ? r->success : 200);
    jo_kz(o, "responses");
    jo_object(o);
    jo_kz(o, status);
    jo_object(o);
    jo_kstr(o, "description",
            r->success == 101 ? S("A WebSocket from here on (RFC 6455)") : S("Success"));
    if (r->reply_schema) {
        jo_kz(o, "content");
        jo_object(o);
        jo_kz(o, "application/json");
        jo_object(o);
        jo_kz(o, "schema");
        jo_raw(o, str_from(r->reply_schema));
        jo_end(o);
        jo_end(o);
    }
    jo_end(o);
    if (r->method == HTTP_GET && r->success != 101) {
        jo_kz(o, "304");
        jo_raw(o, S("{\"description\":\"Not modified\"}"));
    }
    write_errors(o, r);
    jo_end(o);
}

/* "GET /api/v1/captures/{id}" -> "get_captures_id" */
static void write_operation_id(struct json_out *o, const struct route *r)
{
    char id[128];
    size_t n = (size_t)snprintf(id, sizeof id, "%s", method_name(r->method));
    const char *p = strncmp(r->path, "/api/v1/", 8) == 0 ? r->path + 7 : r->path;
    for (; *p && n + 1 < sizeof id; p++)
        if (*p == '/' || (*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || *p == '_')
            id[n++] = *p == '/' ? '_' : *p;
        else if (*p == '.' || *p == '-')
            id[n++] = '_';
    jo_kstr(o, "operationId", str_of(id, n));
}

static void write_operation(struct json_out *o, const struct route *r)
{
    jo_kz(o, method_name(r->method));
    jo_object(o);
    write_operation_id(o, r);
    jo_kstr(o, "summary", str_from(r->summary));
    jo_kz(o, "security");
    jo_raw(o, r->auth == AUTH_PUBLIC ? S("[]") : S("[{\"cookie\":[]},{\"bearer\":[]}]"));
    write_parameters(o, r);
    write_request_body(o, r);
    write_responses(o, r);
    jo_end(o);
}

static bool seen_before(const struct router *router, size_t i)
{
    for (size_t j = 0; j < i; j++)
        if (strcmp(router_at(router, j)->path, router_at(router, i)->path) == 0)
            return true;
    return false;
}

static void write_paths(struct json_out *o, const struct router *router)
{
    jo_kz(o, "paths");
    jo_object(o);
    for (size_t i = 0; i < router_count(router); i++) {
        if (seen_before(router, i))
            continue;
        jo_kz(o, router_at(router, i)->path);
        jo_object(o);
        for (size_t j = i; j < router_count(router); j++)
            if (strcmp(router_at(router, j)->path, router_at(router, i)->path) == 0)
                write_operation(o, router_at(router, j));
        jo_end(o);
    }
    jo_end(o);
}

static void write_components(struct json_out *o, bool https)
{
    jo_kz(o, "components");
    jo_object(o);
    jo_kz(o, "securitySchemes");
    jo_raw(o, https ? S("{\"cookie\":{\"type\":\"apiKey\",\"in\":\"cookie\",\"name\":\"__Host-"
                        "vivim\"},\"bearer\":{\"type\":\"http\",\"scheme\":\"bearer\"}}")
                    : S("{\"cookie\":{\"type\":\"apiKey\",\"in\":\"cookie\",\"name\":\"vivim\"},"
                        "\"bearer\":{\"type\":\"http\",\"scheme\":\"bearer\"}}"));
    jo_kz(o, "responses");
    jo_raw(o, S("{\"Problem\":{\"description\":\"An error (RFC 9457) with a stable "
                "code\",\"content\":{\"application/problem+json\":"
                "{\"schema\":{\"$ref\":\"#/components/schemas/Problem\"}}}}}"));
    jo_kz(o, "schemas");
    jo_object(o);
    jo_kz(o, "Problem");
    jo_raw(o, str_from(PROBLEM));
    for (size_t i = 0; i < schema_count; i++) {
        jo_kz(o, schemas[i].name);
        jo_raw(o, str_from(schemas[i].json));
    }
    jo_end(o);
    jo_end(o);
}

err_t openapi_write(struct http_server *s, struct buf *out)
{
    struct json_out o;
    jo_init(&o, out);
    jo_object(&o);
    jo_kstr(&o, "openapi", S("3.1.0"));
    jo_kz(&o, "info");
    jo_raw(&o, S("{\"title\":\"VIVIM\",\"version\":\"1\",\"license\":{\"name\":\"Apache-2.0\","
                 "\"identifier\":\"Apache-2.0\"}}"));
    jo_kz(&o, "servers");
    jo_array(&o);
    jo_object(&o);
    jo_kstr(&o, "url", s->base_url);
    jo_end(&o);
    jo_end(&o);
    write_paths(&o, s->router);
    write_components(&o, s->https);
    jo_end(&o);
    return buf_err(out);
}
