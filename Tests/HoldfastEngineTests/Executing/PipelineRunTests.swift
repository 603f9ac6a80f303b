import Foundation
import Holdfast
import HoldfastEngine
import Testing

@Suite("Pipelines run")
struct PipelineRunTests {
    @Test("tasks run in order, and XComs reach the environment and templates of later ones")
    func xcomsFlow() async throws {
        try await withHarness { harness in
            let fold = try await harness.run(
                """
                name: flow
                params: { who: world }
                tasks:
                  extract:
                    run: |
                      echo noise
                      echo "rows=3" >> "$HOLDFAST_OUTPUT"
                      echo '{"id": 7, "name": "a b"}'
                  load:
                    needs: [extract]
                    env: { ID: "{{ xcom.extract.return_value.id }}" }
                    run: echo "$PARAM_WHO $ID $XCOM_EXTRACT_ROWS"
                """)
            #expect(fold.state == .success)
            #expect(fold.value("extract") == ["id": 7, "name": "a b"])
            #expect(fold.value("load") == "world 7 3")
            #expect(fold.state("load") == .success)
        }
    }

    @Test("a task finds the variables that the documentation promises")
    func variables() async throws {
        try await withHarness { harness in
            let fold = try await harness.run(
                """
                name: vars
                tasks:
                  one:
                    run: echo "$HOLDFAST_RUN_ID|$HOLDFAST_TASK_ID|$HOLDFAST_TRY|$HOLDFAST_STORE|${HOLDFAST_MAP_INDEX-none}|${#HOLDFAST_IDEMPOTENCY_KEY}"
                  many:
                    foreach: [x, y]
                    run: echo "$HOLDFAST_MAP_INDEX $ITEM"
                """)
            #expect(fold.value("one") == .string("\(fold.id)|one|1|memory:|none|32"))
            #expect(fold.value("many", "return_value", 1) == "1 y")
        }
    }

    @Test("a failed task fails the run, its dependants are upstream_failed, the rest runs")
    func failure() async throws {
        try await withHarness { harness in
            let fold = try await harness.run(
                """
                name: fails
                tasks:
                  bad: { run: "echo some words >&2; exit 3" }
                  after: { needs: [bad], run: "true" }
                  beside: { run: "true" }
                  always: { needs: [bad], trigger: all_done, run: "true" }
                """)
            #expect(fold.state == .failed)
            #expect(fold.state("after") == .upstreamFailed)
            #expect(fold.state("beside") == .success)
            #expect(fold.state("always") == .success)
            #expect(fold.instance(InstanceID(TaskID(unchecked: "bad")))?.exitCode == 3)
            #expect(fold.failureReason == "task bad failed: exit code 3: some words")
        }
    }

    @Test("a failing try is repeated, under the same idempotency key, until it succeeds")
    func retries() async throws {
        try await withHarness { harness in
            let fold = try await harness.run(
                """
                name: retries
                tasks:
                  flaky:
                    retries: 3
                    retry_delay: 10ms
                    run: |
                      echo "$HOLDFAST_TRY $HOLDFAST_IDEMPOTENCY_KEY" >> tries
                      test "$HOLDFAST_TRY" = 3
                """)
            #expect(fold.state == .success)
            #expect(fold.retryCount == 2)
            let tries = try harness.lines(of: "tries")
            #expect(tries.map { $0.prefix(1) } == ["1", "2", "3"])
            #expect(Set(tries.map { $0.dropFirst(2) }).count == 1)
        }
    }

    @Test("retries end: the instance has failed after 1 + retries tries")
    func retriesEnd() async throws {
        try await withHarness { harness in
            let fold = try await harness.run(
                "{name: d, tasks: {t: {retries: 2, retry_delay: 1ms, run: 'echo x >> tries; exit 1'}}}")
            #expect(fold.state == .failed)
            #expect(try harness.lines(of: "tries").count == 3)
        }
    }

