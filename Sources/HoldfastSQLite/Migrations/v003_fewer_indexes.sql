-- A Holdfast store, version 3: listings of all states merge what the indexes with the state have.
--
-- Each of these was a page more to write at every creation, or at every end.

DROP INDEX history_created;
DROP INDEX history_dag_created;
DROP INDEX history_ended;
DROP INDEX history_duration;
