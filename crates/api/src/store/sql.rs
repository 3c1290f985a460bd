//! The statements of both stores, and the bounds of their writers.
//!
//! The databases understand the same text: parameters are `$1`, types are said by `CAST`. Only what
//! makes the tables differs, and stands with each store.

pub(super) mod post;

/// Most writes that share one commit.
pub(super) const MOST: usize = 256;

/// Writes that may wait for the writer; who comes then waits for room.
pub(super) const WAITING: usize = 4096;

/// The head.
pub(super) const HEAD: &str = "SELECT seq, hash FROM head";

/// The same, and nobody else adds to the chain before this transaction ends. SQLite has one writer.
pub(super) const LOCK_HEAD: &str = "SELECT seq, hash FROM head FOR UPDATE";

/// Names the last line.
pub(super) const SET_HEAD: &str = "UPDATE head SET seq = $1, hash = $2";

/// The same, and tells every replica once it is committed; PostgreSQL alone.
pub(super) const SET_HEAD_AND_TELL: &str =
    "UPDATE head SET seq = $1, hash = $2 RETURNING pg_notify('datafog_chain', '')";

/// Adds a line, unless there is one of its id.
pub(super) const ADD_ENTRY: &str = "\
INSERT INTO entry (seq, id, kind, at, tenant, decision, action_type, tool, line, hash) \
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING";

/// The same for many, column by column; PostgreSQL alone.
pub(super) const ADD_ENTRIES: &str = "\
INSERT INTO entry (seq, id, kind, at, tenant, decision, action_type, tool, line, hash) \
SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], \
$7::text[], $8::text[], $9::text[], $10::bytea[]) ON CONFLICT DO NOTHING";

/// Which of these ids are there; PostgreSQL alone.
pub(super) const KNOWN: &str = "SELECT id FROM entry WHERE id = ANY($1::text[])";

/// Adds an answer, unless one stands under its name.
pub(super) const ADD_ANSWER: &str = "\
INSERT INTO answer (scope, name, question, body, at) \
VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";

/// Adds an answer, in the place of one that stands under its name.
pub(super) const SET_ANSWER: &str = "\
INSERT INTO answer (scope, name, question, body, at) VALUES ($1, $2, $3, $4, $5) \
ON CONFLICT (scope, name) DO UPDATE \
SET question = excluded.question, body = excluded.body, at = excluded.at";

/// The answer that stands under a name.
pub(super) const ANSWER: &str = "SELECT question, body FROM answer WHERE scope = $1 AND name = $2";

/// Forgets old answers.
pub(super) const FORGET_ANSWERS: &str = "DELETE FROM answer WHERE at < $1";

/// One line by its id.
pub(super) const ENTRY: &str = "\
SELECT seq, line FROM entry \
WHERE id = $1 AND (CAST($2 AS TEXT) IS NULL OR tenant = CAST($2 AS TEXT))";

/// Whose an id is, of an entry or of a request for approval.
pub(super) const TENANT_OF: &str = "\
SELECT tenant FROM entry WHERE id = $1 UNION ALL SELECT tenant FROM approval WHERE id = $1 LIMIT 1";

/// How risky a decision was said to be; where the policy says nothing, as its verdict is.
macro_rules! points {
    () => {
        "COALESCE(CAST(json(line) -> 'risk' ->> 'score' AS BIGINT), CASE decision \
         WHEN 'allow' THEN 0 WHEN 'require_approval' THEN 80 ELSE 100 END)"
    };
}

