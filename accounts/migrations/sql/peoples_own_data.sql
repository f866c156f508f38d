-- Whether an address is the one that an erased person has in place of their own.
CREATE FUNCTION is_erased_address(address text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT address LIKE 'erased-%@erased.invalid' AND EXISTS (SELECT FROM accounts_user WHERE email = address)
$$;

-- An approval is given once and never taken back. Of what was asked for about somebody who is erased by now, the
-- address and the reason are taken out, and nothing else is changed.
CREATE OR REPLACE FUNCTION refuse_second_approval() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(NEW) - 'wanted' - 'reason' = to_jsonb(OLD) - 'wanted' - 'reason' AND NEW.reason = ''
        AND NEW.wanted - 'email' = OLD.wanted - 'email'
        AND (SELECT is_erased_address(email) FROM accounts_user WHERE id = OLD.person_id)
        AND coalesce(is_erased_address(NEW.wanted ->> 'email'), TRUE) THEN
        RETURN NEW;
    END IF;
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

-- What a key stands for is kept for ever. Of an erased person only the words go, which may quote them.
CREATE FUNCTION refuse_to_rewrite_a_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.words = '' AND to_jsonb(NEW) - 'words' = to_jsonb(OLD) - 'words'
        AND (SELECT is_erased_address(email) FROM accounts_user WHERE id = OLD.user_id) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'What a key was used for stays as it is.'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'keys_are_append_only';
END $$;

CREATE TRIGGER keys_are_append_only BEFORE UPDATE ON accounts_requestkey
    FOR EACH ROW EXECUTE FUNCTION refuse_to_rewrite_a_key();

CREATE TRIGGER approver_is_independent BEFORE INSERT OR UPDATE OF approved_by_id ON accounts_erasure
    FOR EACH ROW EXECUTE FUNCTION refuse_dependent_approver();

-- What was withdrawn or done stays so; who asked and about whom stays from the beginning on.
CREATE FUNCTION refuse_another_erasure() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.done_at IS NOT NULL OR OLD.withdrawn_at IS NOT NULL THEN
        RAISE EXCEPTION 'An erasure that was withdrawn or is done stays as it is: ask anew.'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'an_erasure_ends_once';
    END IF;
    IF (NEW.user_id, NEW.requested_by_id, NEW.requested_at)
        IS DISTINCT FROM (OLD.user_id, OLD.requested_by_id, OLD.requested_at)
        OR OLD.due_at IS NOT NULL AND NEW.due_at IS DISTINCT FROM OLD.due_at THEN
        RAISE EXCEPTION 'Who is erased, who asked for it, and when it is due, stays as it is: ask anew.'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'an_erasure_is_asked_once';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER an_erasure_ends_once BEFORE UPDATE ON accounts_erasure
    FOR EACH ROW EXECUTE FUNCTION refuse_another_erasure();
