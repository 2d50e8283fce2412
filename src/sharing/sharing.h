/* sharing: who may do what with what another account owns.
 *
 * The one question that every read of somebody's things asks is sharing_access: whose row does this
 * actor reach under this id, and with which right? Its own row comes first, so that nobody can put
 * another in front of it (clients choose ids); then the grants, the oldest first, whose row is there.
 * Unknown and forbidden look alike: E_NOT_FOUND. What can be shared is what the tables of entities
 * say (registry/entity.h); no kind of thing is known here by name. Grants are rows written by
 * the owner alone; giving and taking them appends ops ("grant"), so that open sockets hear of it.
 * What an account shares, and its name among those that a thing is shared with, is not seen while the
 * account is deleted and may still come back.
 * Links, audiences and the access log (seed 5.2) come on the same rows later.
 */
#ifndef VIVIM_SHARING_SHARING_H
#define VIVIM_SHARING_SHARING_H

#include "registry/module.h"

enum share_role { SHARE_NONE, SHARE_READER, SHARE_EDITOR, SHARE_OWNER };
enum share_action { SHARE_READ, SHARE_WRITE, SHARE_ADMINISTER };

/* Is `role` enough for `action`? Readers read; editors write; owners give and take grants and delete. */
bool sharing_role_allows(enum share_role role, enum share_action action);
const char *sharing_role_name(enum share_role role);
bool sharing_role_parse(struct str name, enum share_role *ret); /* "reader" or "editor" */

struct access { /* to one thing */
    struct uuid owner_id;
    enum share_role role;
    struct str shared_by; /* the owner's handle; STR_NONE: it is the actor's own */
};
struct access sharing_own(struct uuid actor); /* to what is the actor's own: all that there is */
/* Whose row does `actor` reach under this id? Its own, if it has one; else that of the oldest grant whose row is there and allows
 * `action`. E_NOT_FOUND: none; E_FORBIDDEN: there is one, but its role is not enough for a change. Cost: one indexed read for
 * one's own, two and more for another's. Who reads the row anyway may ask for one's own with that (sharing_own), and here when
 * there is none. */
NODISCARD err_t sharing_access(struct app *app, struct db *db, struct arena *a, struct uuid actor,
                               const struct entity *e, struct uuid id, enum share_action action,
                               struct access *ret);
/* May the actor, where the owner is known (an op names it)? Whether the row is there is not asked. One indexed read. */
NODISCARD err_t sharing_allows(struct db *db, struct arena *a, struct uuid actor,
                               enum share_action action, const char *entity, struct uuid owner,
                               struct uuid id, bool *ret);

struct grant {
    struct uuid owner_id, entity_id, grantee_id;
    struct str entity, role, handle; /* handle: of the grantee */
    int64_t version, created_ms;
};

/* Give a role or change it. E_NOT_FOUND (no such account), E_INVALID (the owner itself), E_CONFLICT (GRANTS_PER_ENTITY_MAX). */
NODISCARD err_t sharing_grant(struct db *db, struct arena *a, struct uuid owner, const char *entity,
                              struct uuid id, struct str handle, enum share_role role,
                              int64_t now_ms, struct grant *ret);
NODISCARD err_t sharing_revoke(struct db *db, struct arena *a, struct uuid owner,
                               const char *entity, struct uuid id, struct str handle,
                               int64_t now_ms);
/* All grants of one thing, oldest first. */
NODISCARD err_t sharing_members(struct db *db, struct arena *a, struct uuid owner,
                                const char *entity, struct uuid id, struct grant **ret,
                                size_t *ret_count);
/* What others share with the actor, newest grant first; `before` is the last one seen (INT64_MAX and nil at first). */
struct sharing_page {
    int64_t before_ms;
    struct uuid before_id;
    size_t limit; /* 1 .. PAGE_ITEMS_MAX + 1 */
};
NODISCARD err_t sharing_shared_with(struct db *db, struct arena *a, struct uuid actor,
                                    const char *entity, const struct sharing_page *page,
                                    struct grant **ret, size_t *ret_count);
extern const struct module sharing_module;

#endif
