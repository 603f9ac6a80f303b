import Holdfast
import Testing

@Suite("Resuming by the same definition")
struct ResumeTests {
    @Test("successes stay; failed, cancelled, upstream_failed and in-flight ones are reset with a fresh allowance")
    func resets() throws {
        var run = try TestRun.started([
            task("ok"), task("bad", retries: 1), task("behind", needs: ["bad"]), task("open"), task("busy", retries: 2),
            task("waits", retries: 3),
        ])
        try run.run("ok", xcoms: ["k": 1])
        let success = run.fold.instance("ok")
        try run.run("bad", .upForRetry)
        try run.run("bad", .failed, xcoms: ["k": 2])
        try run.decide("behind", .upstreamFailed)
        try run.start("busy")
        let token = run.fold.instance("busy")?.tryToken
        try run.run("waits", .upForRetry)
        try run.crashAndResume()
        #expect(run.fold.instance("ok") == success)
        for (id, tries, maximum) in [("bad", 2, 4), ("behind", 0, 1), ("open", 0, 1), ("busy", 1, 4), ("waits", 1, 5)]
            as [(InstanceID, Int, Int)]
        {
            let instance = run.fold.instance(id)
            #expect(instance?.state == .pending, "\(id)")
            #expect(instance?.tryNumber == tries && instance?.maxTries == maximum, "\(id)")
            #expect(instance?.startedAt == nil && instance?.endedAt == nil && instance?.error == nil, "\(id)")
            #expect(instance?.retryAt == nil && instance?.xcoms.isEmpty == true, "\(id)")
        }
        #expect(run.fold.instance("busy")?.tryToken == token && token != nil)
        #expect(run.ready == ["bad", "open", "busy", "waits"])
        #expect(run.fold.resumeCount == 1 && run.fold.retryCount == 2 && run.fold.failures == 0)
        Recount.check(run.fold)
        try run.start("busy")
        #expect(run.fold.instance("busy")?.tryNumber == 2)
    }

    @Test("a resumed run has a state, a start, and no end, reason or cancel of before")
    func columns() throws {
        var run = try TestRun.started([task("a")])
        let startedAt = run.fold.startedAt
        try run.apply(.cancelRequested(reason: "x"))
        try run.apply(.finished(state: .cancelled, reason: "x"))
        try run.claim()
        try run.apply(.resumed(Resumed(params: ["p": 1])))
        #expect(run.fold.state == .running && run.fold.startedAt == startedAt && run.fold.endedAt == nil)
        #expect(run.fold.failureReason == nil && run.fold.cancelRequestedAt == nil && run.fold.cancelReason == nil)
        #expect(run.fold.params == ["p": 1])
        try run.run("a")
        try run.apply(.finished(state: .success, reason: nil))
        try run.claim()
        expectRefusal(&run) { try $0.apply(.resumed(Resumed())) }
    }

