-- A Holdfast store, version 1.
--
-- A run is its history: the rows of `event` with its key, by rising `sequence`. Everything else that Holdfast
-- says about a run is folded from them; a step of a workflow writes one row here and nothing else.
--
--   tenant       owns rows; a store is opened for one tenant and sees only its rows
--   history      one row per run or process: its lease, and the summary that listings need
--   event        the histories, in the order in which they were committed (`position`)
--   tombstone    a deleted history, at the position of its deletion
--   worker       who holds leases; one row is renewed for all leases of a worker
--   label        the labels of runs, in the order of listings
--   tally        how many runs there are by DAG, workspace and state
--   record       documents: DAGs, workspaces, schemas, cached responses, tokens, schedules
--   blob_use     which history uses which file of the blob folder
--   remembered   receipts of changesets that left no event by which a repetition is known
--   counter      the last token issued; the position up to which tombstones were removed
--
-- Times are milliseconds since 1970 (UTC). An event's `body` is one JSON object whose member `type` names it. Only
-- Holdfast may write; for reading there are the views at the end, which show recorded facts: the states of tasks
-- that follow from rules rather than events come from the fold (`holdfast show`).

CREATE TABLE tenant (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE counter (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO counter (name, value) VALUES ('token', 0), ('trimmed', 0);

CREATE TABLE worker (
    key INTEGER PRIMARY KEY,
    tenant INTEGER NOT NULL REFERENCES tenant,
    id TEXT NOT NULL,
    host TEXT NOT NULL,
    boot_id TEXT,
    process_id INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    UNIQUE (tenant, id)
) STRICT;

CREATE TABLE history (
    key INTEGER PRIMARY KEY,
    tenant INTEGER NOT NULL REFERENCES tenant,
    kind INTEGER NOT NULL, -- 0: run, 1: process
    id TEXT NOT NULL,

    -- The lease. `worker` had the newest one, `holder` is the same worker until it gives it back.
    token INTEGER NOT NULL DEFAULT 0, -- the highest issued
    worker INTEGER REFERENCES worker,
    holder INTEGER REFERENCES worker,
    claim BLOB,
    claim_sequence INTEGER,

    -- The summary. From the creation:
    dag TEXT NOT NULL,
    workspace TEXT,
    parent TEXT,
    trigger TEXT NOT NULL,
    logical_date INTEGER NOT NULL,
    labels TEXT, -- an object; null when empty
    created_at INTEGER NOT NULL,

    -- What the history folded to at `as_of`:
    as_of INTEGER NOT NULL,
    state TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER,
    duration INTEGER, -- milliseconds
    folded TEXT NOT NULL, -- the rest, an object

    -- What was asked for:
    pinned INTEGER NOT NULL,
    metadata TEXT, -- an object; null when empty
    cancel_requested_at INTEGER,
    wake_at INTEGER,

    UNIQUE (tenant, kind, id)
) STRICT;

CREATE INDEX history_created ON history (tenant, kind, created_at, id);
CREATE INDEX history_dag_created ON history (tenant, kind, dag, created_at, id);
CREATE INDEX history_state_created ON history (tenant, kind, state, created_at, id);
CREATE INDEX history_dag_state_created ON history (tenant, kind, dag, state, created_at, id);
CREATE INDEX history_workspace_created ON history (tenant, kind, workspace, created_at, id)
    WHERE workspace IS NOT NULL;
CREATE INDEX history_parent_created ON history (tenant, kind, parent, created_at, id) WHERE parent IS NOT NULL;
CREATE INDEX history_ended ON history (tenant, kind, ended_at, id) WHERE ended_at IS NOT NULL;
CREATE INDEX history_dag_ended ON history (tenant, kind, dag, ended_at, id) WHERE ended_at IS NOT NULL;
CREATE INDEX history_state_ended ON history (tenant, kind, state, ended_at, id) WHERE ended_at IS NOT NULL;
CREATE INDEX history_duration ON history (tenant, kind, duration, id) WHERE duration IS NOT NULL;
CREATE INDEX history_dag_duration ON history (tenant, kind, dag, duration, id) WHERE duration IS NOT NULL;
CREATE INDEX history_state_duration ON history (tenant, kind, state, duration, id) WHERE duration IS NOT NULL;
-- What turns interrupted when its holder dies, or already is because nobody holds it.
CREATE INDEX history_active_created ON history (tenant, kind, holder, created_at, id) WHERE state IN ('running', 'waiting');
CREATE INDEX history_held ON history (holder) WHERE holder IS NOT NULL;

CREATE TABLE event (
    position INTEGER PRIMARY KEY,
    history INTEGER NOT NULL REFERENCES history,
    sequence INTEGER NOT NULL,
    time INTEGER NOT NULL,
    token INTEGER, -- null: a creation or a request, which anyone may make
    changeset BLOB, -- 16 bytes, in the first row that a changeset wrote
    task TEXT, -- whose XComs it changed
    body TEXT NOT NULL
) STRICT;

-- One index for reading a history and for finding what a task left: a step pays for every index it is in, in time and in
-- bytes. That sequences have neither gaps nor repetitions is the writer's to keep, who alone appends.
CREATE INDEX event_sequence ON event (history, sequence, task);
CREATE INDEX event_request ON event (position) WHERE token IS NULL AND sequence > 1;

CREATE TABLE tombstone (
    position INTEGER PRIMARY KEY,
    tenant INTEGER NOT NULL REFERENCES tenant,
    kind INTEGER NOT NULL,
    id TEXT NOT NULL,
    time INTEGER NOT NULL
) STRICT;

CREATE TABLE label (
    tenant INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    id TEXT NOT NULL,
    history INTEGER NOT NULL REFERENCES history,
    PRIMARY KEY (tenant, kind, name, value, created_at, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX label_history ON label (history);

CREATE TABLE tally (
    tenant INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    dag TEXT NOT NULL,
    workspace TEXT NOT NULL, -- '' for none
    state TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (tenant, kind, dag, workspace, state)
) STRICT, WITHOUT ROWID;

CREATE TABLE record (
    key INTEGER PRIMARY KEY,
    tenant INTEGER NOT NULL REFERENCES tenant,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    order_key TEXT,
    expires_at INTEGER,
    body TEXT NOT NULL,
    UNIQUE (tenant, kind, id)
) STRICT;

CREATE INDEX record_order ON record (tenant, kind, order_key, id) WHERE order_key IS NOT NULL;
CREATE INDEX record_expiry ON record (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE blob_use (
    history INTEGER NOT NULL REFERENCES history,
    digest BLOB NOT NULL,
    PRIMARY KEY (history, digest)
) STRICT, WITHOUT ROWID;

CREATE INDEX blob_use_digest ON blob_use (digest);

CREATE TABLE remembered (
    tenant INTEGER NOT NULL,
    changeset BLOB NOT NULL,
    receipt TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, changeset)
) STRICT, WITHOUT ROWID;

CREATE INDEX remembered_expiry ON remembered (expires_at);

-- For people. `strftime` with a fraction, as older SQLite has no 'subsec'.

CREATE VIEW runs AS
SELECT t.id AS tenant, h.id AS run_id, h.dag AS dag_id, h.workspace AS workspace_id, h.state,
    h.trigger, h.labels, h.folded ->> 'failure_reason' AS failure_reason, h.folded -> 'task_counts' AS task_counts,
    strftime('%Y-%m-%dT%H:%M:%fZ', h.created_at / 1000.0, 'unixepoch') AS created_at,
    strftime('%Y-%m-%dT%H:%M:%fZ', h.started_at / 1000.0, 'unixepoch') AS started_at,
    strftime('%Y-%m-%dT%H:%M:%fZ', h.ended_at / 1000.0, 'unixepoch') AS ended_at,
    h.duration / 1000.0 AS duration_seconds, h.parent AS parent_run_id, h.pinned, h.metadata,
    w.id AS worker, w.host AS worker_host, w.process_id AS worker_process, h.holder IS NOT NULL AS is_held
FROM history h JOIN tenant t ON t.key = h.tenant LEFT JOIN worker w ON w.key = h.worker
WHERE h.kind = 0;

CREATE VIEW events AS
SELECT t.id AS tenant, CASE h.kind WHEN 0 THEN 'run' ELSE 'process' END AS kind, h.id, e.sequence,
    strftime('%Y-%m-%dT%H:%M:%fZ', e.time / 1000.0, 'unixepoch') AS time,
    e.body ->> 'type' AS type, e.body, e.token, e.position
FROM event e JOIN history h ON h.key = e.history JOIN tenant t ON t.key = h.tenant;

-- The newest event of each task instance that names one.
CREATE VIEW tasks AS
SELECT tenant, run_id, task_id, map_index, type, state, try_number, exit_code, error, time, sequence
FROM (
    SELECT t.id AS tenant, h.id AS run_id, e.body ->> 'task' AS task_id, e.body ->> 'map_index' AS map_index,
        e.body ->> 'type' AS type,
        coalesce(
            e.body ->> 'state',
            CASE e.body ->> 'type' WHEN 'task_started' THEN 'running' WHEN 'step' THEN 'success' END) AS state,
        coalesce(e.body ->> 'try', CASE e.body ->> 'type' WHEN 'step' THEN 1 END) AS try_number,
        e.body ->> 'exit_code' AS exit_code, e.body ->> 'error' AS error,
        strftime('%Y-%m-%dT%H:%M:%fZ', e.time / 1000.0, 'unixepoch') AS time, e.sequence,
        row_number() OVER (
            PARTITION BY e.history, e.body ->> 'task', e.body ->> 'map_index' ORDER BY e.sequence DESC) AS age
    FROM event e JOIN history h ON h.key = e.history JOIN tenant t ON t.key = h.tenant
    WHERE h.kind = 0
        AND e.body ->> 'type' IN ('task_started', 'task_finished', 'task_decided', 'task_marked', 'step'))
WHERE age = 1;

-- Every value that was left, the newest of a key last.
CREATE VIEW xcoms AS
SELECT t.id AS tenant, h.id AS run_id, e.body ->> 'task' AS task_id, e.body ->> 'map_index' AS map_index,
    coalesce(x.key, e.body ->> 'key', 'return_value') AS key,
    CASE e.body ->> 'type' WHEN 'task_finished' THEN e.body -> 'xcoms' -> ('$."' || x.key || '"')
        ELSE e.body -> 'value' END AS value,
    strftime('%Y-%m-%dT%H:%M:%fZ', e.time / 1000.0, 'unixepoch') AS created_at, e.sequence
FROM event e JOIN history h ON h.key = e.history JOIN tenant t ON t.key = h.tenant
    LEFT JOIN json_each(e.body, '$.xcoms') x ON e.body ->> 'type' = 'task_finished'
WHERE h.kind = 0 AND e.task IS NOT NULL AND e.body ->> 'type' IN ('task_finished', 'step', 'xcom_set');

CREATE VIEW artifacts AS
SELECT t.id AS tenant, h.id AS run_id, a.value ->> 'key' AS key, a.value ->> 'media_type' AS media_type,
    a.value ->> 'size' AS size, a.value ->> 'digest' AS digest,
    strftime('%Y-%m-%dT%H:%M:%fZ', e.time / 1000.0, 'unixepoch') AS saved_at, e.sequence
FROM event e JOIN history h ON h.key = e.history JOIN tenant t ON t.key = h.tenant
    JOIN json_each(CASE e.body ->> 'type' WHEN 'artifact_saved' THEN json_array(json(e.body))
        ELSE coalesce(e.body -> 'artifacts', '[]') END) a
WHERE h.kind = 0 AND e.body ->> 'type' IN ('artifact_saved', 'task_finished', 'imported', 'copied');
