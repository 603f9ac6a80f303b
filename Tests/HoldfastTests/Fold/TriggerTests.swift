import BitCollections
import Holdfast
import Testing

/// A task `t` behind others: how they are set up, what became of them, and what each trigger makes of that.
struct TriggerRow: Sendable, CustomTestStringConvertible {
    let name: String
    let upstream: [TaskDefinition]
    let act: @Sendable (inout TestRun) throws -> Void
    let judgements: [Trigger: TriggerJudgement]
    var testDescription: String { name }
}

@Suite("Triggers")
struct TriggerTests {
    static let two = [task("a"), task("b")]
    static let mapped = [task("m", foreach: .template("x"))]
    static func m(_ index: Int) -> InstanceID { ("m" as TaskID)[index] }

    static let table: [TriggerRow] = [
        TriggerRow(name: "nothing has ended", upstream: two, act: { _ in }, judgements: [:]),
        TriggerRow(
            name: "one of two succeeded", upstream: two, act: { try $0.run("b") }, judgements: [.oneSuccess: .run]),
        TriggerRow(
            name: "one of two failed", upstream: two, act: { try $0.run("b", .failed) }, judgements: [.oneFailed: .run]),
        TriggerRow(
            name: "one of two was skipped", upstream: two, act: { try $0.decide("a", .skipped) }, judgements: [:]),
        TriggerRow(
            name: "one of two waits for its retry", upstream: [task("a", retries: 1), task("b")],
            act: {
                try $0.run("a", .upForRetry)
                try $0.run("b")
            }, judgements: [.oneSuccess: .run]),
        TriggerRow(
            name: "both succeeded", upstream: two,
            act: {
                try $0.run("a")
                try $0.run("b")
            },
            judgements: [.allSuccess: .run, .noneFailed: .run, .allDone: .run, .oneSuccess: .run, .oneFailed: .skip]),
        TriggerRow(
            name: "one succeeded, one was skipped", upstream: two,
            act: {
                try $0.run("a")
                try $0.decide("b", .skipped)
            },
            judgements: [.allSuccess: .skip, .noneFailed: .run, .allDone: .run, .oneSuccess: .run, .oneFailed: .skip]),
        TriggerRow(
            name: "one succeeded, one failed", upstream: two,
            act: {
                try $0.run("a")
                try $0.run("b", .failed)
            },
            judgements: [
                .allSuccess: .upstreamFailed, .noneFailed: .upstreamFailed, .allDone: .run, .oneSuccess: .run,
                .oneFailed: .run,
            ]),
        TriggerRow(
            name: "one was skipped, one failed", upstream: two,
            act: {
                try $0.decide("a", .skipped)
                try $0.run("b", .failed)
            },
            judgements: [
                .allSuccess: .upstreamFailed, .noneFailed: .upstreamFailed, .allDone: .run,
                .oneSuccess: .upstreamFailed,
                .oneFailed: .run,
            ]),
        TriggerRow(
            name: "one succeeded, one is upstream_failed", upstream: two,
            act: {
                try $0.run("a")
                try $0.decide("b", .upstreamFailed)
            },
            judgements: [
                .allSuccess: .upstreamFailed, .noneFailed: .upstreamFailed, .allDone: .run, .oneSuccess: .run,
                .oneFailed: .run,
            ]),
        TriggerRow(
            name: "one succeeded, one was cancelled", upstream: two,
            act: {
                try $0.run("a")
                try $0.run("b", .cancelled)
            },
            judgements: [
                .allSuccess: .upstreamFailed, .noneFailed: .upstreamFailed, .allDone: .run, .oneSuccess: .run,
                .oneFailed: .run,
            ]),
        TriggerRow(
            name: "both were skipped", upstream: two,
            act: {
                try $0.decide("a", .skipped)
                try $0.decide("b", .skipped)
            },
            judgements: [.allSuccess: .skip, .noneFailed: .run, .allDone: .run, .oneSuccess: .skip, .oneFailed: .skip]),
        TriggerRow(
            name: "one succeeded, one failed and may", upstream: [task("a"), task("b", allowFailure: true)],
            act: {
                try $0.run("a")
                try $0.run("b", .failed)
            },
            judgements: [.allSuccess: .run, .noneFailed: .run, .allDone: .run, .oneSuccess: .run, .oneFailed: .run]),
        TriggerRow(
            name: "all failed and may", upstream: [task("b", allowFailure: true)], act: { try $0.run("b", .failed) },
            judgements: [.allSuccess: .run, .noneFailed: .run, .allDone: .run, .oneSuccess: .skip, .oneFailed: .run]),
        TriggerRow(
            name: "a failure was marked success", upstream: two,
            act: {
                try $0.run("a", .failed)
                try $0.run("b")
                try $0.mark("a", .success)
            },
            judgements: [.allSuccess: .run, .noneFailed: .run, .allDone: .run, .oneSuccess: .run, .oneFailed: .skip]),
        TriggerRow(name: "items are not known", upstream: mapped, act: { _ in }, judgements: [:]),
        TriggerRow(
            name: "no items", upstream: mapped, act: { try $0.expand("m", []) },
            judgements: [.allSuccess: .run, .noneFailed: .run, .allDone: .run, .oneSuccess: .skip, .oneFailed: .skip]),
        TriggerRow(
            name: "one item of two succeeded", upstream: mapped,
            act: {
                try $0.expand("m", [1, 2])
                try $0.run(m(1))
            }, judgements: [.oneSuccess: .run]),
        TriggerRow(
            name: "both items succeeded", upstream: mapped,
            act: {
                try $0.expand("m", [1, 1])
                try $0.run(m(1))
                try $0.run(m(0))
            },
            judgements: [.allSuccess: .run, .noneFailed: .run, .allDone: .run, .oneSuccess: .run, .oneFailed: .skip]),
        TriggerRow(
            name: "one item of two failed", upstream: mapped,
            act: {
                try $0.expand("m", [1, 2])
                try $0.run(m(0), .failed)
                try $0.run(m(1))
            },
            judgements: [
                .allSuccess: .upstreamFailed, .noneFailed: .upstreamFailed, .allDone: .run, .oneSuccess: .run,
                .oneFailed: .run,
            ]),
        TriggerRow(
            name: "one item of two failed and may", upstream: [task("m", foreach: .template("x"), allowFailure: true)],
            act: {
                try $0.expand("m", [1, 2])
                try $0.run(m(0), .failed)
                try $0.run(m(1))
            },
            judgements: [.allSuccess: .run, .noneFailed: .run, .allDone: .run, .oneSuccess: .run, .oneFailed: .run]),
        TriggerRow(
            name: "one item of two was skipped", upstream: mapped,
            act: {
                try $0.expand("m", [1, 2])
                try $0.decide(m(0), .skipped)
                try $0.run(m(1))
            },
            judgements: [.allSuccess: .skip, .noneFailed: .run, .allDone: .run, .oneSuccess: .run, .oneFailed: .skip]),
        TriggerRow(
            name: "a whole foreach was skipped", upstream: mapped, act: { try $0.decide("m", .skipped) },
            judgements: [.allSuccess: .skip, .noneFailed: .run, .allDone: .run, .oneSuccess: .skip, .oneFailed: .skip]),
        TriggerRow(
            name: "nothing upstream", upstream: [], act: { _ in },
            judgements: [.allSuccess: .run, .noneFailed: .run, .allDone: .run, .oneSuccess: .run, .oneFailed: .run]),
    ]

