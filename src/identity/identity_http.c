/* The routes of identity, and the module. The handlers: auth_http.c (signing in and out),
 * credentials_http.c (one's sessions and tokens), users_http.c (the operator's). */
#include "identity/http_inside.h"
#include "identity/inside.h"

#define SIGNED_IN                                                                          \
    "{\"type\":\"object\",\"required\":[\"user\"],\"properties\":{\"user\":{\"$ref\":\"#/" \
    "components/schemas/User\"}}}"
#define PAGE_OF(name)                                                                           \
    "{\"type\":\"object\",\"required\":[\"items\",\"next_cursor\"],\"properties\":{\"items\":{" \
    "\"type\":\"array\","                                                                       \
    "\"items\":{\"$ref\":\"#/components/schemas/" name                                          \
    "\"}},\"next_cursor\":{\"type\":[\"string\",\"null\"]}}}"
#define REF_TO(name) "{\"$ref\":\"#/components/schemas/" name "\"}"

/* clang-format off */
static const struct route ROUTES[] = {
    { HTTP_POST, "/api/v1/auth/setup", identity_setup_post,
      AUTH_PUBLIC, RATE_LOGIN, KIB(8), RUN_WORKER, SCOPE_NONE,
      .summary = "Make the first account with the one-time setup link",
      .body = IDENTITY_SETUP_FIELDS, .body_count = COUNTOF(IDENTITY_SETUP_FIELDS),
      .reply_schema = SIGNED_IN, .success = 201 },
    { HTTP_POST, "/api/v1/auth/login", identity_login_post,
      AUTH_PUBLIC, RATE_LOGIN, KIB(8), RUN_WORKER, SCOPE_NONE,
      .summary = "Sign in; the answer sets the session cookie", .body = IDENTITY_LOGIN_FIELDS,
      .body_count = COUNTOF(IDENTITY_LOGIN_FIELDS), .reply_schema = SIGNED_IN },
    /* Not RATE_LOGIN: its token cannot be guessed, and who guesses passwords must not use up this way in. */
    { HTTP_POST, "/api/v1/auth/link", identity_link_post,
      AUTH_PUBLIC, RATE_WRITE, KIB(8), RUN_WORKER, SCOPE_NONE,
      .summary = "Sign in with a one-time link of `vivim user login-link`",
      .body = IDENTITY_LINK_FIELDS, .body_count = COUNTOF(IDENTITY_LINK_FIELDS),
      .reply_schema = SIGNED_IN },
    { HTTP_POST, "/api/v1/auth/logout", identity_logout_post,
      AUTH_PUBLIC, RATE_WRITE, 0, RUN_WORKER, SCOPE_NONE,
      .summary = "End this session", .success = 204 },
    { HTTP_GET, "/api/v1/auth/state", identity_state_get,
      AUTH_PUBLIC, RATE_READ, 0, RUN_INLINE, SCOPE_NONE,
      .summary = "Is there an account yet, and who asks", .reply_schema = REF_TO("AuthState") },
    { HTTP_GET, "/api/v1/me", identity_me_get,
      AUTH_USER, RATE_READ, 0, RUN_INLINE, SCOPE_READ,
      .summary = "The account that asks", .reply_schema = REF_TO("Me") },
    { HTTP_POST, "/api/v1/me/password", identity_password_post,
      AUTH_USER, RATE_LOGIN, KIB(8), RUN_WORKER, SCOPE_ADMIN,
      .summary = "Change one's password; every other session ends",
      .body = IDENTITY_PASSWORD_FIELDS, .body_count = COUNTOF(IDENTITY_PASSWORD_FIELDS),
      .success = 204 },
    { HTTP_GET, "/api/v1/sessions", identity_sessions_get,
      AUTH_USER, RATE_READ, 0, RUN_INLINE, SCOPE_READ,
      .summary = "One's sessions, newest first", .query = IDENTITY_PAGE_FIELDS,
      .query_count = COUNTOF(IDENTITY_PAGE_FIELDS), .reply_schema = PAGE_OF("Session") },
    { HTTP_DELETE, "/api/v1/sessions", identity_sessions_delete,
      AUTH_USER, RATE_WRITE, 0, RUN_WORKER, SCOPE_ADMIN,
      .summary = "End every session but this one", .success = 204 },
    { HTTP_DELETE, "/api/v1/sessions/{id}", identity_session_delete,
      AUTH_USER, RATE_WRITE, 0, RUN_WORKER, SCOPE_ADMIN,
      .summary = "End a session", .success = 204 },
    { HTTP_GET, "/api/v1/tokens", identity_tokens_get,
      AUTH_USER, RATE_READ, 0, RUN_INLINE, SCOPE_READ,
      .summary = "One's API tokens, newest first", .query = IDENTITY_PAGE_FIELDS,
      .query_count = COUNTOF(IDENTITY_PAGE_FIELDS), .reply_schema = PAGE_OF("Token") },
    { HTTP_POST, "/api/v1/tokens", identity_tokens_post,
      AUTH_USER, RATE_WRITE, KIB(8), RUN_WORKER, SCOPE_ADMIN,
      .summary = "Make an API token; `token` is shown this once", .body = IDENTITY_TOKEN_FIELDS,
      .body_count = COUNTOF(IDENTITY_TOKEN_FIELDS), .reply_schema = REF_TO("Token"),
      .success = 201 },
    { HTTP_DELETE, "/api/v1/tokens/{id}", identity_token_delete,
      AUTH_USER, RATE_WRITE, 0, RUN_WORKER, SCOPE_ADMIN,
      .summary = "Revoke an API token", .success = 204 },
    { HTTP_GET, "/api/v1/users", identity_users_get,
      AUTH_ADMIN, RATE_READ, 0, RUN_WORKER, SCOPE_ADMIN,
      .summary = "The accounts of this server", .reply_schema = PAGE_OF("Account") },
    { HTTP_POST, "/api/v1/users", identity_users_post,
      AUTH_ADMIN, RATE_WRITE, KIB(8), RUN_WORKER, SCOPE_ADMIN,
      .summary = "Make an account", .body = IDENTITY_USER_FIELDS,
      .body_count = COUNTOF(IDENTITY_USER_FIELDS), .reply_schema = REF_TO("Account"),
      .success = 201 },
    { HTTP_PATCH, "/api/v1/users/{handle}", identity_user_patch,
      AUTH_ADMIN, RATE_WRITE, KIB(8), RUN_WORKER, SCOPE_ADMIN,
      .summary = "Set an account's password, or disable it or let it in again; its sessions end",
      .body = IDENTITY_PATCH_FIELDS, .body_count = COUNTOF(IDENTITY_PATCH_FIELDS),
      .reply_schema = REF_TO("Account") },
    { HTTP_DELETE, "/api/v1/users/{handle}", identity_user_remove,
      AUTH_ADMIN, RATE_WRITE, 0, RUN_WORKER, SCOPE_ADMIN,
      .summary = "Delete an account: closed at once, erased after 30 days or with `now` at once",
      .query = IDENTITY_REMOVE_FIELDS, .query_count = COUNTOF(IDENTITY_REMOVE_FIELDS),
      .success = 204 },
    { HTTP_POST, "/api/v1/users/{handle}/restore", identity_user_restore_post,
      AUTH_ADMIN, RATE_WRITE, 0, RUN_WORKER, SCOPE_ADMIN,
      .summary = "Bring a deleted account back", .reply_schema = REF_TO("Account") },
    { HTTP_POST, "/api/v1/users/{handle}/login-link", identity_user_link_post,
      AUTH_ADMIN, RATE_WRITE, 0, RUN_WORKER, SCOPE_ADMIN,
      .summary = "Make a one-time link that signs the account in; over the local socket",
      .reply_schema = REF_TO("SignInLink"), .success = 201 },
    { HTTP_POST, "/api/v1/users/{handle}/tokens", identity_user_tokens_post,
      AUTH_ADMIN, RATE_WRITE, KIB(8), RUN_WORKER, SCOPE_ADMIN,
      .summary = "Make an API token for an account; over the local socket, or for oneself",
      .body = IDENTITY_TOKEN_FIELDS, .body_count = COUNTOF(IDENTITY_TOKEN_FIELDS),
      .reply_schema = REF_TO("Token"), .success = 201 },
};
/* clang-format on */

