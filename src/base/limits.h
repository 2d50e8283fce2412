/* Every limit of the program, with its unit. Rooms add theirs here, so that the whole stands on
 * one page. */
#ifndef VIVIM_BASE_LIMITS_H
#define VIVIM_BASE_LIMITS_H

#define KIB(n) ((size_t)(n)*1024)
#define MIB(n) ((size_t)(n)*1024 * 1024)

/* JSON */
#define JSON_BYTES_MAX         MIB(256)
#define JSON_DEPTH_MAX         64       /* requests of clients */
#define JSON_FOREIGN_DEPTH_MAX 256      /* provider data */
#define JSON_BUILD_DEPTH_MAX   512      /* what a decoder makes of it */
#define JSON_BUILD_BYTES_MAX   MIB(256) /* of its tape */

/* Requests */
#define HTTP_HEADER_BYTES_MAX       KIB(16)
#define HTTP_HEADERS_MAX            100
#define HTTP_TARGET_BYTES_MAX       KIB(8)
#define HTTP_BODY_BYTES_DEFAULT     KIB(64)
#define HTTP_BODY_SPOOL_BYTES       KIB(256) /* a larger body goes into a temporary file */
#define HTTP_CHUNKS_MAX             100000   /* chunks in one body */
#define HTTP_CHUNK_LINE_BYTES_MAX   KIB(1)   /* extensions of one chunk … */
#define HTTP_CHUNK_EXTRA_BYTES_MAX  KIB(16)  /* … and of all in one body */
#define HTTP_TRAILERS_MAX           32
#define HTTP_TRAILERS_BYTES_MAX     KIB(8)
#define HTTP_DISCARD_BYTES_MAX      KIB(64) /* of a refused body: dropped, the connection stays */
#define HTTP_LINGER_BYTES_MAX       MIB(8)  /* dropped behind a last answer, that it be read … */
#define HTTP_LINGER_MS              2000    /* … and for how long */
#define HTTP_HEADER_TIMEOUT_MS      10000
#define HTTP_BODY_TIMEOUT_MS        30000 /* without progress */
#define HTTP_IDLE_TIMEOUT_MS        75000
#define HTTP_DRAIN_MS               10000
#define HTTP_PIPELINE_MAX           32
#define LISTEN_WAIT_MS              1000 /* for a port that a killed predecessor's child still holds */
#define CONNECTIONS_MAX             20000
#define CONNECTIONS_PER_ADDRESS_MAX 1000
#define REQUEST_ARENA_BYTES_MAX     MIB(64)
#define WORKERS_MAX                 64
#define WORKER_QUEUE_MAX            1024
#define PRODUCED_MAX                4 /* bodies that workers make piece by piece, at once … */
#define PRODUCED_PER_ACCOUNT_MAX    2 /* … and of one account */
#define PRODUCED_PIECE_BYTES        KIB(64)
#define PRODUCED_STALL_MS           60000 /* a client that takes nothing for so long is given up */
#define PAGE_ITEMS_MAX              200
#define PAGE_ITEMS_DEFAULT          50
#define PAGE_CACHE_BYTES_MAX        MIB(8) /* rendered pages, of each loop */
#define PAGE_CACHE_ITEM_BYTES_MAX   KIB(256)

/* The data folder */
#define FILE_LOCK_WAIT_MS 1000 /* for a lock that a killed predecessor's child still holds */

