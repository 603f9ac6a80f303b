-- A Holdfast store, version 2: a step writes one page.
--
--   place        where the events of a history are: what was an index of `event` by history and sequence
--
-- The newest events are not in it yet. They are put into it some thousand at a time, in order, instead of one by one as an
-- index would have it, which cost each step a page of its own. `counter` says under `filed` up to which position all
-- events are in it; who looks for the events of one history goes through the few behind that position as well.

CREATE TABLE place (
    history INTEGER NOT NULL REFERENCES history,
    sequence INTEGER NOT NULL,
    task TEXT, -- as in `event`
    position INTEGER NOT NULL REFERENCES event,
    PRIMARY KEY (history, sequence)
) STRICT, WITHOUT ROWID;

INSERT INTO place (history, sequence, task, position)
SELECT history, sequence, task, position FROM event ORDER BY history, sequence;

INSERT INTO counter (name, value) SELECT 'filed', coalesce(max(position), 0) FROM event;

DROP INDEX event_sequence;

-- No event of the history stands before this position.
ALTER TABLE history ADD COLUMN began INTEGER NOT NULL DEFAULT 0;
