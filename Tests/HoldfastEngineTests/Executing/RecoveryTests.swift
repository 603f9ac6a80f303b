import Foundation
import Holdfast
import HoldfastEngine
import Testing

@Suite("Runs are interrupted, taken over, resumed and cancelled")
struct RecoveryTests {
    static let slow = """
        name: slow
        tasks:
          first: { run: "echo first >> order" }
          second: { needs: [first], run: 'echo "second $HOLDFAST_TRY $HOLDFAST_IDEMPOTENCY_KEY" >> order; test -e go || sleep 60' }
          third: { needs: [second], run: "echo third >> order" }
        on_exit: { run: "echo exit >> order" }
        """

    @Test("an interrupted run goes on with the task that was in flight, under the same idempotency key")
    func interruptAndResume() async throws {
        try await withHarness { harness in
            let run = try await harness.create(Self.slow)
            async let executing = harness.engine.execute(run)
            try await harness.untilLines(2, in: "order")
            await harness.engine.interrupt(reason: "SIGINT")
            let stopped = try await executing
            #expect(stopped.state == .interrupted)
            #expect(stopped.state("second") == .running)

            harness.touch("go")
            let fold = try await harness.other().engine.resume(run)
            #expect(fold.state == .success)
            #expect(fold.resumeCount == 1)
            let order = try harness.lines(of: "order")
            #expect(order.map { $0.split(separator: " ")[0] } == ["first", "second", "second", "third", "exit"])
            #expect(order[1].hasPrefix("second 1 ") && order[2].hasPrefix("second 2 "))
            #expect(order[1].dropFirst(9) == order[2].dropFirst(9))
            let events = try await harness.store.events(of: .run(run))
            let inFlight = events.compactMap { event in
                if case .resumed(let resumed) = event.payload { resumed.inFlight } else { nil }
            }
            #expect(inFlight == [[InstanceID(TaskID(unchecked: "second"))]])
        }
    }

    @Test("when the caller is cancelled, the run is left interrupted and its tasks are ended")
    func cancelledCaller() async throws {
        try await withHarness { harness in
            let run = try await harness.create(Self.slow)
            let executing = Task { try await harness.engine.execute(run) }
            try await harness.untilLines(2, in: "order")
            executing.cancel()
            let stopped = try await executing.value
            #expect(stopped.state == .interrupted)
            harness.touch("go")
            let fold = try await harness.engine.resume(run)
            #expect(fold.state == .success)
        }
    }

    @Test("a live run is not taken by another worker")
    func liveRunIsHeld() async throws {
        try await withHarness { harness in
            let run = try await harness.create(Self.slow)
            async let executing = harness.engine.execute(run)
            try await harness.untilLines(2, in: "order")
            await expectError(.leaseHeld) { _ = try await harness.other().engine.resume(run) }
            await harness.engine.interrupt(reason: "test")
            _ = try await executing
        }
    }

    @Test("a run that another worker ends just before the claim is a success to who resumes it, and cancelled no more")
    func endedBeforeTheClaim() async throws {
        try await withHarness { harness in
            let short = "name: short\ntasks: { only: { run: 'echo only >> order' } }"
            let late = { (run: RunID) in
                let store = RacedStore(harness.store) { () throws(StoreError) in
                    _ = try await harness.engine.resume(run)
                }
                return EngineHarness(folder: harness.folder, store: store, worker: "worker-2").engine
            }
            let resumed = try await harness.create(short)
            #expect(try await late(resumed).resume(resumed).state == .success)
            let cancelled = try await harness.create(short)
            #expect(try await late(cancelled).cancel(cancelled))
            #expect(try await harness.store.summary(of: .run(cancelled)).folded.state == .success)
            #expect(try harness.lines(of: "order") == ["only", "only"])
        }
    }