/* The store. PostgreSQL keeps to the first two itself, we wait DB_GRACE_MS longer and then give it up */
#define DB_STATEMENT_MS      8000 /* a statement of a request … */
#define DB_LOCK_MS           6000 /* … of which waiting for what another session holds */
#define DB_WORK_STATEMENT_MS (10 * 60 * 1000) /* of jobs and consumers … */
#define DB_WORK_LOCK_MS      20000
#define DB_LONG_STATEMENT_MS (4 * 3600 * 1000) /* of migrations, rebuilds and whole-store checks */
#define DB_GRACE_MS          2000
#define DB_CONNECT_MS        5000 /* a connection, with TLS and signing in */
#define DB_ASK_AGAIN_MS      1000 /* a store that is silent is asked by one at a time, so often … */
#define DB_PROBE_MS          2000 /* … and for so long */
#define DB_READY_MS          2000 /* /readyz, from its arrival */
#define DB_DOORBELL_GAP_MS   5 /* the other nodes are told of commits once in this time at most */
#define DB_DOORBELL_REST_MS  30000 /* a connection that only listens is asked whether it is there */
#define DB_STOPPING_MS       2000  /* while the server stops nobody waits longer for the store */

/* The operation log and jobs */
#define OPS_KEEP_MS           (INT64_C(90) * 24 * 3600 * 1000)
#define OPS_BATCH_MAX         2000 /* ops handed to a consumer at once */
#define OPS_READ_MAX          5000
#define OPS_CONSUMERS_MAX     64
#define OPS_ARENA_BYTES_MAX   MIB(128) /* one batch of one consumer */
#define OPS_GATHER_MS         5        /* from one look at the log to the next */
#define OPS_RETRY_MS          100      /* first wait of a failing consumer, doubled each time */
#define OPS_RETRY_MAX_MS      60000
#define OPS_NO_STORE_MS       1000     /* the store does not answer: look again after */
#define JOB_ARENA_BYTES_MAX   MIB(256) /* one run */
#define JOB_PAYLOAD_BYTES_MAX MIB(1)
#define JOB_DEATHS_MAX        3 /* runs that ended with their process; then it is set aside */
#define JOB_RETRY_MS          1000 /* first wait of a job that failed, doubled each time, with jitter */
#define JOB_RETRY_MAX_MS      (10 * 60 * 1000)
#define JOB_KEEP_MS           (INT64_C(90) * 24 * 3600 * 1000) /* ended ones */
#define BLOB_SWEEP_AGE_MS     (60 * 60 * 1000) /* a younger file may be waiting for its row */
#define JOB_TELL_MS           100 /* counts within a phase are told at most this often */

/* Search */
#define SEARCH_QUERY_BYTES_MAX    2048
#define SEARCH_TEXT_BYTES_MAX     MIB(1) /* indexed of one message; what stands behind is not found */
#define SEARCH_TOKEN_BYTES_MAX    96     /* kept of a longer word */
#define SEARCH_LANGUAGE_BYTES_MAX KIB(4) /* looked at to tell the language of a text */
#define SEARCH_SESSION_GAP_MS     (INT64_C(6) * 3600 * 1000) /* a longer pause ends a session */
#define SEARCH_WORDS_MAX          64  /* words of a query that rank; of more the rare ones */
#define SEARCH_BEGINNINGS_MAX     256 /* words that one with a star stands for: the frequent ones */
#define SEARCH_CANDIDATES_MAX \
    100 /* by words, and as many by vectors; two neighbours of each beside them */
#define SEARCH_WHOLE_MAX 2000 /* a conversation of so many is ranked whole */
#define SEARCH_DRIVE_MAX \
    40000 /* documents that candidates are chosen from; more frequent words only rank … */
#define SEARCH_DRIVE_SIMILAR_MAX 20000   /* … where similar words choose some too */
#define SEARCH_SNIPPET_CHARS     240     /* code points */
#define SEARCH_HIGHLIGHTS_MAX    24      /* in one snippet */
#define SEARCH_ARENA_BYTES_MAX   MIB(64) /* indexing one entity */