    @Test("foreach over a list that a task made, gathered in index order")
    func foreach() async throws {
        try await withHarness { harness in
            let fold = try await harness.run(
                """
                name: mapped
                tasks:
                  list: { run: "echo '[3, 1, 2]'" }
                  each: { needs: [list], foreach: "{{ xcom.list.return_value }}", run: 'echo "$((ITEM * 10))"' }
                  sum:
                    needs: [each]
                    run: echo "$XCOM_EACH_RETURN_VALUE"
                """)
            #expect(fold.state == .success)
            #expect(fold.value("sum") == [30, 10, 20])
        }
    }

    @Test("an empty foreach succeeds with no instances")
    func emptyForeach() async throws {
        try await withHarness { harness in
            let fold = try await harness.run(
                """
                name: empty
                tasks:
                  list: { run: "echo '[]'" }
                  each: { needs: [list], foreach: "{{ xcom.list.return_value }}", run: "false" }
                  after: { needs: [each], run: 'echo "got $XCOM_EACH_RETURN_VALUE"' }
                """)
            #expect(fold.state == .success)
            #expect(fold.taskCounts == [.success: 2])
        }
    }

    @Test("a false `when` skips the task, and what needs its success")
    func when() async throws {
        try await withHarness { harness in
            let fold = try await harness.run(
                """
                name: when
                params: { day: monday }
                tasks:
                  no: { when: "{{ params.day }} == sunday", run: "false" }
                  after: { needs: [no], run: "false" }
                  fine: { needs: [no], trigger: none_failed, run: "true" }
                """)
            #expect(fold.state == .success)
            #expect(fold.state("no") == .skipped)
            #expect(fold.state("after") == .skipped)
            #expect(fold.state("fine") == .success)
        }
    }

