-- Whether a journal sums to zero is seen where its lines arrive, all at once, and not by reading them back: a plan that
-- a session keeps would come to read every posting ever written. So each statement that adds lines leaves each journal
-- balanced, which is more than was asked for at the commit.
CREATE OR REPLACE FUNCTION add_postings_to_balances() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    missing bigint;
    unbalanced bigint;
BEGIN
    IF EXISTS (
        SELECT FROM (SELECT DISTINCT journal_id FROM added) AS line
        LEFT JOIN accounts_journal AS journal ON journal.id = line.journal_id
        WHERE journal.transaction_id IS DISTINCT FROM pg_current_xact_id()::text::bigint
    ) THEN
        RAISE EXCEPTION 'The journal is sealed: postings are written in the transaction that opened it.'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'journal_is_sealed_at_commit';
    END IF;
    SELECT min(journal_id) INTO unbalanced
    FROM (SELECT journal_id FROM added GROUP BY journal_id, asset_id HAVING sum(units) <> 0) AS line;
    IF unbalanced IS NOT NULL THEN
        RAISE EXCEPTION 'Journal % does not sum to zero for every asset.', unbalanced
            USING ERRCODE = 'check_violation', CONSTRAINT = 'journal_sums_to_zero';
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

-- What is left to the commit is that a journal has lines at all: one look into the index, whatever plan was kept.
CREATE OR REPLACE FUNCTION require_balanced_journal() RETURNS trigger LANGUAGE plpgsql
    SET enable_seqscan = off SET enable_bitmapscan = off AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM accounts_posting WHERE journal_id = NEW.id) THEN
        RAISE EXCEPTION 'Journal % moves nothing.', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'journal_moves_something';
    END IF;
    RETURN NULL;
END $$;