/// What a query asks for, without its limit.
macro_rules! wanted {
    ($select:literal, $rest:literal) => {
        concat!(
            "SELECT ",
            $select,
            " FROM entry WHERE (CAST($1 AS TEXT) IS NULL OR tenant = CAST($1 AS TEXT)) ",
            "AND (CAST($2 AS TEXT) IS NULL OR decision = CAST($2 AS TEXT)) ",
            "AND (CAST($3 AS TEXT) IS NULL OR lower(action_type) = lower(CAST($3 AS TEXT))) ",
            "AND (CAST($4 AS TEXT) IS NULL OR lower(tool) = lower(CAST($4 AS TEXT))) ",
            "AND (CAST($5 AS BIGINT) IS NULL OR at > CAST($5 AS BIGINT)) ",
            "AND (CAST($6 AS BIGINT) IS NULL OR at < CAST($6 AS BIGINT)) ",
            "AND (CAST($7 AS TEXT) IS NULL ",
            "OR json(line) -> 'server' ->> 'actor_id' = CAST($7 AS TEXT)) ",
            "AND (CAST($8 AS TEXT) IS NULL ",
            "OR json(line) -> 'server' ->> 'session_id' = CAST($8 AS TEXT)) ",
            "AND (CAST($9 AS TEXT) IS NULL OR kind = CAST($9 AS TEXT)) ",
            "AND (CAST($10 AS TEXT) IS NULL ",
            "OR lower(CAST(json(line) -> 'matched_rules' AS TEXT)) ",
            "LIKE CAST($10 AS TEXT) ESCAPE '\\') ",
            "AND (CAST($11 AS TEXT) IS NULL ",
            "OR lower((json(line) ->> 'reason') || ' ' || (json(line) ->> 'command')) ",
            "LIKE CAST($11 AS TEXT) ESCAPE '\\') ",
            "AND (CAST($12 AS BIGINT) IS NULL OR ",
            points!(),
            " >= CAST($12 AS BIGINT)) ",
            "AND (CAST($13 AS BIGINT) IS NULL OR ",
            points!(),
            " <= CAST($13 AS BIGINT))",
            $rest
        )
    };
}

/// The newest of the lines that match.
pub(super) const ENTRIES: &str = wanted!("seq, line", " ORDER BY seq DESC LIMIT $14 OFFSET $15");

/// How many lines match.
pub(super) const COUNT: &str = wanted!("count(*)", "");

/// How often each verdict was given, and how risky it was said to be.
pub(super) const TALLY: &str = "\
SELECT decision, count(*), count(json(line) -> 'risk' ->> 'score'), \
CAST(COALESCE(sum(CAST(json(line) -> 'risk' ->> 'score' AS BIGINT)), 0) AS BIGINT) \
FROM entry WHERE tenant = $1 AND kind = $2 AND at > $3 AND decision IS NOT NULL \
GROUP BY decision ORDER BY decision";

/// What was added to the chain.
pub(super) const TAIL: &str =
    "SELECT seq, line, tenant FROM entry WHERE seq > $1 ORDER BY seq LIMIT 256";

/// A piece of the chain, in order.
pub(super) const CHAIN: &str = "\
SELECT seq, id, kind, at, tenant, decision, action_type, tool, line, hash \
FROM entry WHERE seq > $1 ORDER BY seq LIMIT 1000";

/// Adds a request for approval.
pub(super) const ADD_APPROVAL: &str = "\
INSERT INTO approval (id, tenant, call, state, asked, until, record) \
VALUES ($1, $2, $3, $4, $5, $6, $7)";

/// Changes one.
pub(super) const SET_APPROVAL: &str =
    "UPDATE approval SET state = $1, until = $2, record = $3 WHERE id = $4";

/// One request of a tenant; any tenant's for none.
pub(super) const APPROVAL: &str = "\
SELECT record FROM approval \
WHERE id = $1 AND (CAST($2 AS TEXT) IS NULL OR tenant = CAST($2 AS TEXT))";

/// Requests of a tenant in a state, as it was stored, or in any; newest first.
pub(super) const APPROVALS: &str = "\
SELECT record FROM approval \
WHERE tenant = $1 AND (CAST($2 AS TEXT) IS NULL OR state = CAST($2 AS TEXT)) \
ORDER BY asked DESC, id DESC LIMIT $3";

/// What may speak for a call: answers and questions about that very call, and every yes that holds.
/// Each half has an index of its own; joined by OR, they would read every request of the tenant. The
/// empty text keeps SQLite from looking by state where the call is what tells them apart.
pub(super) const SPEAKING: &str = "\
SELECT record FROM (\
SELECT asked, id, record FROM approval \
WHERE tenant = $1 AND call = $2 AND state || '' IN ('denied', 'pending') \
UNION ALL \
SELECT asked, id, record FROM approval \
WHERE tenant = $1 AND state = 'approved' AND until > $3) AS speaking \
ORDER BY asked, id";

