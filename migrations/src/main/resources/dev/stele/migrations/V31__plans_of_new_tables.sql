-- What is analysed while it is empty is taken for empty until PostgreSQL looks at it again, a minute later or more, and any index is as good as any
-- other then: a tag was looked for among all of its repository. The migration before did that to a new registry. Emptied anew, such tables are
-- planned for as ones of which nothing is known.
DO $$
DECLARE
  empty regclass;
  filled boolean;
BEGIN
  FOR empty IN
    SELECT c.oid FROM pg_class c
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND c.reltuples = 0 AND NOT c.relispartition
      AND NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = c.oid AND tgtype & 32 <> 0) -- what must never be emptied
  LOOP
    EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', empty); -- what another node adds meanwhile is not empty
    EXECUTE format('SELECT EXISTS (SELECT FROM %s)', empty) INTO filled;
    IF NOT filled THEN
      EXECUTE format('TRUNCATE %s', empty);
    END IF;
  END LOOP;
END
$$;
