//! The statements about people to be told. They are the same for both databases, but for one. SQLite
//! numbers parameters in the order in which they stand.

/// All channels.
pub(in crate::store) const CHANNELS: &str = "\
SELECT id, tenant, form, sealed, since, epoch, created FROM channel ORDER BY created, id";

/// Adds a channel, or changes one that nobody changed meanwhile.
pub(in crate::store) const SET_CHANNEL: &str = "\
INSERT INTO channel (id, tenant, form, sealed, since, epoch, created) \
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO UPDATE \
SET form = excluded.form, sealed = excluded.sealed, epoch = excluded.epoch \
WHERE channel.tenant = excluded.tenant AND channel.epoch = excluded.epoch - 1";

/// Removes a channel.
pub(in crate::store) const REMOVE_CHANNEL: &str = "DELETE FROM channel WHERE id = $1";

/// What is kept of telling it.
pub(in crate::store) const REMOVE_DELIVERIES: &str = "DELETE FROM delivery WHERE channel = $1";

/// Up to which line it was looked who is to be told.
pub(in crate::store) const LOOKED_AT: &str = "SELECT seq FROM told";

/// Moves that mark, unless somebody else did.
pub(in crate::store) const LOOK: &str = "UPDATE told SET seq = $1 WHERE seq = $2";

/// Adds a delivery of a channel that is still there.
pub(in crate::store) const ADD_DELIVERY: &str = "\
INSERT INTO delivery \
(id, channel, tenant, seq, receipt, occasion, state, tries, taken, due, at, note) \
SELECT $1, id, tenant, CAST($2 AS BIGINT), $3, $4, 'waiting', 0, 0, CAST($5 AS BIGINT), \
CAST($5 AS BIGINT), '' FROM channel WHERE id = $6 ON CONFLICT DO NOTHING";

/// Channels that have something to be told.
pub(in crate::store) const DUE: &str = "\
SELECT DISTINCT channel FROM delivery WHERE state = 'waiting' AND due <= $1";

/// Takes what is due of a channel. SQLite has one writer.
pub(in crate::store) const TAKE: &str = "\
UPDATE delivery SET taken = taken + 1, due = $1 WHERE id IN (SELECT id FROM delivery \
WHERE channel = $2 AND state = 'waiting' AND due <= $3 ORDER BY seq LIMIT $4) \
RETURNING id, channel, tenant, seq, receipt, occasion, state, tries, taken, due, at, note";

/// The same where others take at the same moment: who comes second takes what is left.
pub(in crate::store) const TAKE_FREE: &str = "\
UPDATE delivery SET taken = taken + 1, due = $1 WHERE id IN (SELECT id FROM delivery \
WHERE channel = $2 AND state = 'waiting' AND due <= $3 ORDER BY seq LIMIT $4 \
FOR UPDATE SKIP LOCKED) \
RETURNING id, channel, tenant, seq, receipt, occasion, state, tries, taken, due, at, note";

/// What came of a delivery, by whoever took it last.
pub(in crate::store) const CONCLUDE: &str = "\
UPDATE delivery SET state = $1, tries = $2, due = $3, at = $4, note = $5 \
WHERE id = $6 AND taken = $7";

/// A tenant's deliveries, newest first.
pub(in crate::store) const DELIVERIES: &str = "\
SELECT id, channel, tenant, seq, receipt, occasion, state, tries, taken, due, at, note \
FROM delivery WHERE tenant = $1 \
AND (CAST($2 AS TEXT) IS NULL OR state = CAST($2 AS TEXT)) ORDER BY seq DESC, id LIMIT $3";

/// Has a delivery tried anew.
pub(in crate::store) const REPLAY: &str = "\
UPDATE delivery SET state = 'waiting', tries = 0, due = $1, at = $1 \
WHERE tenant = $2 AND id = $3 AND state <> 'waiting'";

/// Forgets what is over.
pub(in crate::store) const FORGET_DELIVERIES: &str =
    "DELETE FROM delivery WHERE state <> 'waiting' AND at < $1";
