-- A Holdfast store, version 4: a request writes one page.
--
--   request      the positions of the requests: what was an index of `event`
--
-- They are put into it together with `place`, whoever looks for requests goes through the events behind `filed` as well.

CREATE TABLE request (
    position INTEGER PRIMARY KEY REFERENCES event
) STRICT;

INSERT INTO request (position)
SELECT position FROM event
WHERE token IS NULL AND sequence > 1 AND position <= (SELECT value FROM counter WHERE name = 'filed')
ORDER BY position;

DROP INDEX event_request;