    @Test("judges as the table says, and is ready when it can", arguments: table, Trigger.allCases)
    func row(_ row: TriggerRow, _ trigger: Trigger) throws {
        let last = task("t", needs: row.upstream.map(\.id), trigger)
        for tasks in [row.upstream + [last], [last] + row.upstream] {
            var run = try TestRun.started(tasks)
            try row.act(&run)
            #expect(run.judgement("t") == row.judgements[trigger])
            #expect(run.ready.contains("t") == (row.judgements[trigger] != nil))
            Recount.check(run.fold)
        }
    }

    @Test("a mapped task with a trigger is judged for all its items")
    func mappedDependant() throws {
        var run = try TestRun.started([task("a"), task("m", needs: ["a"], foreach: .template("x"))])
        #expect(run.ready == ["a"])
        try run.run("a")
        #expect(run.ready == ["m"])
        try run.expand("m", [1, 2])
        #expect(run.ready == ["m"] && run.fold.node("m")?.pending.sorted() == [0, 1])
        try run.start(Self.m(0))
        #expect(run.ready == ["m"] && run.fold.node("m")?.pending.sorted() == [1])
        try run.start(Self.m(1))
        #expect(run.ready.isEmpty)
    }

    @Test("the outcome: failed and upstream_failed without allow_failure count, hooks and cancelled ones do not")
    func outcomes() throws {
        for (state, allowFailure, outcome) in [
            (.success, false, .success), (.skipped, false, .success), (.failed, false, .failed),
            (.failed, true, .success), (.upstreamFailed, false, .failed), (.upstreamFailed, true, .success),
            (.cancelled, false, .success),
        ] as [(TaskState, Bool, RunState)] {
            var run = try TestRun.started([task("a", allowFailure: allowFailure)], hooks: [.onExit: task("x")])
            try run.decide("a", state)
            #expect(run.fold.outcome == outcome)
            try run.run("on_exit", .failed)
            #expect(run.fold.outcome == outcome && run.fold.openNodes == 0)
            if outcome == .failed { expectRefusal(&run) { try $0.apply(.finished(state: .success, reason: nil)) } }
            try run.apply(.finished(state: outcome, reason: nil))
            Recount.check(run.fold)
        }
    }

