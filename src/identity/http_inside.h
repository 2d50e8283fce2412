/* Handlers and their field tables: what the files *_http.c of identity share. */
#ifndef VIVIM_IDENTITY_HTTP_INSIDE_H
#define VIVIM_IDENTITY_HTTP_INSIDE_H

#include "identity/identity.h"

/* The session that the caller came with; nil: it came with something else. */
struct uuid identity_session_of(const struct caller *c);
void identity_write_user(struct json_out *o, const struct account *x);
/* Retry-After of a refusal that knows how long. */
void identity_retry_after(struct req *rq, struct reply *rp, err_t e, int64_t retry_ms);
/* Make a token for `user` from the request's body, and answer with it. */
NODISCARD err_t identity_token_reply(struct req *rq, struct reply *rp, struct uuid user);

/* auth_http.c */
extern const struct field IDENTITY_SETUP_FIELDS[3], IDENTITY_LOGIN_FIELDS[2],
    IDENTITY_LINK_FIELDS[1], IDENTITY_PASSWORD_FIELDS[2];
NODISCARD err_t identity_setup_post(struct req *rq, struct reply *rp);
NODISCARD err_t identity_login_post(struct req *rq, struct reply *rp);
NODISCARD err_t identity_link_post(struct req *rq, struct reply *rp);
NODISCARD err_t identity_logout_post(struct req *rq, struct reply *rp);
NODISCARD err_t identity_state_get(struct req *rq, struct reply *rp);
NODISCARD err_t identity_me_get(struct req *rq, struct reply *rp);
NODISCARD err_t identity_password_post(struct req *rq, struct reply *rp);

/* credentials_http.c */
extern const struct field IDENTITY_PAGE_FIELDS[2], IDENTITY_TOKEN_FIELDS[3];
NODISCARD err_t identity_sessions_get(struct req *rq, struct reply *rp);
NODISCARD err_t identity_sessions_delete(struct req *rq, struct reply *rp);
NODISCARD err_t identity_session_delete(struct req *rq, struct reply *rp);
NODISCARD err_t identity_tokens_get(struct req *rq, struct reply *rp);
NODISCARD err_t identity_tokens_post(struct req *rq, struct reply *rp);
NODISCARD err_t identity_token_delete(struct req *rq, struct reply *rp);

/* users_http.c */
extern const struct field IDENTITY_USER_FIELDS[3], IDENTITY_PATCH_FIELDS[2],
    IDENTITY_REMOVE_FIELDS[1];
NODISCARD err_t identity_users_get(struct req *rq, struct reply *rp);
NODISCARD err_t identity_users_post(struct req *rq, struct reply *rp);
NODISCARD err_t identity_user_patch(struct req *rq, struct reply *rp);
NODISCARD err_t identity_user_remove(struct req *rq, struct reply *rp);
NODISCARD err_t identity_user_restore_post(struct req *rq, struct reply *rp);
NODISCARD err_t identity_user_link_post(struct req *rq, struct reply *rp);
NODISCARD err_t identity_user_tokens_post(struct req *rq, struct reply *rp);

#endif
