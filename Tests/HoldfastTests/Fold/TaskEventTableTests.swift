import Holdfast
import Testing

/// An event for the task `a`, the states in which it is accepted, and the state it leads to.
struct TaskEventRow: Sendable, CustomTestStringConvertible {
    let name: String
    let payload: EventPayload
    let accepted: Set<TaskState>
    var next: TaskState?
    var testDescription: String { name }
}

@Suite("Every task state meets every task event")
struct TaskEventTableTests {
    enum Kind: CaseIterable { case defined, dynamic, placeholder }

    static let all = Set(TaskState.allCases)
    static let open = Set(TaskState.allCases.filter { !$0.isTerminal })

    static func started(_ tryNumber: Int) -> EventPayload {
        .taskStarted(TaskStarted(instance: "a", tryNumber: tryNumber, tryToken: "t"))
    }

    static func finished(_ state: TaskState, _ tryNumber: Int = 1) -> EventPayload {
        .taskFinished(TaskFinished(instance: "a", tryNumber: tryNumber, state: state))
    }

    static func decided(_ state: TaskState) -> EventPayload { .taskDecided(TaskDecided(instance: "a", state: state)) }

    /// Decisions without a try: the same for every kind of task.
    static let decisions: [TaskEventRow] = {
        let accepted: [TaskState: Set<TaskState>] = [
            .success: [.pending, .waiting], .failed: [.pending, .queued, .waiting, .upForRetry],
            .skipped: [.pending, .queued], .upstreamFailed: [.pending, .queued],
            .cancelled: [.pending, .queued, .waiting, .upForRetry],
        ]
        return TaskState.allCases.map { state in
            TaskEventRow(
                name: "decided \(state.rawValue)", payload: decided(state), accepted: accepted[state, default: []],
                next: state)
        }
    }()

    static let marks = TaskState.allCases.map { state in
        TaskEventRow(
            name: "marked \(state.rawValue)", payload: .taskMarked(TaskDecided(instance: "a", state: state)),
            accepted: state == .success || state == .skipped ? all : [], next: state)
    }

    static func ends(_ accepted: Set<TaskState>) -> [TaskEventRow] {
        let possible: Set<TaskState> = [.success, .failed, .cancelled, .upForRetry]
        return TaskState.allCases.map { state in
            TaskEventRow(
                name: "finished \(state.rawValue)", payload: finished(state),
                accepted: possible.contains(state) ? accepted : [], next: state)
        }
    }

    static let strangers: [TaskEventRow] = [
        TaskEventRow(
            name: "started, index",
            payload: .taskStarted(TaskStarted(instance: ("a" as TaskID)[0], tryNumber: 1, tryToken: "t")), accepted: []),
        TaskEventRow(
            name: "finished, unknown",
            payload: .taskFinished(TaskFinished(instance: "z", tryNumber: 1, state: .success)), accepted: []),
        TaskEventRow(
            name: "marked, unknown", payload: .taskMarked(TaskDecided(instance: "z", state: .success)), accepted: []),
        TaskEventRow(
            name: "decided, unknown", payload: .taskDecided(TaskDecided(instance: "z", state: .failed)), accepted: []),
        TaskEventRow(name: "XCom, unknown", payload: .xcomSet(instance: "z", key: "k", value: 1), accepted: []),
        TaskEventRow(
            name: "XCom, index", payload: .xcomSet(instance: ("a" as TaskID)[0], key: "k", value: 1), accepted: []),
        TaskEventRow(name: "expanded, unknown", payload: .taskExpanded(task: "z", items: []), accepted: []),
    ]

    static let tables: [Kind: [TaskEventRow]] = [
        .defined: decisions + marks + ends([.running]) + strangers + [
            TaskEventRow(
                name: "next try", payload: started(2), accepted: [.pending, .queued, .waiting, .upForRetry],
                next: .running),
            TaskEventRow(name: "same try", payload: started(1), accepted: []),
            TaskEventRow(name: "try after next", payload: started(3), accepted: []),
            TaskEventRow(name: "end of another try", payload: finished(.success, 2), accepted: []),
            TaskEventRow(name: "step", payload: .stepCompleted(StepCompleted(task: "a", value: 1)), accepted: []),
            TaskEventRow(name: "expanded", payload: .taskExpanded(task: "a", items: [1]), accepted: []),
        ],
        .dynamic: decisions + marks + ends(open) + [
            TaskEventRow(
                name: "next try", payload: started(2), accepted: [.pending, .queued, .waiting, .upForRetry],
                next: .running),
            TaskEventRow(name: "same try", payload: started(1), accepted: []),
            TaskEventRow(
                name: "step", payload: .stepCompleted(StepCompleted(task: "a", value: 1)), accepted: open,
                next: .success),
            TaskEventRow(name: "expanded", payload: .taskExpanded(task: "a", items: [1]), accepted: []),
            TaskEventRow(
                name: "negative index",
                payload: .taskMarked(TaskDecided(instance: ("a" as TaskID)[-1], state: .success)), accepted: []),
        ],
        .placeholder: decisions + marks + ends([.running]) + strangers + [
            TaskEventRow(name: "next try", payload: started(2), accepted: []),
            TaskEventRow(name: "expanded", payload: .taskExpanded(task: "a", items: [1, 2]), accepted: [.pending]),
            TaskEventRow(name: "step", payload: .stepCompleted(StepCompleted(task: "a", value: 1)), accepted: []),
        ],
    ]

    static func run(_ kind: Kind, in state: TaskState) throws -> TestRun {
        let definition: DAGDefinition? =
            switch kind {
            case .defined: DAGDefinition(name: "d", tasks: [task("a"), task("b", needs: ["a"])])
            case .dynamic: nil
            case .placeholder:
                DAGDefinition(name: "d", tasks: [task("a", foreach: .template("x")), task("b", needs: ["a"])])
            }
        let created = RunCreated(dag: "d", definition: definition, logicalDate: Timestamp(milliseconds: 0))
        var run = TestRun()
        try run.apply(
            .restored(
                RunSnapshot(
                    origin: .imported, created: created, state: .running,
                    instances: [RunSnapshot.Instance("a", state: state, tryNumber: 1)])))
        try run.claim()
        return run
    }

    @Test("accepts and refuses as the table says", arguments: Kind.allCases, TaskState.allCases)
    func pairs(_ kind: Kind, _ state: TaskState) throws {
        for row in Self.tables[kind, default: []] {
            var run = try Self.run(kind, in: state)
            #expect(run.state("a") == state)
            guard row.accepted.contains(state) else {
                expectRefusal(&run) { try $0.apply(row.payload) }
                continue
            }
            do {
                try run.apply(row.payload)
            } catch {
                Issue.record("\(row.name) in \(state.rawValue): \(error)")
                continue
            }
            if let next = row.next { #expect(run.state("a") == next, "\(row.name)") }
            Recount.check(run.fold, "\(row.name) in \(state.rawValue)")
        }
    }

    @Test("every pair has its row")
    func whole() {
        for kind in Kind.allCases {
            let types = Set(Self.tables[kind, default: []].map(\.payload.type))
            #expect(
                types.isSuperset(of: [
                    "task_started", "task_finished", "task_decided", "task_marked", "step", "task_expanded",
                ]))
        }
    }
}