    @Test("a success is refused while a task or a hook has not ended")
    func earlySuccess() throws {
        var run = try TestRun.started([task("a", retries: 1)], hooks: [.onExit: task("x")])
        expectRefusal(&run) { try $0.apply(.finished(state: .success, reason: nil)) }
        try run.start("a")
        expectRefusal(&run) { try $0.apply(.finished(state: .success, reason: nil)) }
        try run.finish("a", .upForRetry)
        expectRefusal(&run) { try $0.apply(.finished(state: .success, reason: nil)) }
        try run.run("a")
        try run.start("on_exit")
        expectRefusal(&run) { try $0.apply(.finished(state: .success, reason: nil)) }
        try run.finish("on_exit")
        try run.apply(.finished(state: .success, reason: nil))
        #expect(run.fold.endedAt == run.events.last?.time && run.fold.retryCount == 1)
    }

    @Test("a cancelled end cancels whatever is open, and only that")
    func cancelledEnd() throws {
        var run = try TestRun.started([
            task("a"), task("b"), task("c", retries: 1), task("d"), task("m", foreach: .template("x")),
            task("e", needs: ["d"]),
        ])
        try run.run("a")
        try run.start("b")
        try run.run("c", .upForRetry)
        try run.run("d", .failed)
        try run.expand("m", [1, 2])
        try run.run(Self.m(0))
        try run.apply(.finished(state: .cancelled, reason: "enough"))
        #expect(
            ["a", "b", "c", "d", "e"].map { run.state($0) } == [.success, .cancelled, .cancelled, .failed, .cancelled])
        #expect(run.states("m") == [.success, .cancelled])
        #expect(run.fold.retries.isEmpty && run.fold.running.isEmpty && run.fold.openNodes == 0)
        #expect(run.fold.failureReason == "enough")
        Recount.check(run.fold)
    }

    @Test("a graph that can't be followed is refused")
    func flaws() throws {
        let flawed: [[TaskDefinition]] = [
            [task("a"), task("a")], [task("a", needs: ["b"])], [task("a", needs: ["a"])], [task("on_exit")],
            [task("a", needs: ["c"]), task("b", needs: ["a"]), task("c", needs: ["b"])],
            [task("a", needs: ["on_exit"])],
        ]
        for tasks in flawed {
            let definition = DAGDefinition(name: "d", tasks: tasks, hooks: [.onExit: task("x")])
            var run = TestRun()
            expectRefusal(&run, .invalid) { run in
                try run.apply(
                    .created(RunCreated(dag: "d", definition: definition, logicalDate: Timestamp(milliseconds: 0))))
            }
            run = try TestRun.started([task("a")])
            try run.apply(.interrupted(reason: ""))
            expectRefusal(&run, .invalid) { try $0.apply(.resumed(Resumed(definition: definition))) }
        }
    }
}
