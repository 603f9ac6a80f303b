import Holdfast
import Testing

@Suite("XComs, artifacts, requests and snapshots in the fold")
struct DataTests {
    @Test("an XCom over 1 KiB keeps only a reference, one over 1 MiB is refused")
    func xcomSizes() throws {
        func text(_ size: Int) -> JSONValue { .string(String(repeating: "x", count: size - 2)) }
        var run = try TestRun.started([task("a")])
        try run.run("a", xcoms: ["small": text(1024), "large": text(1025), "huge": text(1 << 20)])
        let xcoms = try #require(run.fold.instance("a")?.xcoms)
        #expect(xcoms["small"]?.value == text(1024) && xcoms["small"]?.size == 1024)
        #expect(xcoms["large"]?.value == nil && xcoms["large"]?.size == 1025 && xcoms["large"]?.sequence == 5)
        #expect(xcoms["huge"]?.value == nil && xcoms["huge"]?.size == 1 << 20)
        expectRefusal(&run, .tooLarge) { try $0.apply(.xcomSet(instance: "a", key: "k", value: text(1 << 20 + 1))) }
        var workflow = try TestRun.started(nil)
        expectRefusal(&workflow, .tooLarge) { run in
            try run.apply(.stepCompleted(StepCompleted(task: "s", value: text(1 << 20 + 1))))
        }
        expectRefusal(&workflow, .tooLarge) { try $0.finish("s", xcoms: ["k": text(1 << 20 + 1)]) }
    }

    @Test("XComs are set, replaced and deleted; deleting what is not there is no error")
    func xcoms() throws {
        var run = try TestRun.started([task("a")])
        try run.apply(.xcomSet(instance: "a", key: "k", value: 1))
        try run.apply(.xcomSet(instance: "a", key: "k", value: 2))
        try run.run("a", xcoms: ["r": 3])
        #expect(run.fold.instance("a")?.xcoms.compactMapValues(\.value) == ["k": 2, "r": 3])
        #expect(run.fold.instance("a")?.xcoms["k"]?.sequence == 5)
        try run.apply(.xcomDeleted(instance: "a", key: "k"))
        try run.apply(.xcomDeleted(instance: "a", key: "k"))
        try run.apply(.xcomDeleted(instance: "z", key: "k"))
        #expect(run.fold.instance("a")?.xcoms.keys.sorted() == ["r"])
    }

    @Test("an artifact key saved again is replaced, one that clashes is refused whole")
    func artifacts() throws {
        var run = try TestRun.started([task("a"), task("b")])
        try run.run("a", artifacts: [artifact("a/x/1", "one"), artifact("a/x/2"), artifact("b")])
        try run.start("b")
        for clashing in [["a"], ["a/x"], ["a/x/1/deep"], ["b/c"], ["n", "n/m"], ["n/m", "n"], ["ok", "a"]] {
            expectRefusal(&run) { try $0.finish("b", artifacts: clashing.map { artifact($0) }) }
        }
        expectRefusal(&run) { try $0.apply(.artifactSaved(artifact("a/x"))) }
        try run.finish("b", artifacts: [artifact("a/x/1", "two"), artifact("a/x/11"), artifact("bb")])
        #expect(run.fold.artifacts[ArtifactKey(unchecked: "a/x/1")]?.digest == Digest(of: "two".utf8))
        #expect(run.fold.artifacts.count == 5)
        for key in ["a/x/1", "a/x/2", "a/x/11", "not/there"] {
            try run.apply(.artifactDeleted(ArtifactKey(unchecked: key)))
        }
        try run.apply(.artifactSaved(artifact("a/x")))
        #expect(run.fold.artifacts.keys.map(\.rawValue).sorted() == ["a/x", "b", "bb"])
        Recount.check(run.fold)
    }

    @Test("requests are kept for the owner: the first cancel, every signal")
    func requests() throws {
        var run = try TestRun.created([task("a")])
        try run.apply(.cancelRequested(reason: "one"))
        let asked = run.fold.cancelRequestedAt
        try run.apply(.cancelRequested(reason: "two"))
        try run.apply(.signalled(name: "n", value: 1))
        try run.apply(.signalled(name: "n", value: 2))
        #expect(run.fold.cancelRequestedAt == asked && run.fold.cancelReason == "one")
        #expect(run.fold.signals == ["n": [1, 2]] && run.fold.state == .queued)
    }

    private static func snapshot(
        _ definition: DAGDefinition?, state: RunState = .queued, items: [TaskID: [JSONValue]] = [:],
        instances: [RunSnapshot.Instance] = [], xcoms: [RunSnapshot.XCom] = [], artifacts: [ArtifactReference] = []
    ) -> EventPayload {
        .restored(
            RunSnapshot(
                origin: .copied,
                created: RunCreated(dag: "d", definition: definition, logicalDate: Timestamp(milliseconds: 0)),
                state: state, items: items, instances: instances, xcoms: xcoms, artifacts: artifacts))
    }

    private static func xcom(_ id: InstanceID) -> RunSnapshot.XCom {
        RunSnapshot.XCom(instance: id, key: "k", value: 7, createdAt: Timestamp(milliseconds: 5))
    }