/* Similar words */
#define SEARCH_TABLE_BYTES_MAX     MIB(64) /* one table */
#define SEARCH_TABLE_ROWS_MAX      65536
#define SEARCH_TABLE_DIMS_MAX      304
#define SEARCH_VECTOR_BYTES_MAX    832     /* of a message: two background tables and one's own */
#define SEARCH_WORD_IDS_MAX        4000000 /* different words of one archive */
#define SEARCH_OWN_ROWS_MAX        25000   /* words that an own table has: the most frequent */
#define SEARCH_OWN_TABLE_BYTES_MAX MIB(8)
#define SEARCH_OWN_WORDS_MIN       20000 /* in all; from fewer there is nothing to learn */

/* Conversations */
#define CONVERSATION_BYTES_MAX       MIB(64)   /* one text of it */
#define CONVERSATION_ARENA_BYTES_MAX MIB(2048) /* the whole of it, or what is made of it */
#define CONVERSATION_MESSAGES_MAX    1000000
#define MERGE_MESSAGES_MAX \
    (2 * CONVERSATION_MESSAGES_MAX)       /* with those that later renderings lack */
#define MERGE_ARENA_BYTES_MAX    MIB(512) /* one list of them, or what finds them */
#define CONVERSATION_SOURCES_MAX 64 /* links, exports and files that one conversation comes from */
#define SOURCE_RENDERINGS_MAX    8 /* kept of one, where each says something that the others do not */
#define RENDERING_BYTES_MAX      MIB(1024) /* of one that is kept beside the rows */
#define MESSAGE_BLOCKS_MAX       5000
#define UNKNOWN_DEPTH_MAX        48 /* of JSON kept as it came; all of it under JSON_DEPTH_MAX */
#define TITLE_BYTES_MAX          500
#define TRASH_KEEP_MS            (INT64_C(30) * 24 * 3600 * 1000)
#define TRASH_SWEPT_AT_ONCE      1000 /* by one sweep; the next one goes on */

/* Import */
#define IMPORT_ENTRIES_MAX 200000         /* files in a folder or a zip */
#define IMPORT_DEPTH_MAX   16             /* folders in one another */
#define IMPORT_VALUE_BYTES MIB(64)        /* the JSON of one conversation … */
#define IMPORT_OWN_BYTES   JSON_BYTES_MAX /* … in the normal form, as which sessions are sent */
#define IMPORT_ZIP_RATIO_MAX \
    300 /* unpacked to packed bytes of a whole zip; deflate alone gives 1032 at most … */
#define IMPORT_ZIP_FREE_BYTES MIB(64) /* … and nobody minds as long as it holds less than this */
#define IMPORT_SIDE_FILE_BYTES_MAX \
    MIB(64)                           /* what an export says of its files; a document's words */
#define SOURCE_HEAD_BYTES     KIB(64) /* by which a format is told */
#define SOURCE_HEAD_NAMES_MAX 256
#define IMPORT_BODY_BYTES_MAX ((size_t)1 << 40) /* of an upload, above what the operator set */
#define IMPORT_BATCH_BYTES    MIB(16)           /* of conversations that are stored together … */
#define IMPORT_BATCH_MAX      64                /* … and how many of them */
#define IMPORT_MEDIA_BYTES    MIB(32)           /* of one picture or file */
#define IMPORT_FETCH_MS       15000 /* for the pictures of one conversation that stand elsewhere … */
#define IMPORT_FETCH_ALL_MS   (10 * 60 * 1000) /* … and for those of a whole import */
#define IMPORT_LIST_BYTES_MAX MIB(512)         /* of the names in what was given */
#define CURSOR_FILE_BYTES_MAX \
    ((int64_t)16 << 30) /* of Cursor's file and its log, copied to be read */
#define IMPORT_KEEP_MS        (INT64_C(90) * 24 * 3600 * 1000) /* a report, and what undoing wants … */
#define IMPORT_FILES_KEEP_MS  (INT64_C(24) * 3600 * 1000) /* … and what was given to a dry run */
#define IMPORTS_LISTED_MAX    100                         /* of what takes room, the newest */
#define IMPORT_NAME_BYTES_MAX 255
#define IMPORT_PARTS_MAX      10000                       /* files in one body or import */
#define UPLOAD_KEEP_MS        (INT64_C(24) * 3600 * 1000) /* since the last piece */
#define UPLOADS_MAX           2000                        /* of an account, under way */
#define UPLOAD_PIECE_BYTES    MIB(64)                     /* the most that one PATCH brings */

