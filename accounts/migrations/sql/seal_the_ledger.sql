-- History is written once. Changing or removing a line is refused, whoever asks.
CREATE FUNCTION refuse_to_rewrite_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'History cannot be rewritten: book a correcting journal instead.'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'history_is_append_only';
END $$;

CREATE TRIGGER journals_are_append_only BEFORE UPDATE OR DELETE ON accounts_journal
    FOR EACH ROW EXECUTE FUNCTION refuse_to_rewrite_history();
CREATE TRIGGER postings_are_append_only BEFORE UPDATE OR DELETE ON accounts_posting
    FOR EACH ROW EXECUTE FUNCTION refuse_to_rewrite_history();

-- For each asset a journal sums to zero. Deferred to the commit and on the journal's one row:
-- on the posting rows the same check would run once a line and cost the square of their number.
CREATE FUNCTION require_balanced_journal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM accounts_posting WHERE journal_id = NEW.id) THEN
        RAISE EXCEPTION 'Journal % moves nothing.', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'journal_moves_something';
    END IF;
    IF EXISTS (
        SELECT FROM accounts_posting WHERE journal_id = NEW.id GROUP BY asset_id HAVING sum(units) <> 0
    ) THEN
        RAISE EXCEPTION 'Journal % does not sum to zero for every asset.', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'journal_sums_to_zero';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER journal_sums_to_zero AFTER INSERT ON accounts_journal
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_balanced_journal();

-- Every line joins a journal of this very transaction (sealed at commit) and is added to a balance that exists.
-- Runs as the owner of the tables, so that nobody else needs the right to set what a balance has posted.
CREATE FUNCTION add_postings_to_balances() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    missing bigint;
BEGIN
    IF EXISTS (
        SELECT FROM (SELECT DISTINCT journal_id FROM added) AS line
        LEFT JOIN accounts_journal AS journal ON journal.id = line.journal_id
        WHERE journal.transaction_id IS DISTINCT FROM pg_current_xact_id()::text::bigint
    ) THEN
        RAISE EXCEPTION 'The journal is sealed: postings are written in the transaction that opened it.'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'journal_is_sealed_at_commit';
    END IF;
    WITH change AS (
        SELECT ledger_account_id, asset_id, sum(units)::bigint AS units
        FROM added GROUP BY ledger_account_id, asset_id
    ), changed AS (
        UPDATE accounts_balance AS balance SET posted = balance.posted + change.units
        FROM change
        WHERE balance.ledger_account_id = change.ledger_account_id AND balance.asset_id = change.asset_id
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM change) - (SELECT count(*) FROM changed) INTO missing;
    IF missing <> 0 THEN
        RAISE EXCEPTION '% lines have no balance to be added to.', missing
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'posting_has_a_balance';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER postings_move_balances AFTER INSERT ON accounts_posting
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION add_postings_to_balances();

-- Balances are rewritten all day: room on each page keeps those updates off the indexes.
ALTER TABLE accounts_balance SET (fillfactor = 70);