/// How many of a tenant's requests wait.
pub(super) const WAITING_APPROVALS: &str =
    "SELECT count(*) FROM approval WHERE tenant = $1 AND state = 'pending' AND until > $2";

/// Requests that nobody answered in time.
pub(super) const OVERDUE: &str = "\
SELECT tenant, id FROM approval WHERE state = 'pending' AND until <= $1 ORDER BY until LIMIT 256";

/// Removes what nothing can come of any more.
pub(super) const FORGET_APPROVALS: &str =
    "DELETE FROM approval WHERE state <> 'pending' AND until < $1";

/// Adds a key, unless there is one of its id.
pub(super) const ADD_KEY: &str = "\
INSERT INTO api_key (id, digest, name, role, tenant, created, expires, revoked, bounds) \
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING";

/// One key.
pub(super) const KEY: &str = "\
SELECT id, digest, name, role, tenant, created, expires, revoked, bounds \
FROM api_key WHERE id = $1";

/// Every key.
pub(super) const KEYS: &str = "\
SELECT id, digest, name, role, tenant, created, expires, revoked, bounds \
FROM api_key ORDER BY created, id";

/// The names of policies that keys have which hold at a moment.
pub(super) const KEY_POLICIES: &str = "\
SELECT DISTINCT json(bounds) ->> 'policy' FROM api_key WHERE revoked IS NULL \
AND (expires IS NULL OR expires > $1) AND json(bounds) ->> 'policy' IS NOT NULL";

/// Revokes a key that is not revoked yet. SQLite numbers parameters as they come.
pub(super) const REVOKE_KEY: &str =
    "UPDATE api_key SET revoked = $1 WHERE id = $2 AND revoked IS NULL";

/// Adds somebody who logs in, unless there is one of the name.
pub(super) const ADD_ACCOUNT: &str = "\
INSERT INTO account (login, name, role, tenant, password, epoch, created, disabled) \
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING";

/// One of them.
pub(super) const ACCOUNT: &str = "\
SELECT login, name, role, tenant, password, epoch, created, disabled FROM account \
WHERE login = $1";

/// All of them.
pub(super) const ACCOUNTS: &str = "\
SELECT login, name, role, tenant, password, epoch, created, disabled FROM account \
ORDER BY login";

/// Changes one whom nobody changed meanwhile.
pub(super) const SET_ACCOUNT: &str = "\
UPDATE account SET name = $1, role = $2, tenant = $3, password = $4, epoch = $5, disabled = $6 \
WHERE login = $7 AND epoch = CAST($5 AS BIGINT) - 1";

/// Adds a version of the policy. Nobody else adds one before this transaction ends.
pub(super) const ADD_POLICY: &str = "\
INSERT INTO policy (number, at, author, note, digest, text) \
VALUES ((SELECT COALESCE(max(number), 0) + 1 FROM policy), $1, $2, $3, $4, $5) RETURNING number";

/// One version.
pub(super) const POLICY: &str =
    "SELECT number, at, author, note, digest, text FROM policy WHERE number = $1";

/// The newest versions, without their texts.
pub(super) const POLICIES: &str = "\
SELECT number, at, author, note, digest, CAST(NULL AS TEXT) FROM policy \
ORDER BY number DESC LIMIT $1";

/// Puts the last word on a value.
pub(super) const SET_MARK: &str = "\
INSERT INTO mark (tenant, fingerprint, state, reason, author, at, until) \
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (tenant, fingerprint) DO UPDATE \
SET state = excluded.state, reason = excluded.reason, author = excluded.author, \
at = excluded.at, until = excluded.until";

/// The last words on values of a tenant.
pub(super) const MARKS: &str = "\
SELECT fingerprint, state, reason, author, at, until FROM mark WHERE tenant = $1 \
ORDER BY at DESC, fingerprint LIMIT 10000";

/// Ends a visit.
pub(super) const END_VISIT: &str =
    "INSERT INTO ended_visit (id, until) VALUES ($1, $2) ON CONFLICT DO NOTHING";

/// Whether a visit was ended.
pub(super) const ENDED_VISIT: &str = "SELECT until FROM ended_visit WHERE id = $1";

/// Forgets visits that are over by themselves.
pub(super) const FORGET_VISITS: &str = "DELETE FROM ended_visit WHERE until < $1";
