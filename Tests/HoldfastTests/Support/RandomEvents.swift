import Holdfast
import HoldfastTesting

/// The cases of `EventPayload`, as data.
enum EventKind: CaseIterable, Sendable {
    case created, restored, claimed, started, resumed, interrupted, finished, taskExpanded, taskStarted, taskFinished
    case taskDecided, taskMarked, stepCompleted, xcomSet, xcomDeleted, artifactSaved, artifactDeleted
    case cancelRequested, markRequested, signalled, pinned, metadataChanged, spilled
    case processAdded, processChanged, processUpdated, turnAppended, turnStreamed

    var types: [String] {
        switch self {
        case .created: ["created"]
        case .restored: ["imported", "copied"]
        case .claimed: ["claimed", "taken_over"]
        case .started: ["started"]
        case .resumed: ["resumed"]
        case .interrupted: ["interrupted"]
        case .finished: ["finished"]
        case .taskExpanded: ["task_expanded"]
        case .taskStarted: ["task_started"]
        case .taskFinished: ["task_finished"]
        case .taskDecided: ["task_decided"]
        case .taskMarked: ["task_marked"]
        case .stepCompleted: ["step"]
        case .xcomSet: ["xcom_set"]
        case .xcomDeleted: ["xcom_deleted"]
        case .artifactSaved: ["artifact_saved"]
        case .artifactDeleted: ["artifact_deleted"]
        case .cancelRequested: ["cancel_requested"]
        case .markRequested: ["mark_requested"]
        case .signalled: ["signal"]
        case .pinned: ["pinned"]
        case .metadataChanged: ["metadata"]
        case .spilled: ["step", "imported", "signal"]
        case .processAdded: ["process_added", "process_imported"]
        case .processChanged: ["process_changed"]
        case .processUpdated: ["process_updated"]
        case .turnAppended: ["turn"]
        case .turnStreamed: ["turn_piece"]
        }
    }

    var isFirst: Bool { self == .created || self == .restored || self == .processAdded }

    var isRequest: Bool {
        switch self {
        case .cancelRequested, .markRequested, .signalled, .pinned, .metadataChanged: true
        case .processUpdated, .turnAppended, .turnStreamed: true
        default: false
        }
    }

    /// Every optional member that a stored payload may have.
    static let memberNames = [
        "location", "taken_over_from", "reason", "definition", "params", "labels", "workspace", "parent", "working_dir",
        "metadata", "items", "instances", "xcoms", "artifacts", "in_flight", "exit_code", "error", "retry_at",
        "map_index",
        "task", "schema", "started_at", "ended_at", "failure_reason", "spilled", "value", "run", "end_time", "turns",
        "status", "start_time", "cleared", "owned", "stream",
    ]
}

extension SeededGenerator {
    mutating func payload(_ kind: EventKind) -> EventPayload {
        switch kind {
        case .created: .created(created())
        case .restored: .restored(snapshot())
        case .claimed:
            .claimed(
                Claimed(worker: identifier(), location: maybe { $0.text() }, takenOverFrom: maybe { $0.identifier() }))
        case .started: .started
        case .resumed:
            .resumed(
                Resumed(
                    definition: maybe { $0.definition() }, params: members(), inFlight: list(upTo: 3) { $0.instance() })
            )
        case .interrupted: .interrupted(reason: text())
        case .finished: .finished(state: pick(RunState.allCases), reason: maybe { $0.text() })
        case .taskExpanded: .taskExpanded(task: identifier(), items: list(upTo: 3) { $0.json() })
        case .taskStarted: .taskStarted(TaskStarted(instance: instance(), tryNumber: below(9), tryToken: text()))
        case .taskFinished: .taskFinished(finished())
        case .taskDecided: .taskDecided(decided())
        case .taskMarked: .taskMarked(decided())
        case .stepCompleted: .stepCompleted(StepCompleted(task: identifier(), tryNumber: 1 + below(3), value: json()))
        case .xcomSet: .xcomSet(instance: instance(), key: text(), value: json())
        case .xcomDeleted: .xcomDeleted(instance: instance(), key: text())
        case .artifactSaved: .artifactSaved(artifactReference())
        case .artifactDeleted: .artifactDeleted(identifier())
        case .cancelRequested: .cancelRequested(reason: maybe { $0.text() })
        case .markRequested: .markRequested(decided())
        case .signalled: .signalled(name: text(), value: json())
        case .pinned: .pinned(once(in: 2))
        case .metadataChanged: .metadataChanged(members())
        case .processAdded: .processAdded(ProcessAdded(origin: pick([.added, .imported]), record: processRecord()))
        case .processChanged: .processChanged(processChange())
        case .processUpdated: .processUpdated(processFields().merging([pick(ProcessField.allCases): .null]) { $1 })
        case .turnAppended:
            .turnAppended(TurnAppended(ConversationTurn(members: members()), stream: maybe { $0.text() }))
        case .turnStreamed: .turnStreamed(TurnPiece(stream: text(), role: text(), text: text()))
        case .spilled:
            .spilled(
                Spilled(
                    type: pick(kind.types), digest: digest(), size: Int64(below(1 << 40)),
                    xcomTask: maybe { $0.identifier() },
                    isFirst: once(in: 2), blobs: list(upTo: 3) { $0.digest() }))
        }
    }