    @Test("a copied run goes on behind what was taken over")
    func copied() throws {
        let m: TaskID = "m"
        let definition = DAGDefinition(
            name: "d",
            tasks: [
                task("a"), task("m", needs: ["a"], foreach: .template("x")), task("none", foreach: .template("x")),
                task("b", needs: ["m", "none"]), task("c", needs: ["b"]),
            ])
        var run = TestRun()
        try run.apply(
            Self.snapshot(
                definition, items: ["m": [1, 2], "none": []],
                instances: [
                    .init(
                        "a", state: .success, tryNumber: 3, exitCode: 0, startedAt: Timestamp(milliseconds: 1),
                        endedAt: Timestamp(milliseconds: 2)),
                    .init(m[0], state: .success, tryNumber: 1), .init(m[1], state: .success, tryNumber: 1),
                ], xcoms: [Self.xcom("a"), Self.xcom(m[1])], artifacts: [artifact("k", task: "a")]))
        #expect(run.ready == ["b"] && run.fold.taskCounts == [.success: 3, .pending: 2])
        let instance = try #require(run.fold.instance("a"))
        #expect(instance.tryNumber == 3 && instance.exitCode == 0 && instance.duration == .milliseconds(1))
        #expect(instance.xcoms["k"]?.value == 7 && instance.xcoms["k"]?.sequence == 1)
        #expect(run.fold.instance(m[1])?.item == 2)
        Recount.check(run.fold)
        try run.claim()
        try run.apply(.started)
        try run.run("b")
        try run.run("c")
        try run.apply(.finished(state: .success, reason: nil))
    }

    @Test("an imported run of any state folds, and can be resumed where its state allows", arguments: RunState.allCases)
    func imported(_ state: RunState) throws {
        for definition in [DAGDefinition(name: "d", tasks: [task("a"), task("b"), task("c")]), nil] {
            var run = TestRun()
            let busy: TaskState = state == .queued ? .pending : .running
            try run.apply(
                Self.snapshot(
                    definition, state: state,
                    instances: [
                        .init("a", state: .success, tryNumber: 1), .init("b", state: busy, tryNumber: 2),
                        .init("c", state: state == .queued ? .pending : .upForRetry, tryNumber: 1),
                    ]))
            Recount.check(run.fold)
            #expect(run.fold.state == state)
            try run.claim(takenOverFrom: "w0")
            guard state != .success else { continue }
            try run.apply(.resumed(Resumed()))
            #expect(["a", "b", "c"].map { run.state($0) } == [.success, .pending, .pending])
            #expect(run.fold.instance("b")?.tryNumber == 2)
            Recount.check(run.fold)
        }
    }

    @Test("tasks that were mapped elsewhere keep their indices without a definition")
    func importedItems() throws {
        var run = TestRun()
        let m: TaskID = "m"
        try run.apply(
            Self.snapshot(
                nil, state: .failed, items: ["m": ["x", "y"]],
                instances: [.init(m[1], state: .failed), .init("m", state: .success), .init(m[0], state: .success)],
                xcoms: [Self.xcom("late")]))
        #expect(run.states("m") == [.failed, .success, .success] && run.fold.instance(m[1])?.item == "y")
        #expect(run.state("late") == .pending)
        Recount.check(run.fold)
    }

    @Test("a snapshot that contradicts its definition or itself is refused")
    func flawedSnapshots() {
        let m: TaskID = "m"
        let definition = DAGDefinition(
            name: "d", tasks: [task("a"), task("m", foreach: .template("x"))], hooks: [.onExit: task("x")])
        let flawed: [EventPayload] = [
            Self.snapshot(definition, instances: [.init("z", state: .success)]),
            Self.snapshot(definition, instances: [.init("a", state: .success), .init("a", state: .failed)]),
            Self.snapshot(definition, instances: [.init(("a" as TaskID)[0], state: .success)]),
            Self.snapshot(definition, instances: [.init(m[0], state: .success)]),
            Self.snapshot(definition, items: ["m": [1]], instances: [.init(m[1], state: .success)]),
            Self.snapshot(definition, items: ["m": [1]], instances: [.init("m", state: .success)]),
            Self.snapshot(definition, items: ["a": [1]]), Self.snapshot(definition, items: ["z": [1]]),
            Self.snapshot(definition, instances: [.init("a", state: .running, tryNumber: 1)]),
            Self.snapshot(definition, instances: [.init("a", state: .success, tryNumber: -1)]),
            Self.snapshot(definition, instances: [.init(("on_exit" as TaskID)[0], state: .success)]),
            Self.snapshot(definition, xcoms: [Self.xcom("z")]),
            Self.snapshot(definition, xcoms: [Self.xcom("on_exit")]),
            Self.snapshot(definition, artifacts: [artifact("k"), artifact("k/l")]),
            Self.snapshot(nil, instances: [.init(m[-1], state: .success)]),
        ]
        for payload in flawed {
            var run = TestRun()
            expectRefusal(&run) { try $0.apply(payload) }
        }
    }
}