    @Test("a cancel from elsewhere reaches a live run within a second; on_exit still runs")
    func cancelLive() async throws {
        try await withHarness { harness in
            let run = try await harness.create(Self.slow)
            async let executing = harness.engine.execute(run)
            try await harness.untilLines(2, in: "order")
            #expect(try await harness.other().engine.cancel(run, reason: "enough") == false)
            let fold = try await executing
            #expect(fold.state == .cancelled)
            #expect(fold.state("second") == .cancelled)
            #expect(fold.state("third") == .cancelled)
            #expect(fold.failureReason == "enough")
            #expect(try harness.lines(of: "order").last == "exit")
        }
    }

    @Test("a cancel without a live worker is carried out at once; a cancelled run can be resumed")
    func cancelDead() async throws {
        try await withHarness { harness in
            let run = try await harness.create(Self.slow)
            #expect(try await harness.engine.cancel(run))
            #expect(try await harness.store.summary(of: .run(run)).folded.state == .cancelled)
            harness.touch("go")
            let fold = try await harness.engine.resume(run)
            #expect(fold.state == .success)
        }
    }

    @Test("resume runs only what is left, by the mended definition")
    func resumeMended() async throws {
        try await withHarness { harness in
            let broken = """
                name: mend
                tasks:
                  a: { run: "echo a >> order; echo 5" }
                  b: { needs: [a], run: "exit 1" }
                  c: { needs: [b], run: "echo c >> order" }
                  m: { foreach: [1, 2], run: 'echo m$ITEM >> order; test "$ITEM" = 1' }
                """
            let failed = try await harness.run(broken)
            #expect(failed.state == .failed)
            let mended = try PipelineFile.parse(
                """
                name: mend
                tasks:
                  a: { run: "echo never >> order" }
                  b: { needs: [a], run: 'echo "b $XCOM_A_RETURN_VALUE" >> order' }
                  c: { needs: [b], run: "echo c >> order" }
                  m: { foreach: [3, 1], run: "echo M$ITEM >> order" }
                """, fileName: "mended.yaml")
            let fold = try await harness.engine.resume(failed.id, definition: mended)
            #expect(fold.state == .success)
            #expect(fold.definitionVersion == mended.version)
            let order = Set(try harness.lines(of: "order"))
            #expect(order == ["a", "m1", "m2", "b 5", "c", "M3"])
            #expect(fold.instance(InstanceID(TaskID(unchecked: "m"), mapIndex: 1))?.tryNumber == 1)
        }
    }

    @Test("a success is returned as it is")
    func resumeSuccess() async throws {
        try await withHarness { harness in
            let done = try await harness.run("{name: d, tasks: {t: {run: 'echo x >> order'}}}")
            let again = try await harness.engine.resume(done.id)
            #expect(again.state == .success && again.resumeCount == 0)
            #expect(try harness.lines(of: "order").count == 1)
        }
    }

    @Test("a missing working directory or secret refuses the run and leaves it as it was")
    func missingPrecondition() async throws {
        try await withHarness { harness in
            let run = try await harness.create("{name: d, secrets: [NO_SUCH_SECRET_HERE], tasks: {t: {run: 'true'}}}")
            await expectError(.invalid) { _ = try await harness.engine.execute(run) }
            let summary = try await harness.store.summary(of: .run(run))
            #expect(summary.folded.state == .queued)
            #expect(summary.lease?.isLive == false)
        }
    }

    @Test("a mark that reaches a running task ends its process and goes on")
    func markRunning() async throws {
        try await withHarness { harness in
            let run = try await harness.create(Self.slow)
            async let executing = harness.engine.execute(run)
            try await harness.untilLines(2, in: "order")
            let mark = TaskDecided(
                instance: InstanceID(TaskID(unchecked: "second")), state: .success, reason: "by hand")
            try await harness.store.request(.markRequested(mark), of: run, at: SystemWallClock().now())
            let fold = try await executing
            #expect(fold.state == .success)
            #expect(fold.instance(mark.instance)?.isMarked == true)
            #expect(try harness.lines(of: "order").suffix(2) == ["third", "exit"])
        }
    }
}
