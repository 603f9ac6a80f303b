import Foundation
import Holdfast
import HoldfastEngine
import HoldfastMemory
import Testing

@Suite("Results of tasks are taken from the cache")
struct CacheTests {
    static let cached = """
        name: cached
        params: { date: "2026-01-01" }
        tasks:
          work:
            cache: { key: [v1, "{{ params.date }}"], ttl: 7d }
            run: |
              echo ran >> order
              echo key=value >> "$HOLDFAST_OUTPUT"
              mkdir "$HOLDFAST_ARTIFACTS/sub"; echo report > "$HOLDFAST_ARTIFACTS/sub/report.txt"
              echo "[1, 2]"
          after: { needs: [work], run: 'echo "got $XCOM_WORK_RETURN_VALUE $XCOM_WORK_KEY" >> order' }
        """

    private func finished(_ run: RunID, _ task: String, in harness: EngineHarness) async throws -> TaskFinished {
        let events = try await harness.store.events(of: .run(run))
        let found = events.compactMap { event in
            if case .taskFinished(let finished) = event.payload { finished } else { nil }
        }
        return try #require(found.last { $0.instance.task.rawValue == task })
    }

    @Test("on a hit a task is not run: its values and artifacts are there, and an event says where from")
    func hit() async throws {
        try await withHarness { harness in
            let first = try await harness.run(Self.cached)
            let second = try await harness.run(Self.cached)
            #expect(first.state == .success && second.state == .success)
            #expect(try harness.lines(of: "order") == ["ran", "got [1,2] value", "got [1,2] value"])
            #expect(second.value("work") == [1, 2] && second.value("work", "key") == "value")
            let (original, copy) = (
                try await finished(first.id, "work", in: harness), try await finished(second.id, "work", in: harness)
            )
            #expect(original.cachedAs == nil && copy.cachedAs != nil)
            #expect(copy.state == .success && copy.xcoms == original.xcoms && copy.artifacts == original.artifacts)
            let key = ArtifactKey(unchecked: "work/sub/report.txt")
            #expect(try await harness.store.artifacts.get(second.id, key) == Array("report\n".utf8))
            #expect(second.instance(InstanceID(TaskID(unchecked: "work")))?.cachedAs == copy.cachedAs)
            // A hit needs a process no more than a folder.
            #expect(second.instance(InstanceID(TaskID(unchecked: "work")))?.exitCode == nil)
            let statistics = try await harness.store.cache.statistics()
            #expect(statistics.entries == 1 && statistics.hits == 1)
        }
    }

    @Test("another key, another script, another item or an expired result is a miss")
    func misses() async throws {
        try await withHarness { harness in
            func run(_ key: String, _ script: String = "echo ran >> order") async throws {
                let fold = try await harness.run(
                    "name: m\ntasks: { work: { cache: { key: [\"\(key)\"] }, run: '\(script)' } }")
                #expect(fold.state == .success)
            }
            try await run("a")
            try await run("b")
            try await run("a", "echo other >> order")
            try await run("a")
            #expect(try harness.lines(of: "order") == ["ran", "ran", "other"])
            let mapped = """
                name: mapped
                tasks:
                  work: { foreach: [x, y, x], cache: { key: [k] }, run: 'echo "$ITEM" >> items; echo "$ITEM$ITEM"' }
                max_parallel: 1
                """
            #expect(try await harness.run(mapped).value("work", "return_value", 2) == "xx")
            #expect(try harness.lines(of: "items") == ["x", "y"])
            let again = try await harness.run(mapped.replacingOccurrences(of: "[x, y, x]", with: "[y, z]"))
            #expect(again.value("work", "return_value", 0) == "yy" && again.value("work", "return_value", 1) == "zz")
            #expect(try harness.lines(of: "items") == ["x", "y", "z"])
        }
    }

    @Test("a failed task is not kept, and a key that can't be rendered fails the task with its name")
    func failures() async throws {
        try await withHarness { harness in
            let failing = "name: f\ntasks: { work: { cache: { key: [k] }, run: 'echo x >> order; test -e go' } }"
            #expect(try await harness.run(failing).state == .failed)
            harness.touch("go")
            #expect(try await harness.run(failing).state == .success)
            #expect(try await harness.run(failing).state == .success)
            #expect(try harness.lines(of: "order").count == 2)
            let missing = """
                name: g
                tasks:
                  a: { run: "true" }
                  work: { needs: [a], cache: { key: ["{{ xcom.a.none }}"] }, run: "true" }
                """
            let fold = try await harness.run(missing)
            let error = try #require(fold.instance(InstanceID(TaskID(unchecked: "work")))?.error)
            #expect(error.contains("cache key of work") && error.contains("xcom.a.none"))
        }
    }

    @Test("a cached result whose artifacts are gone is worked out again")
    func artifactsGone() async throws {
        try await withHarness { harness in
            let first = try await harness.run(Self.cached)
            try await harness.store.runs.delete(first.id)
            _ = try await harness.store.maintain(MaintenanceRequest(collectBlobsOlderThan: .zero))
            let second = try await harness.run(Self.cached)
            #expect(second.state == .success)
            #expect(try harness.lines(of: "order").count { $0 == "ran" } == 2)
            #expect(try await finished(second.id, "work", in: harness).cachedAs == nil)
        }
    }

    @Test("a run that was killed between the hit and its checkpoint goes on with the hit")
    func killedBetween() async throws {
        try await withHarness { harness in
            _ = try await harness.run(Self.cached)
            // As a worker leaves it that dies after it recorded the start and before the checkpoint.
            let run = try await harness.create(Self.cached)
            var owned = try await OwnedRun.claim(
                run, store: harness.store, worker: harness.engine.configuration.worker)
            try owned.stage(.started)
            try owned.stage(
                .taskStarted(
                    TaskStarted(
                        instance: InstanceID(TaskID(unchecked: "work")), tryNumber: 1,
                        tryToken: RandomIDGenerator().token())))
            try await owned.commit(releasing: true)
            let fold = try await harness.other().engine.resume(run)
            #expect(fold.state == .success && fold.resumeCount == 1)
            let finished = try await finished(run, "work", in: harness)
            #expect(finished.cachedAs != nil && finished.tryNumber == 2)
            #expect(try harness.lines(of: "order").count { $0 == "ran" } == 1)
            // A finished hit is not asked for again, by whatever resumes the run.
            #expect(try await harness.other("worker-3").engine.resume(run).resumeCount == 1)
        }
    }

    @Test("what an interrupted run has worked out is there for other runs")
    func interrupted() async throws {
        try await withHarness { harness in
            let slow = """
                name: slow
                tasks:
                  work: { cache: { key: [k] }, run: "echo ran >> order; echo 7" }
                  wait: { needs: [work], run: "echo waits >> order; test -e go || sleep 60" }
                """
            let run = try await harness.create(slow)
            async let executing = harness.engine.execute(run)
            try await harness.untilLines(2, in: "order")
            await harness.engine.interrupt(reason: "test")
            _ = try await executing
            harness.touch("go")
            let other = try await harness.other().run(slow)
            #expect(other.state == .success && other.value("work") == 7)
            #expect(try harness.lines(of: "order").count { $0 == "ran" } == 1)
        }
    }
}
