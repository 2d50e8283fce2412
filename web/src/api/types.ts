// Made by web/scripts/api_types.mjs from /openapi.json. Not edited by hand.

export interface Schemas {
    Account: {
        id: string;
        handle: string;
        admin: boolean;
        disabled: boolean;
        created_at: string;
        deleted_at: string | null;
        erased_at: string | null;
    };
    AuthState: { setup_needed: boolean; signed_in: boolean };
    Block: {
        type: "text" | "code" | "table" | "math" | "mermaid" | "image" | "file" | "tool_call" | "tool_result" | "thinking" | "citation" | "artifact" | "unknown";
        [field: string]: unknown;
    };
    Capture: {
        id: string;
        url: string;
        provider: string;
        status: "queued" | "running" | "done" | "failed" | "cancelled";
        phase: string;
        progress: { done: number | null; total: number | null };
        position: number | null;
        outcome: string | null;
        conversation_id: string | null;
        result: {
            change: "new" | "updated" | "unchanged";
            words: string;
            title: string | null;
            messages_new: number;
            messages_changed: number;
            message_count: number;
        } | null;
        error: { code?: string; detail?: string | null } | null;
        created_at: string;
        updated_at: string;
    };
    CaptureDoctor: {
        browser: { path: string | null; version: string | null; problem: string | null };
        days: number;
        providers: {
            provider: string;
            label: string;
            recipe: string | null;
            state: "well" | "watch" | "failing" | "drift" | "quiet" | "unused";
            advice: string;
            captures: number;
            lately: number;
            failures: number | null;
            format_changed: number | null;
            last: Schemas["CaptureTally"] | null;
            works: Schemas["CaptureTally"] | null;
            outcomes: Schemas["CaptureTally"][];
        }[];
    };
    CapturePage: { items: Schemas["Capture"][]; next_cursor: string | null };
    CaptureTally: {
        outcome: string;
        strategy: string | null;
        recipe: string | null;
        captures: number;
        lately: number;
        last_at: string;
    };
    Conversation: {
        id: string;
        provider: string;
        title: string | null;
        model: string | null;
        message_count: number;
        source_url: string | null;
        version: number;
        created_at: string | null;
        updated_at: string | null;
        captured_at: string;
        role: "owner" | "editor" | "reader";
        shared_by?: string;
        source: {
            kind: string;
            url: string | null;
            id: string | null;
            account: string | null;
            strategy: string | null;
            recipe: string | null;
            captured_at: string;
        };
        context: { cwd: string | null; branch: string | null; tool: string | null };
        hash: string;
        outcome: string | null;
        findings: { code: string; level: "note" | "warning"; detail: string | null }[];
    };
    ConversationPage: { items: Schemas["ConversationSummary"][]; next_cursor: string | null };
    ConversationSummary: {
        id: string;
        provider: string;
        title: string | null;
        model: string | null;
        message_count: number;
        source_url: string | null;
        version: number;
        created_at: string | null;
        updated_at: string | null;
        captured_at: string;
        role: "owner" | "editor" | "reader";
        shared_by?: string;
    };
    Entity: "account" | "session" | "token" | "grant" | "access" | "conversation" | "message" | "capture" | "import";
    Import: {
        id: string;
        label: string;
        way: "upload" | "path" | "watch";
        provider: string | null;
        account: string | null;
        dry_run: boolean;
        can_be_taken: boolean;
        status: "queued" | "running" | "done" | "failed" | "cancelled" | "undoing" | "undone";
        phase: string | null;
        progress: { done: number | null; total: number | null };
        position: number | null;
        bytes: number;
        counts: { new: number; changed: number; unchanged: number; skipped: number; failed: number };
        media: { count: number; bytes: number };
        undo: { undone: number; kept: number } | null;
        error: { code: string; detail: string | null } | null;
        created_at: string;
        ended_at: string | null;
    };
    ImportItem: {
        number: number;
        outcome: "new" | "changed" | "unchanged" | "skipped" | "failed" | "undone" | "kept";
        file: string;
        place: number | null;
        conversation_id: string | null;
        title: string | null;
        reason_code: string | null;
        reason: string | null;
    };
    ImportItemPage: { items: Schemas["ImportItem"][]; next_cursor: string | null };
    ImportPage: { items: Schemas["Import"][]; next_cursor: string | null };
    Me: { user: Schemas["User"]; session_id: string | null };
    Message: {
        id: string;
        parent_id: string | null;
        provider_id: string | null;
        position: number;
        role: "user" | "assistant" | "system" | "tool";
        author: string | null;
        model: string | null;
        created_at: string | null;
        hidden: boolean;
        on_path: boolean;
        version: number;
        source_id: string | null;
        blocks: Schemas["Block"][];
        hash: string;
    };
    MessagePage: { items: Schemas["Message"][]; next_cursor: string | null };
    MessageVersion: {
        message_id: string;
        version: number;
        source_id: string | null;
        replaced_at: string;
        blocks: Schemas["Block"][];
        hash: string;
    };
    Problem: {
        type: string;
        title: string;
        status: number;
        code: string;
        detail: string;
        field?: string;
        request_id: string;
    };
    Reextraction: {
        id: string;
        provider: string | null;
        write: boolean;
        status: "queued" | "running" | "done" | "failed" | "cancelled";
        phase: string;
        progress: { done: number | null; total: number | null };
        position: number | null;
        error: { code?: string; detail?: string | null } | null;
        created_at: string;
        updated_at: string;
        findings: { [field: string]: unknown };
    };
    ReextractionItemPage: {
        items: {
            capture_id: string;
            conversation_id: string | null;
            provider: string;
            title: string | null;
            finding: "new" | "better" | "changed" | "unchanged" | "poorer" | "unreadable" | "failed";
            detail: string | null;
            before: { messages: number; words: number; warnings: number };
            after: { messages: number; words: number; warnings: number };
        }[];
        next_cursor: string | null;
    };
    Session: {
        id: string;
        created_at: string;
        last_used_at: string;
        expires_at: string;
        user_agent: string;
        address: string;
        current: boolean;
    };
    ShareableEntity: "conversation";
    SignInLink: { link: string; expires_at: string };
    Source: {
        id: string;
        kind: string;
        url: string | null;
        provider_id: string | null;
        account: string | null;
        strategy: string | null;
        recipe: string | null;
        outcome: string | null;
        first_captured_at: string;
        captured_at: string;
    };
    SourcePage: { items: Schemas["Source"][]; next_cursor: string | null };
    Storage: {
        kinds: { kind: string; count: number; bytes: number }[];
        imports: {
            id: string;
            label: string;
            created_at: string;
            conversations: number;
            text_bytes: number;
            media_bytes: number;
        }[];
        bytes: number;
    };
    Token: {
        id: string;
        name: string;
        scopes: ("read" | "write" | "capture" | "admin")[];
        prefix: string;
        created_at: string;
        last_used_at: string | null;
        expires_at: string | null;
        token?: string;
    };
    TrashPage: { items: Schemas["TrashedConversation"][]; next_cursor: string | null };
    TrashedConversation: {
        id: string;
        provider: string;
        title: string | null;
        model: string | null;
        message_count: number;
        source_url: string | null;
        version: number;
        created_at: string | null;
        updated_at: string | null;
        captured_at: string;
        role: "owner" | "editor" | "reader";
        shared_by?: string;
        trashed_at: string;
        deleted_at: string;
    };
    Upload: { id: string; name: string; bytes: number; received: number; expires_at: string };
    User: { id: string; handle: string; admin: boolean; created_at: string };
    VersionPage: { items: Schemas["MessageVersion"][]; next_cursor: string | null };
}

