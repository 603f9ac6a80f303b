import Holdfast
import Testing

/// What a run can meet: an event, in which states it is accepted, and of which kind of run.
struct RunEventRow: Sendable, CustomTestStringConvertible {
    let name: String
    let payload: EventPayload
    let accepted: Set<RunState>
    var isPipeline = true
    /// The state afterwards; nil: as before.
    var next: RunState?

    var testDescription: String { name }
}

@Suite("Every run state meets every event")
struct RunEventTableTests {
    static let all = Set(RunState.allCases)
    static let active: Set<RunState> = [.running, .waiting]
    static func decided(_ state: TaskState) -> TaskDecided { TaskDecided(instance: "a", state: state) }
    static let step = EventPayload.stepCompleted(StepCompleted(task: "s", value: 1))
    static let finished = EventPayload.taskFinished(TaskFinished(instance: "s", tryNumber: 1, state: .failed))
    static let created = RunCreated(dag: "d", logicalDate: Timestamp(milliseconds: 0))
    static let process = ProcessRecord(id: ProcessID(unchecked: "r"), startTime: Timestamp(milliseconds: 0))
    static let spilled = Spilled(
        type: "step", digest: Digest(of: []), size: 1, xcomTask: nil, isFirst: false, blobs: [])

    static let table: [RunEventRow] = [
        RunEventRow(name: "created", payload: .created(created), accepted: []),
        RunEventRow(name: "restored", payload: .restored(RunSnapshot(origin: .copied, created: created)), accepted: []),
        RunEventRow(name: "spilled", payload: .spilled(spilled), accepted: []),
        RunEventRow(name: "started", payload: .started, accepted: [.queued, .waiting], next: .running),
        RunEventRow(
            name: "resumed", payload: .resumed(Resumed()),
            accepted: [.queued, .waiting, .interrupted, .failed, .cancelled],
            next: .running),
        RunEventRow(name: "interrupted", payload: .interrupted(reason: "x"), accepted: active, next: .interrupted),
        RunEventRow(name: "success", payload: .finished(state: .success, reason: nil), accepted: []),
        RunEventRow(
            name: "success of a workflow", payload: .finished(state: .success, reason: nil), accepted: active,
            isPipeline: false, next: .success),
        RunEventRow(name: "failed", payload: .finished(state: .failed, reason: "x"), accepted: active, next: .failed),
        RunEventRow(
            name: "cancelled", payload: .finished(state: .cancelled, reason: nil),
            accepted: [.queued, .running, .waiting, .interrupted], next: .cancelled),
        RunEventRow(name: "an end that is none", payload: .finished(state: .interrupted, reason: nil), accepted: []),
        RunEventRow(name: "task expanded", payload: .taskExpanded(task: "m", items: [1]), accepted: active),
        RunEventRow(
            name: "task started", payload: .taskStarted(TaskStarted(instance: "a", tryNumber: 1, tryToken: "t")),
            accepted: active),
        RunEventRow(
            name: "task finished, not started",
            payload: .taskFinished(TaskFinished(instance: "a", tryNumber: 0, state: .success)), accepted: []),
        RunEventRow(name: "task finished as it comes", payload: finished, accepted: active, isPipeline: false),
        RunEventRow(name: "task decided", payload: .taskDecided(decided(.skipped)), accepted: active),
        RunEventRow(name: "task marked", payload: .taskMarked(decided(.success)), accepted: all),
        RunEventRow(name: "step of a workflow", payload: step, accepted: active, isPipeline: false),
        RunEventRow(name: "step of a pipeline", payload: step, accepted: []),
        RunEventRow(name: "XCom set", payload: .xcomSet(instance: "a", key: "k", value: 1), accepted: all),
        RunEventRow(name: "XCom deleted", payload: .xcomDeleted(instance: "a", key: "k"), accepted: all),
        RunEventRow(name: "artifact saved", payload: .artifactSaved(artifact("k")), accepted: all),
        RunEventRow(name: "artifact deleted", payload: .artifactDeleted(ArtifactKey(unchecked: "k")), accepted: all),
        RunEventRow(name: "cancel requested", payload: .cancelRequested(reason: "x"), accepted: all),
        RunEventRow(name: "mark requested", payload: .markRequested(decided(.success)), accepted: all),
        RunEventRow(name: "signal", payload: .signalled(name: "n", value: 1), accepted: all),
        RunEventRow(name: "pinned", payload: .pinned(true), accepted: all),
        RunEventRow(name: "metadata", payload: .metadataChanged(["a": 1]), accepted: all),
        RunEventRow(name: "a process added", payload: .processAdded(ProcessAdded(record: process)), accepted: []),
        RunEventRow(name: "a process changed", payload: .processChanged(ProcessChange()), accepted: []),
        RunEventRow(name: "a process updated", payload: .processUpdated([.title: "t"]), accepted: []),
        RunEventRow(
            name: "a turn", payload: .turnAppended(TurnAppended(ConversationTurn(members: [:]))), accepted: []),
        RunEventRow(
            name: "a piece of a turn", payload: .turnStreamed(TurnPiece(stream: "s", role: "r", text: "t")),
            accepted: []),
    ]