    mutating func created() -> RunCreated {
        RunCreated(
            dag: identifier(), definition: maybe { $0.definition() }, params: members(), labels: texts(),
            trigger: text(),
            logicalDate: timestamp(), workspace: maybe { $0.identifier() }, parent: maybe { $0.identifier() },
            workingDirectory: maybe { $0.text() }, metadata: members())
    }

    mutating func snapshot() -> RunSnapshot {
        RunSnapshot(
            origin: pick([.imported, .copied]), created: created(), state: pick(RunState.allCases),
            startedAt: maybe { $0.timestamp() }, endedAt: maybe { $0.timestamp() }, failureReason: maybe { $0.text() },
            items: Dictionary(
                list(upTo: 2) { ($0.identifier(), $0.list(upTo: 3) { $0.json() }) }, uniquingKeysWith: { $1 }),
            instances: list(upTo: 3) { generator in
                RunSnapshot.Instance(
                    generator.instance(), state: generator.pick(TaskState.allCases), tryNumber: generator.below(4),
                    maxTries: generator.maybe { $0.below(9) },
                    exitCode: generator.maybe { $0.below(256) }, startedAt: generator.maybe { $0.timestamp() },
                    endedAt: generator.maybe { $0.timestamp() }, error: generator.maybe { $0.text() })
            },
            xcoms: list(upTo: 3) { generator in
                RunSnapshot.XCom(
                    instance: generator.instance(), key: generator.text(), value: generator.json(),
                    createdAt: generator.timestamp())
            },
            artifacts: list(upTo: 3) { $0.artifactReference() })
    }

    mutating func finished() -> TaskFinished {
        TaskFinished(
            instance: instance(), tryNumber: below(9), state: pick(TaskState.allCases),
            exitCode: maybe { $0.below(256) },
            error: maybe { $0.text() }, retryAt: maybe { $0.timestamp() }, xcoms: members(),
            artifacts: list(upTo: 2) { $0.artifactReference() }, cachedAs: maybe { $0.digest() })
    }

    mutating func decided() -> TaskDecided {
        TaskDecided(instance: instance(), state: pick(TaskState.allCases), reason: maybe { $0.text() })
    }

    mutating func instance() -> InstanceID { InstanceID(identifier(), mapIndex: maybe { $0.below(100) }) }

    mutating func artifactReference() -> ArtifactReference {
        ArtifactReference(
            key: identifier(), task: maybe { $0.identifier() }, mediaType: text(), digest: digest(),
            size: Int64(below(1 << 40)), schema: maybe { $0.text() }, metadata: members())
    }

    mutating func definition() -> DAGDefinition {
        DAGDefinition(
            name: identifier(), label: maybe { $0.text() }, params: members(), env: texts(),
            secrets: list(upTo: 2) { $0.text() },
            workingDirectory: text(), maxParallel: maybe { $0.below(9) },
            timeout: maybe { .milliseconds($0.below(100_000)) },
            tasks: list(upTo: 4) { $0.taskDefinition() },
            hooks: Dictionary(list(upTo: 3) { ($0.pick(Hook.allCases), $0.taskDefinition()) }, uniquingKeysWith: { $1 })
        )
    }

    mutating func taskDefinition() -> TaskDefinition {
        TaskDefinition(
            id: identifier(), action: once(in: 2) ? .shell(text()) : .command(list(upTo: 3) { $0.text() }),
            needs: list(upTo: 3) { $0.identifier() }, trigger: pick(Trigger.allCases), when: maybe { $0.text() },
            foreach: maybe { $0.once(in: 2) ? .items($0.list(upTo: 3) { $0.json() }) : .template($0.text()) },
            env: texts(),
            retries: below(5), retryDelay: .milliseconds(below(10_000)), retryBackoff: Double(below(20)) / 4,
            timeout: maybe { .milliseconds($0.below(10_000)) }, allowFailure: once(in: 2),
            cache: maybe { generator in
                TaskDefinition.Cache(
                    key: generator.list(upTo: 3) { $0.text() },
                    timeToLive: generator.maybe { .milliseconds($0.below(10_000)) })
            })
    }
}