    @Test("skipped ones behind what is reset are decided anew, others stay")
    func skips() throws {
        var run = try TestRun.started([
            task("bad"), task("next", needs: ["bad"], .oneSuccess), task("after", needs: ["next"]), task("ok"),
            task("apart"), task("done", needs: ["apart"], .noneFailed),
        ])
        try run.run("ok")
        try run.decide("apart", .skipped)
        try run.run("done")
        try run.run("bad", .failed)
        try run.decide("next", .skipped)
        try run.decide("after", .skipped)
        try run.failAndResume()
        #expect(
            ["bad", "next", "after", "ok", "apart", "done"].map { run.state($0) }
                == [.pending, .pending, .pending, .success, .skipped, .success])
        #expect(run.ready == ["bad"])
        Recount.check(run.fold)
    }

    @Test("marked ones stay, a whole foreach task among them")
    func marks() throws {
        var run = try TestRun.started([
            task("bad"), task("next", needs: ["bad"]), task("m", needs: ["bad"], foreach: .template("x")),
            task("n", needs: ["bad"], foreach: .items([1])),
        ])
        try run.run("bad", .failed)
        try run.mark("next", .skipped)
        try run.mark("m", .success)
        try run.mark("n", .skipped)
        for resumes in 1...2 {
            try run.failAndResume()
            #expect(["bad", "next", "m", "n"].map { run.state($0) } == [.pending, .skipped, .success, .skipped])
            #expect(run.fold.instance("next")?.isMarked == true && run.fold.resumeCount == resumes)
            Recount.check(run.fold)
        }
        try run.mark("bad", .success)
        #expect(run.fold.openNodes == 0 && run.fold.outcome == .success)
        try run.apply(.finished(state: .success, reason: nil))
    }

    @Test("a failure that is marked success lets what was behind it run after a resume")
    func markedFailure() throws {
        var run = try TestRun.started([task("a"), task("b", needs: ["a"])])
        try run.run("a", .failed)
        try run.decide("b", .upstreamFailed)
        try run.apply(.finished(state: .failed, reason: nil))
        #expect(run.fold.failures == 2)
        try run.claim()
        try run.mark("a", .success)
        #expect(run.fold.failures == 1)
        try run.apply(.resumed(Resumed()))
        #expect(run.state("a") == .success && run.ready == ["b"])
    }

    @Test("mapped items are kept, with what each of them reached, over any number of resumes")
    func items() throws {
        let m: TaskID = "m"
        var run = try TestRun.started([
            task("m", foreach: .template("{{ params.x }}"), retries: 1), task("none", foreach: .template("y")),
            task("t", needs: ["m", "none"]),
        ])
        try run.expand("none", [])
        try run.expand("m", ["a", "b", "c", "d"])
        try run.run(m[1], xcoms: ["return_value": 5])
        try run.run(m[2], .upForRetry)
        try run.run(m[2], .failed)
        try run.decide(m[3], .skipped)
        for _ in 1...3 {
            try run.crashAndResume()
            #expect(run.states("m") == [.pending, .success, .pending, .skipped])
            #expect(run.fold.node("m")?.items == ["a", "b", "c", "d"] && run.fold.node("none")?.items == [])
            #expect(run.fold.instance(m[1])?.xcoms["return_value"]?.value == 5)
            #expect(run.fold.instance(m[2])?.tryNumber == 2 && run.fold.instance(m[2])?.maxTries == 4)
            #expect(run.fold.openNodes == 2)
            Recount.check(run.fold)
        }
    }

    @Test("an empty foreach keeps having no items")
    func emptyForeach() throws {
        var run = try TestRun.started([task("none", foreach: .template("y")), task("t", needs: ["none"])])
        try run.expand("none", [])
        try run.run("t", .failed)
        try run.failAndResume()
        #expect(run.fold.openNodes == 1 && run.ready == ["t"])
        Recount.check(run.fold)
    }

    @Test("other parameters have the items of a template worked out again; equal ones are not run again")
    func changedParams() throws {
        let m: TaskID = "m"
        var run = try TestRun.started(
            DAGDefinition(
                name: "d", tasks: [task("m", foreach: .template("{{ params.x }}")), task("l", foreach: .items([1]))]),
            params: ["x": ["a", "b"]])
        try run.expand("m", ["a", "b"])
        try run.expand("l", [1])
        try run.run(m[0], xcoms: ["k": "of a"])
        try run.run(m[1], .failed)
        try run.failAndResume(params: ["x": ["b", "c", "a"]])
        #expect(run.fold.node("m")?.needsExpansion == true && run.fold.node("l")?.items == [1])
        Recount.check(run.fold)
        try run.crashAndResume()
        try run.expand("m", ["b", "c", "a"])
        #expect(run.states("m") == [.pending, .pending, .success])
        #expect(run.fold.instance(m[2])?.xcoms["k"]?.value == "of a")
        #expect(run.fold.instance(m[0])?.tryNumber == 1)
        Recount.check(run.fold)
        try run.failAndResume(params: ["x": ["b", "c", "a"]])
        #expect(run.fold.node("m")?.needsExpansion == false)
    }

    @Test("hooks run anew and go on counting tries, however often the run is resumed in between")
    func hooks() throws {
        var run = try TestRun.started([task("a")], hooks: [.onFailure: task("x", retries: 1), .onExit: task("y")])
        try run.run("a", .failed)
        try run.run("on_failure", .upForRetry)
        try run.run("on_failure")
        try run.run("on_exit", .failed)
        for _ in 1...2 {
            try run.failAndResume()
            #expect(run.state("on_failure") == nil && run.fold.node("on_failure")?.lastTry == 2)
            #expect(run.fold.taskCounts == [.pending: 1] && run.fold.openNodes == 1)
        }
        try run.run("a")
        expectRefusal(&run) { run in
            try run.apply(.taskStarted(TaskStarted(instance: "on_exit", tryNumber: 1, tryToken: "t")))
        }
        try run.start("on_failure")
        #expect(run.fold.instance("on_failure")?.tryNumber == 3 && run.fold.instance("on_failure")?.maxTries == 4)
        try run.finish("on_failure")
        try run.run("on_exit")
        #expect(run.fold.instance("on_exit")?.tryNumber == 2)
        try run.apply(.finished(state: .success, reason: nil))
        Recount.check(run.fold)
    }

    @Test("a hook can't end before it started, nor be mapped")
    func hookRules() throws {
        var run = try TestRun.started([task("a")], hooks: [.onExit: task("x")])
        let finished = TaskFinished(instance: "on_exit", tryNumber: 1, state: .success)
        expectRefusal(&run) { try $0.apply(.taskFinished(finished)) }
        expectRefusal(&run) { try $0.start(("on_exit" as TaskID)[0]) }
        expectRefusal(&run) { try $0.apply(.xcomSet(instance: "on_exit", key: "k", value: 1)) }
        try run.run("on_exit")
        try run.apply(.xcomSet(instance: "on_exit", key: "k", value: 1))
    }

    @Test("steps of a workflow: successes stay, others are reset, tries never fall")
    func workflows() throws {
        var run = try TestRun.started(nil)
        try run.apply(.stepCompleted(StepCompleted(task: "a", tryNumber: 2, value: "x")))
        try run.finish("b", .upForRetry)
        try run.apply(
            .taskFinished(TaskFinished(instance: "b", tryNumber: 3, state: .failed, error: "e", xcoms: ["k": 1])))
        try run.start("c")
        try run.mark("d", .skipped)
        try run.crashAndResume()
        #expect(["a", "b", "c", "d"].map { run.state($0) } == [.success, .pending, .pending, .skipped])
        let instance = run.fold.instance("b")
        #expect(instance?.tryNumber == 3 && instance?.error == nil && instance?.xcoms.isEmpty == true)
        try run.apply(.stepCompleted(StepCompleted(task: "b", value: 1)))
        #expect(run.fold.instance("b")?.tryNumber == 3)
        expectRefusal(&run) { try $0.apply(.stepCompleted(StepCompleted(task: "a", value: 1))) }
        try run.apply(.finished(state: .success, reason: nil))
        #expect(run.state("c") == .cancelled)
        Recount.check(run.fold)
    }

    @Test("a mark that was asked for is carried out once, and only if it can be")
    func requestedMarks() throws {
        let m: TaskID = "m"
        var run = try TestRun.started([task("a"), task("b"), task("m", foreach: .template("x"))])
        func ask(_ run: inout TestRun, _ id: InstanceID, _ state: TaskState) throws {
            try run.apply(.markRequested(TaskDecided(instance: id, state: state)))
        }
        try ask(&run, "z", .success)
        try ask(&run, "a", .failed)
        try ask(&run, m[0], .success)
        #expect(run.fold.requestedMarks.isEmpty)
        try ask(&run, "a", .success)
        try ask(&run, "a", .skipped)
        try ask(&run, "m", .skipped)
        try ask(&run, "b", .skipped)
        #expect(run.fold.requestedMarks.count == 4)
        try run.mark("a", .skipped)
        #expect(run.fold.requestedMarks.map(\.instance) == ["m", "b"])
        try run.expand("m", [1])
        #expect(run.fold.requestedMarks.map(\.instance) == ["b"])
        try run.crashAndResume(by: DAGDefinition(name: "d", tasks: [task("a")]))
        #expect(run.fold.requestedMarks.isEmpty)
        try ask(&run, "a", .success)
        try run.apply(.finished(state: .failed, reason: nil))
        #expect(run.fold.requestedMarks.isEmpty)
    }
}