/* Export */
#define EXPORT_IDS_MAX           200   /* named one by one: what an address line holds */
#define EXPORT_FOUND_MAX         10000 /* conversations of a search */
#define EXPORT_CONVERSATIONS_MAX 2000000
#define EXPORT_PART_BYTES        MIB(1) /* conversations are packed together until they are so large */
#define EXPORT_TEXT_BYTES_MAX    MIB(512) /* one conversation, written */
#define EXPORT_MEDIA_BYTES_MAX   MIB(64)  /* one picture or file */
#define EXPORT_INLINE_BYTES_MAX  MIB(64)  /* pictures inside one page */
#define EXPORT_NAME_BYTES_MAX    120      /* of a file in an export, without its ending */
#define EXPORT_ZIP_MEMBERS_MAX   2000000

/* Waiting for what is outside */
#define PATIENCE_SLICE_MS 100 /* who may be called off asks so often */

/* Capture */
#define URL_BYTES_MAX              2048
#define CAPTURE_DEADLINE_MS        60000
#define CAPTURE_STEP_MS            20000
#define CAPTURE_SHOW_MS            5000    /* for the picture of a page whose bytes have decided */
#define CAPTURE_PAGE_BYTES_MAX     MIB(16) /* through the proxy */
#define CAPTURE_BODY_BYTES_MAX     MIB(64) /* of one document or answer, unpacked */
#define TALLY_DAYS_MS              (INT64_C(90) * 24 * 3600 * 1000) /* how captures ended, by day … */
#define TALLY_KEEP_MS              (INT64_C(365) * 24 * 3600 * 1000) /* … and at all */
#define CAPTURES_OF_ONE_MAX        5000                              /* of one conversation */
#define CAPTURE_PICTURES_MAX       200
#define CAPTURE_PICTURE_BYTES_MAX  MIB(10) /* of one */
#define CAPTURE_PICTURES_BYTES_MAX MIB(64) /* of all of a capture */

/* Real time */
#define EIO_PAYLOAD_BYTES_MAX  1000000 /* what a POST or a WebSocket message of a client may hold */
#define EIO_UPGRADE_TIMEOUT_MS 10000
#define EIO_LINGER_MS          30000 /* how long a close packet waits for a poll */
#define EIO_CLOSED_GRACE_MS \
    5000 /* how long a late poll of a session that its client closed gets a noop */
