import Holdfast
import Testing

@Suite("Resuming by another definition")
struct ResumeByOtherDefinitionTests {
    private static func dag(_ tasks: TaskDefinition..., hooks: [Hook: TaskDefinition] = [:]) -> DAGDefinition {
        DAGDefinition(name: "d", tasks: tasks, hooks: hooks)
    }

    private let m: TaskID = "m"

    @Test("finished tasks whose id stays are kept; removed ones no longer count, nor what they left")
    func tasks() throws {
        var run = try TestRun.started(
            Self.dag(
                task("keep"), task("gone"), task("bad", needs: ["gone"]), task("skip"), hooks: [.onExit: task("x")]))
        try run.run("keep", xcoms: ["k": 1], artifacts: [artifact("keep/a", task: "keep")])
        try run.run("gone", xcoms: ["k": 1], artifacts: [artifact("gone/a", task: "gone")])
        try run.apply(.artifactSaved(artifact("mine")))
        try run.run("bad", .failed)
        try run.decide("skip", .skipped)
        let next = Self.dag(task("new"), task("bad", needs: ["keep", "new"], retries: 2), task("keep"), task("skip"))
        try run.failAndResume(by: next)
        #expect(run.fold.definition == next && run.fold.definitionVersion == next.version)
        #expect(
            ["keep", "gone", "bad", "skip", "new"].map { run.state($0) } == [
                .success, nil, .pending, .skipped, .pending,
            ])
        #expect(run.fold.instance("keep")?.xcoms["k"]?.value == 1)
        #expect(run.fold.instance("bad")?.tryNumber == 1 && run.fold.instance("bad")?.maxTries == 4)
        #expect(run.fold.artifacts.keys.map(\.rawValue).sorted() == ["keep/a", "mine"])
        #expect(run.ready == ["new"] && run.fold.node("on_exit") == nil)
        expectRefusal(&run) { try $0.start("gone") }
        try run.apply(.artifactSaved(artifact("gone")))
        Recount.check(run.fold)
        try run.crashAndResume()
        #expect(run.fold.definition == next)
    }

    @Test("what is new before a skipped task has it decided anew")
    func skippedBehindNew() throws {
        var run = try TestRun.started(Self.dag(task("a"), task("s", needs: ["a"]), task("marked", needs: ["a"])))
        try run.decide("a", .skipped)
        try run.decide("s", .skipped)
        try run.mark("marked", .skipped)
        try run.failAndResume(
            by: Self.dag(task("a"), task("new"), task("s", needs: ["a", "new"]), task("marked", needs: ["new"])))
        #expect(["a", "s", "marked"].map { run.state($0) } == [.skipped, .pending, .skipped])
        Recount.check(run.fold)
    }

    @Test("items in the file: changed, moved and new ones run, equal ones are kept")
    func literalItems() throws {
        var run = try TestRun.started(Self.dag(task("m", foreach: .items(["a", "b", "c", "c"]), retries: 1)))
        try run.expand("m", ["a", "b", "c", "c"])
        for index in [0, 1, 3] { try run.run(m[index], xcoms: ["k": .int(Int64(index))]) }
        try run.run(m[2], .failed)
        try run.failAndResume(by: Self.dag(task("m", foreach: .items(["c", "x", "b", "c", "c"]))))
        #expect(run.states("m") == [.pending] && run.fold.node("m")?.needsExpansion == true)
        #expect(run.fold.taskCounts == [.pending: 1])
        Recount.check(run.fold)
        // The worker dies before the items are laid out: nothing of what was finished may be lost.
        try run.crashAndResume()
        try run.crashAndResume(by: Self.dag(task("m", foreach: .items(["c", "x", "b", "c", "c"]))))
        try run.expand("m", ["c", "x", "b", "c", "c"])
        #expect(run.states("m") == [.pending, .pending, .success, .success, .pending])
        #expect(run.fold.instance(m[2])?.xcoms["k"]?.value == 1 && run.fold.instance(m[3])?.xcoms["k"]?.value == 3)
        #expect(run.fold.instance(m[0])?.tryNumber == 1 && run.fold.instance(m[0])?.maxTries == 2)
        #expect(run.fold.instance(m[1])?.tryNumber == 0)
        #expect(run.fold.node("m")?.items == ["c", "x", "b", "c", "c"])
        Recount.check(run.fold)
    }

    @Test("an item that moves keeps its artifacts and where its tries are filed; no other item gets them")
    func movedItems() throws {
        var run = try TestRun.started(Self.dag(task("m", foreach: .items(["a", "b", "gone"])), task("bad")))
        try run.expand("m", ["a", "b", "gone"])
        for index in 0..<3 {
            try run.run(m[index], xcoms: ["k": 1], artifacts: [artifact("m/\(index)/f", task: "m", "\(index)")])
        }
        try run.run("bad", .failed)
        try run.failAndResume(by: Self.dag(task("m", foreach: .items(["new", "a", "newer", "b"])), task("bad")))
        try run.expand("m", ["new", "a", "newer", "b"])
        #expect(run.states("m") == [.pending, .success, .pending, .success])
        let filed = (0..<4).map { run.fold.instance(m[$0])?.filedIndex }
        #expect(filed[1] == 0 && filed[3] == 1 && Set(filed).count == 4 && !filed.contains(2))
        #expect(
            Set(run.fold.artifacts.values) == [artifact("m/1/f", task: "m", "0"), artifact("m/3/f", task: "m", "1")])
        try run.run(m[0], artifacts: [artifact("m/0/f", task: "m", "new")])
        try run.run(m[2], .failed)
        Recount.check(run.fold)

        try run.failAndResume(by: Self.dag(task("m", foreach: .items(["newer", "late"])), task("bad")))
        try run.expand("m", ["newer", "late"])
        #expect(run.fold.instance(m[0])?.filedIndex == filed[2])
        #expect(!filed.contains(run.fold.instance(m[1])?.filedIndex))
        #expect(run.fold.artifacts.isEmpty)
        Recount.check(run.fold)
    }

    @Test("what a task left goes when it becomes mapped, or no longer is")
    func artifactsOfReshapedTasks() throws {
        var run = try TestRun.started(Self.dag(task("a"), task("m", foreach: .items([1])), task("bad")))
        try run.run("a", artifacts: [artifact("a/0", task: "a")])
        try run.expand("m", [1])
        try run.run(m[0], artifacts: [artifact("m/0/f", task: "m")])
        try run.run("bad", .failed)
        try run.failAndResume(by: Self.dag(task("a", foreach: .items([1])), task("m"), task("bad")))
        try run.expand("a", [1])
        #expect(run.fold.artifacts.isEmpty)
        try run.run(("a" as TaskID)[0], artifacts: [artifact("a/0/f", task: "a")])
        try run.run("m", artifacts: [artifact("m/0", task: "m")])
        Recount.check(run.fold)
    }

    @Test("the same items stay laid out")
    func sameItems() throws {
        var run = try TestRun.started(Self.dag(task("m", foreach: .items([1, 2]))))
        try run.expand("m", [1, 2])
        try run.run(m[1])
        try run.failAndResume(by: Self.dag(task("m", foreach: .items([1, 2]), retries: 3), task("b", needs: ["m"])))
        #expect(run.states("m") == [.pending, .success] && run.fold.instance(m[0])?.maxTries == 4)
        Recount.check(run.fold)
    }

    @Test("a task that becomes mapped runs for its items; one that no longer is runs once")
    func mappedAndBack() throws {
        var run = try TestRun.started(Self.dag(task("a"), task("m", foreach: .items([1, 2])), task("bad")))
        try run.run("a")
        try run.expand("m", [1, 2])
        try run.run(m[0])
        try run.run(m[1])
        try run.run("bad", .failed)
        try run.failAndResume(by: Self.dag(task("a", foreach: .items([1])), task("m"), task("bad")))
        #expect(run.states("a") == [.pending] && run.fold.node("a")?.needsExpansion == true)
        #expect(run.states("m") == [.pending] && run.fold.instance("m")?.tryNumber == 0)
        expectRefusal(&run) { try $0.start("a") }
        try run.expand("a", [1])
        try run.run(("a" as TaskID)[0])
        try run.run("m")
        try run.run("bad")
        try run.apply(.finished(state: .success, reason: nil))
        Recount.check(run.fold)
    }

    @Test("a skip and a mark of a whole task hold whether it is mapped or not")
    func wholeTasks() throws {
        var run = try TestRun.started(
            Self.dag(
                task("a", foreach: .items([1])), task("b"), task("c"), task("d", foreach: .items([1])), task("bad")))
        try run.decide("a", .skipped)
        try run.decide("b", .skipped)
        try run.mark("c", .success)
        try run.mark("d", .success)
        try run.run("bad", .failed)
        try run.failAndResume(
            by: Self.dag(
                task("a"), task("b", foreach: .items([1])), task("c", foreach: .items([1])), task("d"), task("bad")))
        #expect(["a", "b", "c", "d"].map { run.state($0) } == [.skipped, .skipped, .success, .success])
        #expect(run.ready == ["bad"])
        Recount.check(run.fold)
    }

    @Test("hooks of another definition run anew and go on counting")
    func hooks() throws {
        var run = try TestRun.started(Self.dag(task("a"), hooks: [.onExit: task("x")]))
        try run.run("a", .failed)
        try run.run("on_exit")
        try run.failAndResume(by: Self.dag(task("a"), hooks: [.onSuccess: task("x"), .onExit: task("y")]))
        try run.run("a")
        try run.run("on_success")
        try run.run("on_exit")
        #expect(run.fold.instance("on_success")?.tryNumber == 1 && run.fold.instance("on_exit")?.tryNumber == 2)
        try run.apply(.finished(state: .success, reason: nil))
    }

    @Test("a queued run can be told to follow another definition from its start")
    func queued() throws {
        var run = try TestRun.created(Self.dag(task("a")))
        try run.claim()
        try run.apply(.resumed(Resumed(definition: Self.dag(task("b")))))
        #expect(run.fold.state == .running && run.fold.startedAt != nil && run.ready == ["b"])
    }
}