/* clang-format off */
#define TEXT       "{\"type\":\"string\"}"
#define FLAG       "{\"type\":\"boolean\"}"
#define ID         "{\"type\":\"string\",\"format\":\"uuid\"}"
#define TIME       "{\"type\":\"string\",\"format\":\"date-time\"}"
#define MAYBE_ID   "{\"type\":[\"string\",\"null\"],\"format\":\"uuid\"}"
#define MAYBE_TIME "{\"type\":[\"string\",\"null\"],\"format\":\"date-time\"}"
#define SCOPES \
    "{\"type\":\"array\",\"items\":{\"enum\":[\"read\",\"write\",\"capture\",\"admin\"]}}"
#define P(name, schema) "\"" name "\":" schema
#define OBJECT(required, properties) \
    "{\"type\":\"object\",\"required\":[" required "],\"properties\":{" properties "}}"

static const char *const SCHEMAS[][2] = {
    { "User", OBJECT("\"id\",\"handle\",\"admin\",\"created_at\"",
        P("id", ID) "," P("handle", TEXT) "," P("admin", FLAG) "," P("created_at", TIME)) },
    { "Account", OBJECT("\"id\",\"handle\",\"admin\",\"disabled\",\"created_at\",\"deleted_at\","
        "\"erased_at\"",
        P("id", ID) "," P("handle", TEXT) "," P("admin", FLAG) "," P("disabled", FLAG) ","
        P("created_at", TIME) "," P("deleted_at", MAYBE_TIME) "," P("erased_at", MAYBE_TIME)) },
    { "SignInLink", OBJECT("\"link\",\"expires_at\"",
        P("link", TEXT) "," P("expires_at", TIME)) },
    { "AuthState", OBJECT("\"setup_needed\",\"signed_in\"",
        P("setup_needed", FLAG) "," P("signed_in", FLAG)) },
    { "Me", OBJECT("\"user\",\"session_id\"",
        P("user", REF_TO("User")) "," P("session_id", MAYBE_ID)) },
    { "Session", OBJECT("\"id\",\"created_at\",\"last_used_at\",\"expires_at\",\"user_agent\","
                        "\"address\",\"current\"",
        P("id", ID) "," P("created_at", TIME) "," P("last_used_at", TIME) ","
        P("expires_at", TIME) "," P("user_agent", TEXT) "," P("address", TEXT) ","
        P("current", FLAG)) },
    { "Token", OBJECT("\"id\",\"name\",\"scopes\",\"prefix\",\"created_at\",\"last_used_at\","
                      "\"expires_at\"",
        P("id", ID) "," P("name", TEXT) "," P("scopes", SCOPES) "," P("prefix", TEXT) ","
        P("created_at", TIME) "," P("last_used_at", MAYBE_TIME) "," P("expires_at", MAYBE_TIME) ","
        P("token", TEXT)) },
};
/* clang-format on */

static err_t init(struct app *app)
{
    struct identity *id;
    for (size_t i = 0; i < COUNTOF(SCHEMAS); i++)
        http_schema(SCHEMAS[i][0], SCHEMAS[i][1]);
    TRY(identity_new(app->store, app->settings->password_mib, &id));
    *app_room_state(app, &identity_module) = id;
    return OK;
}

static err_t start(struct app *app)
{
    return identity_keeper_start(identity_of(app));
}

static void stop(struct app *app)
{
    identity_free(*app_room_state(app, &identity_module));
    *app_room_state(app, &identity_module) = NULL;
}

/* Named in the log and in the feed; they hold nobody's words. */
static const struct entity ENTITIES[] = {
    { .name = "account" },
    { .name = "session" },
    { .name = "token" },
};

const struct module identity_module = {
    .name = "identity",
    .init = init,
    .start = start,
    .stop = stop,
    .routes = ROUTES,
    .route_count = COUNTOF(ROUTES),
    .entities = ENTITIES,
    .entity_count = COUNTOF(ENTITIES),
};