#define EIO_CLOSED_MAX            1000   /* such sessions, of a loop */
#define SESSION_WAITING_BYTES_MAX MIB(1) /* packets that wait for a client that reads slowly */
#define SIO_ATTACHED_BYTES_MAX    MIB(4) /* the attachments of one packet */
#define SIO_ACK_TIMEOUT_MS        10000
#define ROOM_BYTES_MAX            160 /* a room's name, with its end */
#define ROOMS_PER_SOCKET_MAX      200
#define EMISSION_BYTES_MAX        KIB(512)
#define EVENTS_PER_SECOND         50 /* of one socket … */
#define EVENTS_BURST              100
#define EVENTS_WAITING_MAX        32 /* … that may wait for the one before */
#define EVENT_ARENA_BYTES_MAX     MIB(8)
#define TOPICS_PER_EVENT_MAX      50
#define RECOVERY_MS               (2 * 60 * 1000) /* how long a lost connection may come back to what it was */
#define RECOVERY_EMISSIONS_MAX    4096
#define RECOVERY_BYTES_MAX        MIB(16)
#define RECOVERY_SOCKETS_MAX      10000
#define EXPIRY_FAR_MS             60000   /* how often a credential's time is looked at … */
#define EXPIRY_NEAR_MS            500     /* … in its last EXPIRY_FAR_MS */
#define SIGNAL_MESSAGE_BYTES_MAX  KIB(64) /* signalling: one message */
#define SIGNAL_TOPIC_BYTES_MAX    128
#define SIGNAL_TOPICS_MAX         50  /* of one connection, and in one message */
#define SIGNAL_SUBSCRIBERS_MAX    200 /* of one topic */
#define SIGNALS_PER_SECOND        100 /* of one connection … */
#define SIGNALS_BURST             1000
#define SIGNAL_BACKLOG_BYTES_MAX  KIB(512) /* … that wait while topics are checked */
#define STREAMS_MAX               10000    /* of server-sent events, in all … */
#define STREAMS_PER_ACCOUNT_MAX   100      /* … and of one account */
#define STREAM_BEAT_MS            15000    /* a sign of life, that proxies let it stand */
#define STREAM_KEPT_MS            60000    /* what was told last is told to who comes within this */
#define STREAM_EVENT_BYTES_MAX    KIB(256)
#define CHANGES_REST_MS           25 /* between two batches of changes: what comes meanwhile comes together */
#define CHANGES_ITEMS_MAX         100   /* in one event; more: ask by the cursor */
#define CHANGES_SCANNED_MAX       20000 /* ops that one request looks at */
#define CHANGES_WAIT_MS           25000 /* a request that waits for a change */
#define PRESENCE_TICK_MS          100
#define PRESENCE_SCAN_MS          500
#define PRESENCE_GRACE_MS         2000  /* a lost connection may come back unnoticed */
#define PRESENCE_BEAT_MS          20000 /* how often a client says that it is there … */
#define PRESENCE_LEASE_MS         45000 /* … and after how long without that it is not */
#define PRESENCE_DEVICES_MAX      64    /* of one person */
#define PRESENCE_VIEWS_MAX        100

/* Identity */
#define HANDLE_BYTES_MIN            2
#define HANDLE_BYTES_MAX            32
#define PASSWORD_BYTES_MIN          8
#define PASSWORD_BYTES_MAX          1024
#define PASSWORD_HASHES_AT_ONCE     2 /* each takes 64 MiB and a core */
#define PASSWORD_HASHES_WAITING_MAX 16
#define PASSWORD_HASH_WAIT_MS       5000
#define SETUP_LINK_MS               (30 * 60 * 1000)
#define LOGIN_LINK_MS               (30 * 60 * 1000)
#define ACCOUNT_GRACE_MS            (INT64_C(30) * 24 * 3600 * 1000) /* a deleted one may come back */
#define ACCOUNTS_ERASED_AT_ONCE     100 /* by one sweep; the next one goes on */
#define SESSION_IDLE_MS             (INT64_C(14) * 24 * 3600 * 1000)
#define SESSION_LIFE_MS             (INT64_C(90) * 24 * 3600 * 1000)
#define SESSIONS_PER_ACCOUNT_MAX    100 /* a further login ends the one unused longest */
#define SESSIONS_TRIMMED_MAX \
    1000 /* that one login ends; there is one too many at most, but for a lowered limit */
#define TOKENS_PER_ACCOUNT_MAX   100
#define TOKEN_NAME_BYTES_MAX     100
#define TOKEN_DAYS_MAX           3650
#define USER_AGENT_BYTES_MAX     256 /* kept of a longer one */
#define ACCOUNTS_LISTED_MAX      10000
#define CREDENTIAL_CACHE_ENTRIES 2048
#define CREDENTIAL_CACHE_MS      1000    /* how long another process's revocation may go unseen */
#define CREDENTIAL_TOUCH_MS      60000   /* "last used" is written at most this often */
#define CREDENTIAL_TOUCHES_MAX   1024    /* waiting to be written; more are left out */
#define SECRET_BYTES_MAX         KIB(64) /* sealed at once */

#endif
