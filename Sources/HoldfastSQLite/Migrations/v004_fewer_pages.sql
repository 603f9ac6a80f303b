-- A Holdfast store, version 4: requests and the ends of processes write fewer pages.
--
--   request      the positions of the requests: what was an index of `event`
--
-- They are put into it together with `place`; who looks for requests goes through the events behind `filed` as well.

CREATE TABLE request (
    position INTEGER PRIMARY KEY REFERENCES event
) STRICT;

INSERT INTO request (position)
SELECT position FROM event
WHERE token IS NULL AND sequence > 1 AND position <= (SELECT value FROM counter WHERE name = 'filed')
ORDER BY position;

DROP INDEX event_request;

-- Only runs are listed by their ends.
DROP INDEX history_dag_ended;
DROP INDEX history_state_ended;
DROP INDEX history_dag_duration;
DROP INDEX history_state_duration;
CREATE INDEX history_dag_ended ON history (tenant, kind, dag, ended_at, id)
    WHERE kind = 0 AND ended_at IS NOT NULL;
CREATE INDEX history_state_ended ON history (tenant, kind, state, ended_at, id)
    WHERE kind = 0 AND ended_at IS NOT NULL;
CREATE INDEX history_dag_duration ON history (tenant, kind, dag, duration, id)
    WHERE kind = 0 AND duration IS NOT NULL;
CREATE INDEX history_state_duration ON history (tenant, kind, state, duration, id)
    WHERE kind = 0 AND duration IS NOT NULL;
