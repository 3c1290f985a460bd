-- Policies that were in force. Moments are microseconds since 1970, UTC.
CREATE TABLE policy (
    number bigint PRIMARY KEY,
    at bigint NOT NULL,
    author text NOT NULL,
    note text NOT NULL,
    digest text NOT NULL, -- SHA-256 of the text
    text text
);
CREATE TRIGGER policy_stays BEFORE UPDATE OR DELETE ON policy
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER policy_is_kept BEFORE TRUNCATE ON policy
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
