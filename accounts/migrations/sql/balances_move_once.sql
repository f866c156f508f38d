-- A balance moves once a journal: what its lines add and what its holds give back are one update. A second one in the
-- same transaction would check both foreign keys of the row again and leave another version of it behind.
--
-- Balances are updated in the order of their account and asset, whoever moves them, so two movements never wait for
-- each other in a ring. That is what the nested loop over the sorted change is for: the plan is kept by a session, and
-- must neither depend on the first movement's size nor walk over the table. A balance whose account has a guard is
-- moved by whoever holds that lock (accounts/transactions.py).

CREATE FUNCTION guards_held() RETURNS bigint[] LANGUAGE sql STABLE AS $$
    SELECT string_to_array(trim(coalesce(current_setting('smartsync.guards', true), '')), ' ')::bigint[]
$$;

CREATE FUNCTION refuse_unguarded(unguarded bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF unguarded <> 0 THEN
        RAISE EXCEPTION '% balances would move without the lock that guards them.', unguarded
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'balance_moves_under_its_lock';
    END IF;
END $$;

CREATE OR REPLACE FUNCTION add_postings_to_balances() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    unbalanced bigint;
    promised bigint[];
    released bigint;
    missing bigint;
    unguarded bigint;
    held_guards bigint[] := guards_held();
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

    -- The holds that these journals name are released with them, each once.
    SELECT coalesce(array_agg(named.hold_id), '{}') INTO promised
    FROM (SELECT DISTINCT journal_id FROM added) AS line
    JOIN accounts_journal AS journal ON journal.id = line.journal_id, unnest(journal.hold_ids) AS named(hold_id);
    IF promised <> '{}' THEN
        UPDATE accounts_hold SET released_at = journal.posted_at
        FROM (SELECT DISTINCT journal_id FROM added) AS line
        JOIN accounts_journal AS journal ON journal.id = line.journal_id, unnest(journal.hold_ids) AS named(hold_id)
        WHERE accounts_hold.id = named.hold_id AND accounts_hold.released_at IS NULL;
        GET DIAGNOSTICS released = ROW_COUNT;
        IF released <> cardinality(promised) THEN
            RAISE EXCEPTION 'A journal names a hold that is not open.'
                USING ERRCODE = 'restrict_violation', CONSTRAINT = 'hold_is_released_once';
        END IF;
    END IF;

    WITH change AS (
        SELECT account_id, asset_id, sum(posted)::bigint AS posted, sum(held)::bigint AS held
        FROM (
            SELECT ledger_account_id AS account_id, asset_id, units AS posted, 0::bigint AS held FROM added
            UNION ALL
            SELECT line.account_id, hold.asset_id, 0, -line.units FROM accounts_hold AS hold,
                unnest(hold.ledger_account_ids, hold.units) AS line(account_id, units)
            WHERE hold.id = ANY(promised)
        ) AS line GROUP BY account_id, asset_id ORDER BY account_id, asset_id
    ), changed AS (
        UPDATE accounts_balance AS balance
        SET posted = balance.posted + change.posted, held = balance.held + change.held
        FROM change
        WHERE balance.ledger_account_id = change.account_id AND balance.asset_id = change.asset_id
        RETURNING balance.guard
    )
    SELECT (SELECT count(*) FROM change) - count(*),
        count(*) FILTER (WHERE guard IS NOT NULL AND guard <> ALL (held_guards))
    INTO missing, unguarded FROM changed;

    -- What was never held before is opened here, for accounts and assets that exist. A shared one that another movement
    -- opens in this very moment is found missing in the end, and the movement is refused and comes again.
    IF missing <> 0 THEN
        WITH change AS (
            SELECT ledger_account_id AS account_id, asset_id, sum(units)::bigint AS posted
            FROM added GROUP BY account_id, asset_id ORDER BY account_id, asset_id
        ), opened AS (
            INSERT INTO accounts_balance AS balance
                (ledger_account_id, asset_id, posted, held, may_be_negative, guard)
            SELECT change.account_id, change.asset_id, change.posted, 0,
                account.kind IN ('VENUE', 'EXTERNAL', 'SUSPENSE'), account.guard
            FROM change
            JOIN accounts_ledgeraccount AS account ON account.id = change.account_id
            JOIN accounts_asset AS asset ON asset.id = change.asset_id
            WHERE NOT EXISTS (SELECT FROM accounts_balance AS balance
                WHERE balance.ledger_account_id = change.account_id AND balance.asset_id = change.asset_id)
            ON CONFLICT (ledger_account_id, asset_id) DO UPDATE SET posted = balance.posted + EXCLUDED.posted
            RETURNING balance.guard
        )
        SELECT missing - count(*), unguarded + count(*) FILTER (WHERE guard IS NOT NULL AND guard <> ALL (held_guards))
        INTO missing, unguarded FROM opened;
    END IF;
    IF missing <> 0 THEN
        RAISE EXCEPTION '% lines have no balance to be added to.', missing
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'posting_has_a_balance';
    END IF;
    PERFORM refuse_unguarded(unguarded);
    RETURN NULL;
END $$;

-- What is held of a balance is what its open holds promise: nobody sets it.
CREATE FUNCTION add_holds_to_balances() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    missing bigint;
    unguarded bigint;
    held_guards bigint[] := guards_held();
BEGIN
    IF EXISTS (
        SELECT FROM added
        WHERE released_at IS NOT NULL OR cardinality(ledger_account_ids) <> cardinality(units) OR 0 >= ANY (units)
    ) THEN
        RAISE EXCEPTION 'A hold promises something of each of its accounts, and is not released yet.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'hold_promises_something';
    END IF;
    WITH change AS (
        SELECT line.account_id, added.asset_id, sum(line.units)::bigint AS held
        FROM added, unnest(added.ledger_account_ids, added.units) AS line(account_id, units)
        GROUP BY line.account_id, added.asset_id ORDER BY line.account_id, added.asset_id
    ), changed AS (
        UPDATE accounts_balance AS balance SET held = balance.held + change.held
        FROM change
        WHERE balance.ledger_account_id = change.account_id AND balance.asset_id = change.asset_id
        RETURNING balance.guard
    )
    SELECT (SELECT count(*) FROM change) - count(*),
        count(*) FILTER (WHERE guard IS NOT NULL AND guard <> ALL (held_guards))
    INTO missing, unguarded FROM changed;
    IF missing <> 0 THEN
        RAISE EXCEPTION '% accounts have nothing of that kind to be held.', missing
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'hold_has_a_balance';
    END IF;
    PERFORM refuse_unguarded(unguarded);
    RETURN NULL;
END $$;

CREATE TRIGGER holds_move_balances AFTER INSERT ON accounts_hold
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION add_holds_to_balances();

CREATE FUNCTION take_released_from_balances() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    missing bigint;
    unguarded bigint;
    held_guards bigint[] := guards_held();
BEGIN
    IF EXISTS (
        SELECT FROM before LEFT JOIN after ON after.id = before.id
        WHERE (after.key, after.asset_id, after.ledger_account_ids, after.units)
            IS DISTINCT FROM (before.key, before.asset_id, before.ledger_account_ids, before.units)
            OR (before.released_at IS NOT NULL AND after.released_at IS DISTINCT FROM before.released_at)
    ) THEN
        RAISE EXCEPTION 'A hold is released once, and nothing else of it changes.'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'hold_is_released_once';
    END IF;
    IF pg_trigger_depth() > 1 THEN
        -- By a journal, which takes them off together with its own lines.
        RETURN NULL;
    END IF;
    WITH change AS (
        SELECT line.account_id, after.asset_id, sum(line.units)::bigint AS held
        FROM after JOIN before ON before.id = after.id,
            unnest(after.ledger_account_ids, after.units) AS line(account_id, units)
        WHERE before.released_at IS NULL AND after.released_at IS NOT NULL
        GROUP BY line.account_id, after.asset_id ORDER BY line.account_id, after.asset_id
    ), changed AS (
        UPDATE accounts_balance AS balance SET held = balance.held - change.held
        FROM change
        WHERE balance.ledger_account_id = change.account_id AND balance.asset_id = change.asset_id
        RETURNING balance.guard
    )
    SELECT (SELECT count(*) FROM change) - count(*),
        count(*) FILTER (WHERE guard IS NOT NULL AND guard <> ALL (held_guards))
    INTO missing, unguarded FROM changed;
    IF missing <> 0 THEN
        RAISE EXCEPTION '% accounts have nothing of that kind held.', missing
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'hold_has_a_balance';
    END IF;
    PERFORM refuse_unguarded(unguarded);
    RETURN NULL;
END $$;

CREATE TRIGGER released_holds_move_balances AFTER UPDATE ON accounts_hold
    REFERENCING OLD TABLE AS before NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION take_released_from_balances();

CREATE FUNCTION refuse_to_forget_a_promise() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Hold % is open: release it first.', OLD.key
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'hold_is_released_once';
END $$;

CREATE TRIGGER open_holds_stay BEFORE DELETE ON accounts_hold
    FOR EACH ROW WHEN (OLD.released_at IS NULL) EXECUTE FUNCTION refuse_to_forget_a_promise();