    @Test("a task that is skipped says which of the tasks it needs did not do what")
    func reasonsToSkip() async throws {
        try await withHarness { harness in
            let fold = try await harness.run(
                """
                name: t
                tasks:
                  done: { run: "true" }
                  no: { when: "false", run: "true" }
                  all: { needs: [no], run: "true" }
                  failed: { needs: [done], trigger: one_failed, run: "true" }
                  success: { needs: [no], trigger: one_success, run: "true" }
                """)
            let reasons = ["all", "failed", "success"].map {
                fold.instance(InstanceID(TaskID(unchecked: $0)))?.error
            }
            #expect(
                reasons == ["skipped with a task it needs", "no task it needs failed", "no task it needs succeeded"])
        }
    }

    @Test("a template that finds nothing fails its task, saying what is missing")
    func missingValue() async throws {
        try await withHarness { harness in
            let fold = try await harness.run(
                """
                name: missing
                tasks:
                  a: { run: "true" }
                  b: { needs: [a], foreach: "{{ xcom.a.files }}", run: "true" }
                  c: { needs: [a], env: { X: "{{ xcom.a.other }}" }, run: "true" }
                """)
            #expect(fold.state == .failed)
            #expect(fold.instance(InstanceID(TaskID(unchecked: "b")))?.error?.contains("xcom.a.files") == true)
            #expect(fold.instance(InstanceID(TaskID(unchecked: "c")))?.error?.contains("xcom.a.other") == true)
        }
    }

    @Test("files left in the artifact folder become artifacts, byte for byte")
    func artifacts() async throws {
        try await withHarness { harness in
            let fold = try await harness.run(
                """
                name: artifacts
                tasks:
                  a: { run: 'mkdir "$HOLDFAST_ARTIFACTS/sub"; printf "1,2" > "$HOLDFAST_ARTIFACTS/sub/x.csv"' }
                """)
            let key = try ArtifactKey("a/sub/x.csv")
            let artifact = try #require(fold.artifacts[key])
            #expect(artifact.size == 3)
            #expect(artifact.mediaType == "text/csv")
            #expect(try await harness.store.readBlob(artifact.digest) == Array("1,2".utf8))
        }
    }

    @Test("values over 1 KiB are loaded when a template or an environment needs them")
    func largeValues() async throws {
        try await withHarness { harness in
            let fold = try await harness.run(
                """
                name: large
                tasks:
                  list: { run: 'printf "["; for i in $(seq 1 999); do printf "%s," $i; done; echo "1000]"' }
                  each: { needs: [list], foreach: "{{ xcom.list.return_value }}", when: "{{ item }} > 998", run: "true" }
                  size: { needs: [list], run: 'echo "${#XCOM_LIST_RETURN_VALUE}"' }
                """)
            #expect(fold.state == .success)
            #expect(fold.taskCounts == [.success: 4, .skipped: 998])
            #expect(fold.value("list") == nil)
            #expect(fold.value("size") == 3894)
        }
    }

    @Test("the timeout of a task ends its process group")
    func taskTimeout() async throws {
        try await withHarness { harness in
            let fold = try await harness.run("{name: t, tasks: {a: {timeout: 100ms, run: 'sleep 60 & sleep 60'}}}")
            #expect(fold.state == .failed)
            #expect(
                fold.instance(InstanceID(TaskID(unchecked: "a")))?.error?.hasPrefix("timed out after 100ms") == true)
        }
    }

    @Test("the timeout of the run cancels what is open and runs on_failure and on_exit")
    func runTimeout() async throws {
        try await withHarness { harness in
            let fold = try await harness.run(
                """
                name: t
                timeout: 200ms
                tasks:
                  a: { run: "sleep 60" }
                  b: { needs: [a], run: "true" }
                on_failure: { run: 'echo "failure $HOLDFAST_RUN_STATE" >> hooks' }
                on_exit: { run: "echo exit >> hooks" }
                """)
            #expect(fold.state == .failed)
            #expect(fold.state("a") == .cancelled)
            #expect(fold.state("b") == .cancelled)
            #expect(fold.failureReason?.contains("timeout") == true)
            #expect(try harness.lines(of: "hooks").map { $0.prefix(4) } == ["fail", "exit"])
        }
    }

    @Test("hooks run after the tasks and are recorded as tasks of the run")
    func hooks() async throws {
        try await withHarness { harness in
            let fold = try await harness.run(
                """
                name: hooks
                tasks: { a: { run: "echo a >> order" } }
                on_success: { run: "echo success >> order" }
                on_failure: { run: "echo failure >> order" }
                on_exit: { run: "echo exit >> order" }
                """)
            #expect(try harness.lines(of: "order") == ["a", "success", "exit"])
            #expect(fold.state("on_success") == .success)
            #expect(fold.state("on_failure") == nil)
        }
    }

    @Test("max_parallel bounds how many run at once")
    func maxParallel() async throws {
        try await withHarness { harness in
            let fold = try await harness.run(
                """
                name: bounded
                max_parallel: 1
                tasks:
                  each:
                    foreach: [1, 2, 3, 4, 5]
                    run: "mkdir lock; sleep 0.02; rmdir lock"
                """)
            #expect(fold.state == .success)
        }
    }

    @Test("secrets reach the task and no record")
    func secrets() async throws {
        setenv("ENGINE_TEST_SECRET", "hunter22", 1)
        try await withHarness { harness in
            let fold = try await harness.run(
                """
                name: secret
                secrets: [ENGINE_TEST_SECRET]
                tasks:
                  good: { run: 'echo "token=$ENGINE_TEST_SECRET" >> "$HOLDFAST_OUTPUT"; echo "it is $ENGINE_TEST_SECRET"' }
                  bad: { run: 'echo "oh $ENGINE_TEST_SECRET" >&2; exit 1' }
                """)
            #expect(fold.value("good") == "it is ***")
            #expect(fold.value("good", "token") == "***")
            #expect(fold.instance(InstanceID(TaskID(unchecked: "bad")))?.error == "exit code 1: oh ***")
            let log = try String(contentsOfFile: harness.file("logs/\(fold.id)/good/1.log"), encoding: .utf8)
            #expect(log == "it is ***\n")
        }
    }
}