export interface Operations {
    'POST /api/v1/auth/link': {
        body: { token: string };
        reply: { user: Schemas["User"] };
    };
    'POST /api/v1/auth/login': {
        body: { handle: string; password: string };
        reply: { user: Schemas["User"] };
    };
    'POST /api/v1/auth/logout': {
    };
    'POST /api/v1/auth/setup': {
        body: { token: string; handle: string; password: string };
        reply: { user: Schemas["User"] };
    };
    'GET /api/v1/auth/state': {
        reply: Schemas["AuthState"];
    };
    'GET /api/v1/capture-doctor': {
        reply: Schemas["CaptureDoctor"];
    };
    'GET /api/v1/captures': {
        query: { cursor?: string; limit?: number };
        reply: Schemas["CapturePage"];
    };
    'POST /api/v1/captures': {
        body: { url: string; any_host?: boolean };
        reply: { id: string };
    };
    'GET /api/v1/captures/{id}': {
        path: { id: string };
        reply: Schemas["Capture"];
    };
    'DELETE /api/v1/captures/{id}': {
        path: { id: string };
        reply: { id: string };
    };
    'GET /api/v1/captures/{id}/events': {
        path: { id: string };
    };
    'GET /api/v1/changes': {
        query: { after?: string; limit?: number; wait?: boolean };
        reply: { items: { [field: string]: unknown }[]; cursor: string; more: boolean };
    };
    'GET /api/v1/conversations': {
        query: { cursor?: string; limit?: number; provider?: string; shared?: boolean };
        reply: Schemas["ConversationPage"];
    };
    'GET /api/v1/conversations/{id}': {
        path: { id: string };
        reply: Schemas["Conversation"];
    };
    'PATCH /api/v1/conversations/{id}': {
        path: { id: string };
        body: { title: string };
        reply: Schemas["Conversation"];
    };
    'DELETE /api/v1/conversations/{id}': {
        path: { id: string };
    };
    'GET /api/v1/conversations/{id}/media/{sha256}': {
        path: { id: string; sha256: string };
    };
    'GET /api/v1/conversations/{id}/members': {
        path: { id: string };
        reply: { items: { handle: string; role: "reader" | "editor"; created_at: string }[] };
    };
    'PUT /api/v1/conversations/{id}/members/{handle}': {
        path: { id: string; handle: string };
        body: { role: string };
        reply: { handle: string; role: "reader" | "editor"; created_at: string };
    };
    'DELETE /api/v1/conversations/{id}/members/{handle}': {
        path: { id: string; handle: string };
    };
    'GET /api/v1/conversations/{id}/messages': {
        path: { id: string };
        query: { cursor?: string; limit?: number; all?: boolean };
        reply: Schemas["MessagePage"];
    };
    'GET /api/v1/conversations/{id}/presence': {
        path: { id: string };
        reply: { items: { status: "online" | "away" | "offline" }[] };
    };
    'GET /api/v1/conversations/{id}/sources': {
        path: { id: string };
        reply: Schemas["SourcePage"];
    };
    'POST /api/v1/conversations/{id}/split': {
        path: { id: string };
        body: { source_id: string };
        reply: { id: string };
    };
    'GET /api/v1/conversations/{id}/versions': {
        path: { id: string };
        query: { cursor?: string; limit?: number };
        reply: Schemas["VersionPage"];
    };
    'GET /api/v1/exports': {
        query: { form?: string; ids?: string; q?: string; all?: boolean; media?: string; evidence?: boolean };
    };
    'GET /api/v1/exports/size': {
        query: { form?: string; ids?: string; q?: string; all?: boolean; media?: string; evidence?: boolean };
        reply: {
            conversations: number;
            messages: number;
            media: { count: number; bytes: number };
            bytes: number;
        };
    };
    'GET /api/v1/imports': {
        query: { cursor?: string; limit?: number };
        reply: Schemas["ImportPage"];
    };
    'POST /api/v1/imports': {
        query: { provider?: string; account?: string; dry_run?: boolean; name?: string; path?: string };
        reply: { id: string };
    };
    'GET /api/v1/imports/{id}': {
        path: { id: string };
        reply: Schemas["Import"];
    };
    'DELETE /api/v1/imports/{id}': {
        path: { id: string };
    };
    'POST /api/v1/imports/{id}/cancel': {
        path: { id: string };
        reply: { id: string };
    };
    'GET /api/v1/imports/{id}/events': {
        path: { id: string };
    };
    'GET /api/v1/imports/{id}/items': {
        path: { id: string };
        query: { cursor?: string; limit?: number; outcome?: string };
        reply: Schemas["ImportItemPage"];
    };
    'POST /api/v1/imports/{id}/take': {
        path: { id: string };
        reply: { id: string };
    };
    'POST /api/v1/imports/{id}/undo': {
        path: { id: string };
        reply: { id: string };
    };
    'GET /api/v1/me': {
        reply: Schemas["Me"];
    };
    'POST /api/v1/me/password': {
        body: { old_password: string; new_password: string };
    };
    'POST /api/v1/reextractions': {
        body: { provider?: string; write?: boolean };
        reply: { id: string };
    };
    'GET /api/v1/reextractions/{id}': {
        path: { id: string };
        reply: Schemas["Reextraction"];
    };
    'DELETE /api/v1/reextractions/{id}': {
        path: { id: string };
        reply: { id: string };
    };
    'GET /api/v1/reextractions/{id}/items': {
        path: { id: string };
        query: { cursor?: string; limit?: number; finding?: string };
        reply: Schemas["ReextractionItemPage"];
    };
    'POST /api/v1/sample': {
        reply: { added: number };
    };
    'DELETE /api/v1/sample': {
        reply: { removed: number };
    };
    'GET /api/v1/search': {
        query: { q: string; conversation?: string; kind?: string; group?: string; sort?: string; typing?: boolean; exact?: boolean; explain?: boolean; zone?: number; limit?: number; cursor?: string };
        reply: {
            items: {
                kind: string;
                id: string;
                conversation_id?: string | null;
                message_id?: string | null;
                title?: string | null;
                snippet: string;
                highlights: [number, number][];
                score: number;
                source: "keyword" | "similar" | "neighbour";
                found_in?: "thinking" | "tool" | null;
                role?: string | null;
                provider?: string | null;
                author?: string | null;
                like_of?: string | null;
                like?: string | null;
                shared_by?: string | null;
                created_at?: string | null;
                words: string[];
                aside: string[];
                parts?: { name: string; value: number; weight: number }[];
            }[];
            groups?: {
                conversation_id?: string | null;
                title?: string | null;
                provider?: string | null;
                count: number;
                first: number;
                shown: number;
            }[];
            facets: { name: string; values: { value: string; count: number }[] }[];
            corrections: { from: string; to: string }[];
            hints: { code: string; field: string; detail: string }[];
            similar: boolean;
            next_cursor: string | null;
            took_ms: number;
        };
    };
    'POST /api/v1/search': {
        body: {
            q: string;
            conversation?: string;
            kind?: string;
            group?: string;
            sort?: string;
            typing?: boolean;
            exact?: boolean;
            explain?: boolean;
            zone?: number;
            limit?: number;
            cursor?: string;
        };
        reply: {
            items: {
                kind: string;
                id: string;
                conversation_id?: string | null;
                message_id?: string | null;
                title?: string | null;
                snippet: string;
                highlights: [number, number][];
                score: number;
                source: "keyword" | "similar" | "neighbour";
                found_in?: "thinking" | "tool" | null;
                role?: string | null;
                provider?: string | null;
                author?: string | null;
                like_of?: string | null;
                like?: string | null;
                shared_by?: string | null;
                created_at?: string | null;
                words: string[];
                aside: string[];
                parts?: { name: string; value: number; weight: number }[];
            }[];
            groups?: {
                conversation_id?: string | null;
                title?: string | null;
                provider?: string | null;
                count: number;
                first: number;
                shown: number;
            }[];
            facets: { name: string; values: { value: string; count: number }[] }[];
            corrections: { from: string; to: string }[];
            hints: { code: string; field: string; detail: string }[];
            similar: boolean;
            next_cursor: string | null;
            took_ms: number;
        };
    };
    'GET /api/v1/sessions': {
        query: { limit?: number; cursor?: string };
        reply: { items: Schemas["Session"][]; next_cursor: string | null };
    };
    'DELETE /api/v1/sessions': {
    };
    'DELETE /api/v1/sessions/{id}': {
        path: { id: string };
    };
    'GET /api/v1/storage': {
        reply: Schemas["Storage"];
    };
    'GET /api/v1/tokens': {
        query: { limit?: number; cursor?: string };
        reply: { items: Schemas["Token"][]; next_cursor: string | null };
    };
    'POST /api/v1/tokens': {
        body: { name: string; scopes?: unknown; expires_days?: number };
        reply: Schemas["Token"];
    };
    'DELETE /api/v1/tokens/{id}': {
        path: { id: string };
    };
    'GET /api/v1/trash': {
        query: { cursor?: string; limit?: number };
        reply: Schemas["TrashPage"];
    };
    'DELETE /api/v1/trash/{id}': {
        path: { id: string };
    };
    'POST /api/v1/trash/{id}/restore': {
        path: { id: string };
    };
    'POST /api/v1/uploads': {
        reply: { id: string };
    };
    'POST /api/v1/uploads/import': {
        body: { uploads: string; provider?: string; account?: string; label?: string; dry_run?: boolean };
        reply: { id: string };
    };
    'GET /api/v1/uploads/{id}': {
        path: { id: string };
        reply: Schemas["Upload"];
    };
    'PATCH /api/v1/uploads/{id}': {
        path: { id: string };
    };
    'DELETE /api/v1/uploads/{id}': {
        path: { id: string };
    };
    'GET /api/v1/users': {
        reply: { items: Schemas["Account"][]; next_cursor: string | null };
    };
    'POST /api/v1/users': {
        body: { handle: string; password: string; admin?: boolean };
        reply: Schemas["Account"];
    };
    'PATCH /api/v1/users/{handle}': {
        path: { handle: string };
        body: { password?: string; disabled?: boolean };
        reply: Schemas["Account"];
    };
    'DELETE /api/v1/users/{handle}': {
        path: { handle: string };
        query: { now?: boolean };
    };
    'POST /api/v1/users/{handle}/login-link': {
        path: { handle: string };
        reply: Schemas["SignInLink"];
    };
    'POST /api/v1/users/{handle}/restore': {
        path: { handle: string };
        reply: Schemas["Account"];
    };
    'POST /api/v1/users/{handle}/tokens': {
        path: { handle: string };
        body: { name: string; scopes?: unknown; expires_days?: number };
        reply: Schemas["Token"];
    };
}