    static func run(in state: RunState, isPipeline: Bool) throws -> TestRun {
        let tasks = [task("a"), task("m", foreach: .template("{{ params.x }}"))]
        let definition = isPipeline ? DAGDefinition(name: "d", tasks: tasks) : nil
        var run = TestRun()
        if state == .waiting {
            let created = RunCreated(dag: "d", definition: definition, logicalDate: Timestamp(milliseconds: 0))
            try run.apply(.restored(RunSnapshot(origin: .imported, created: created, state: .waiting)))
            try run.claim()
            return run
        }
        run = try TestRun.created(definition)
        try run.claim()
        guard state != .queued else { return run }
        try run.apply(.started)
        switch state {
        case .interrupted: try run.apply(.interrupted(reason: ""))
        case .success where isPipeline:
            try run.decide("a", .skipped)
            try run.decide("m", .skipped)
            try run.apply(.finished(state: .success, reason: nil))
        case .success, .failed, .cancelled: try run.apply(.finished(state: state, reason: nil))
        default: break
        }
        return run
    }

    @Test("accepts and refuses as the table says", arguments: table, RunState.allCases)
    func pair(_ row: RunEventRow, _ state: RunState) throws {
        var run = try Self.run(in: state, isPipeline: row.isPipeline)
        #expect(run.fold.state == state)
        guard row.accepted.contains(state) else {
            let code: StoreError.Code = row.name == "spilled" ? .invalid : .illegalTransition
            return expectRefusal(&run, code) { try $0.apply(row.payload) }
        }
        try run.apply(row.payload)
        #expect(run.fold.state == row.next ?? state)
        Recount.check(run.fold)
    }

    @Test("a claim is accepted in every state; a takeover interrupts what was active", arguments: RunState.allCases)
    func claims(_ state: RunState) throws {
        for takenOverFrom in [nil, "w0"] {
            var run = try Self.run(in: state, isPipeline: true)
            try run.claim(takenOverFrom: takenOverFrom)
            #expect(run.fold.state == (takenOverFrom != nil && state.isActive ? .interrupted : state))
            #expect(run.fold.owner?.worker == WorkerID(unchecked: "w2"))
        }
    }

    @Test("late requests change nothing but notes", arguments: [RunState.success, .failed, .cancelled])
    func lateRequests(_ state: RunState) throws {
        var run = try Self.run(in: state, isPipeline: true)
        var before = run.fold
        try run.apply(.cancelRequested(reason: "late"))
        try run.apply(.markRequested(Self.decided(.success)))
        try run.apply(.signalled(name: "n", value: 1))
        #expect(run.fold.cancelRequestedAt == nil && run.fold.requestedMarks.isEmpty && run.fold.signals.isEmpty)
        #expect(run.fold.instances == before.instances && run.fold.state == before.state)
        before = run.fold
        try run.apply(.pinned(true))
        try run.apply(.metadataChanged(["a": 1, "b": .null]))
        try run.apply(.metadataChanged(["a": .null, "c": 2]))
        #expect(run.fold.isPinned && run.fold.metadata == ["c": 2])
        #expect(run.fold.instances == before.instances)
    }

    @Test("only a first event comes first, with the first sequence")
    func first() throws {
        for row in Self.table where !row.payload.isFirst {
            var run = TestRun()
            run.token = LeaseToken(rawValue: 1)
            expectRefusal(&run) { try $0.apply(row.payload) }
        }
        for sequence: Int64 in [0, 2, -1] {
            var fold = RunFold(id: RunID(unchecked: "r"))
            let event = Event(
                sequence: sequence, time: Timestamp(milliseconds: 0), token: nil, payload: .created(Self.created))
            let error = #expect(throws: StoreError.self) { try fold.apply(event) }
            #expect(error?.code == .corrupt)
            #expect(fold == RunFold(id: RunID(unchecked: "r")))
        }
    }

    @Test("own events need the highest token, claims a higher one, requests none")
    func tokens() throws {
        var run = try TestRun.created([task("a")])
        run.token = LeaseToken(rawValue: 1)
        expectRefusal(&run) { try $0.apply(.started) }
        try run.claim()
        try run.claim()
        expectRefusal(&run) { try $0.apply(.started) }
        run.token = LeaseToken(rawValue: 3)
        expectRefusal(&run) { try $0.apply(.started) }
        run.token = nil
        try run.apply(.started)
        for number in [nil, 1, 2] as [Int64?] {
            let token = number.map(LeaseToken.init(rawValue:))
            var fold = run.fold
            let event = Event(
                sequence: fold.sequence + 1, time: run.now, token: token,
                payload: .claimed(Claimed(worker: WorkerID(unchecked: "w"))))
            #expect(throws: StoreError.self) { try fold.apply(event) }
            #expect(fold == run.fold)
        }
        #expect(run.fold.token == LeaseToken(rawValue: 2))
        try run.apply(.pinned(true))
        #expect(run.fold.sequence == 5)
    }

    @Test("an event out of sequence is corrupt")
    func sequences() throws {
        let run = try TestRun.started([task("a")])
        for sequence: Int64 in [1, 3, 5, .max] {
            var fold = run.fold
            let event = Event(sequence: sequence, time: run.now, token: fold.token, payload: .pinned(true))
            let error = #expect(throws: StoreError.self) { try fold.apply(event) }
            #expect(error?.code == .corrupt && fold == run.fold)
        }
    }
}
