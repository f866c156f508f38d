-- Whoever was made, promoted or reset by somebody within fourteen days approves nothing, and never what the one asks
-- for who did it; nor the other way round. For every table with requested_by, approved_by and approved_at.
CREATE FUNCTION refuse_dependent_approver() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.approved_by_id IS NOT NULL AND EXISTS (
        SELECT FROM accounts_vouching AS vouching
        WHERE vouching.maker_id IS NOT NULL AND (
            vouching.person_id = NEW.approved_by_id AND (
                vouching.maker_id = NEW.requested_by_id OR vouching.at > NEW.approved_at - interval '14 days'
            )
            OR vouching.person_id = NEW.requested_by_id AND vouching.maker_id = NEW.approved_by_id
        )
    ) THEN
        RAISE EXCEPTION 'Who approves depends on who asks, or on somebody else since less than fourteen days.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'approver_is_independent';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER approver_is_independent BEFORE INSERT OR UPDATE OF approved_by_id ON accounts_operatorrequest
    FOR EACH ROW EXECUTE FUNCTION refuse_dependent_approver();

-- An approval is given once and never taken back.
CREATE FUNCTION refuse_second_approval() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.approved_at IS NOT NULL OR OLD.withdrawn_at IS NOT NULL THEN
        RAISE EXCEPTION 'What was approved or withdrawn stays as it is: ask anew.'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'decided_once';
    END IF;
    IF (NEW.kind, NEW.person_id, NEW.wanted, NEW.requested_by_id, NEW.requested_at)
        IS DISTINCT FROM (OLD.kind, OLD.person_id, OLD.wanted, OLD.requested_by_id, OLD.requested_at) THEN
        RAISE EXCEPTION 'What was asked for stays as it is: ask anew.'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'asked_once';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER decided_once BEFORE UPDATE ON accounts_operatorrequest
    FOR EACH ROW EXECUTE FUNCTION refuse_second_approval();

CREATE TRIGGER vouchings_are_append_only BEFORE UPDATE OR DELETE ON accounts_vouching
    FOR EACH ROW EXECUTE FUNCTION refuse_to_rewrite_history();

-- Every text with its length before it, so that no two rows read the same; a dash where there is none.
CREATE FUNCTION audit_part(part text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN part IS NULL THEN '-' ELSE octet_length(part)::text || ':' || part END
$$;

-- Numbers an entry and chains it to the one before. Whoever writes next waits for the head's row, so there is no gap.
-- Runs as the owner of the tables: nobody else needs the right to touch the head.
CREATE FUNCTION chain_audit_entry() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    head accounts_audithead;
BEGIN
    INSERT INTO accounts_audithead (id, number, hash) VALUES (1, 0, '') ON CONFLICT (id) DO NOTHING;
    SELECT * INTO head FROM accounts_audithead WHERE id = 1 FOR UPDATE;
    NEW.number := head.number + 1;
    NEW.previous_hash := head.hash;
    NEW.hash := encode(sha256(convert_to(
        audit_part(NEW.number::text)
        || audit_part(to_char(NEW.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'))
        || audit_part(NEW.actor_id::text) || audit_part(NEW.act) || audit_part(NEW.object_type)
        || audit_part(NEW.object_id) || audit_part(NEW.words) || audit_part(NEW.reason) || audit_part(NEW.before)
        || audit_part(NEW.after) || audit_part(NEW.request_id) || audit_part(NEW.address)
        || audit_part(NEW.previous_hash),
        'UTF8')), 'hex');
    UPDATE accounts_audithead SET number = NEW.number, hash = NEW.hash WHERE id = 1;
    RETURN NEW;
END $$;

CREATE TRIGGER audit_is_chained BEFORE INSERT ON accounts_auditentry
    FOR EACH ROW EXECUTE FUNCTION chain_audit_entry();
CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE ON accounts_auditentry
    FOR EACH ROW EXECUTE FUNCTION refuse_to_rewrite_history();
