-- The projection "event-index" has the repositories that were asked for in vain, too. Where it knows of a refusal, which is told
-- by the facet of that type of events, it is built anew; until it has followed, questions for events are answered 503.
DO $$
BEGIN
  IF EXISTS (
    SELECT FROM event_index
    WHERE facet = encode(substring(sha256('TYPE\000AccessDenied'::bytea) FOR 16), 'hex')::uuid)
  THEN
    TRUNCATE event_index, event_index_repository;
    DELETE FROM log_checkpoint WHERE follower = 'event-index';
  END IF;
END $$;
