import Foundation
import Holdfast
import HoldfastEngine
import HoldfastTesting
import Testing

@Suite("Pipeline files")
struct PipelineFileTests {
    private func parse(_ text: String) throws -> DAGDefinition {
        try PipelineFile.parse(text, fileName: "pipeline.yaml")
    }

    private func problems(_ text: String) -> String? {
        #expect(throws: PipelineProblems.self) { try parse(text) }?.description
    }

    private func task(_ lines: String, above: String = "") throws -> TaskDefinition {
        try #require(parse("name: demo\n\(above)\ntasks:\n  a: { \(lines) }\n").tasks.first)
    }

    @Test("a file with everything becomes the definition it describes")
    func everything() throws {
        let definition = try PipelineFile.parse(
            Fixtures.bytes("pipelines/nightly-etl.yaml"), fileName: "nightly-etl.yaml")
        func task(_ id: String, _ action: TaskDefinition.Action, _ change: (inout TaskDefinition) -> Void = { _ in })
            throws -> TaskDefinition
        {
            var task = TaskDefinition(id: try TaskID(id), action: action, retries: 2, timeout: .seconds(300))
            change(&task)
            return task
        }
        let expected = DAGDefinition(
            name: try DAGID("nightly-etl"), label: "3",
            params: ["date": "2026-01-01", "region": .null, "limits": ["rows": 10]],
            env: ["TZ": "UTC", "DAY": "{{ params.date }}"], secrets: ["API_TOKEN"], maxParallel: 4,
            timeout: .seconds(3600),
            tasks: [
                try task("extract", .shell("./extract.sh \"$PARAM_DATE\" > \"$HOLDFAST_ARTIFACTS/orders.json\"")),
                try task("transform", .command(["python3", "transform.py"])) {
                    $0.needs = [TaskID(unchecked: "extract")]
                    $0.env = ["ROWS": "{{ xcom.extract.return_value }}"]
                },
                try task("shards", .shell("process \"$ITEM\"")) {
                    $0.needs = [TaskID(unchecked: "extract")]
                    $0.foreach = .items(["a", "b", "c"])
                    $0.allowFailure = true
                    $0.timeout = nil
                    $0.retries = 0
                },
                try task("files", .shell("process \"$ITEM\"")) {
                    $0.needs = [TaskID(unchecked: "extract")]
                    $0.foreach = .template("{{ xcom.extract.files }}")
                    $0.env = ["NAME": "{{ item.name }}"]
                },
                try task("notify", .shell("echo \"done $XCOM_TRANSFORM_RETURN_VALUE\"")) {
                    $0.needs = [TaskID(unchecked: "transform")]
                    $0.trigger = .allDone
                    $0.when = "{{ params.date }} != 2026-01-01"
                },
            ],
            hooks: [.onFailure: try task("on_failure", .shell("./page-me.sh")) { $0.retries = 0 }])
        #expect(definition == expected)
    }

    @Test("a definition reads back from its own JSON")
    func roundTrip() throws {
        let definition = try PipelineFile.parse(Fixtures.bytes("pipelines/nightly-etl.yaml"), fileName: "x")
        #expect(try DAGDefinition(json: JSONValue(parsing: definition.json.compactText)) == definition)
    }

    @Test("without defaults a task has the documented settings")
    func standardSettings() throws {
        let task = try task("run: echo a")
        #expect(task.retries == 0)
        #expect(task.retryDelay == .seconds(1))
        #expect(task.retryBackoff == 2)
        #expect(task.timeout == nil)
        #expect(task.trigger == .allSuccess)
        #expect(!task.allowFailure)
    }

    @Test("defaults fill what a task leaves open, and a task wins over them")
    func defaults() throws {
        let defaults =
            "defaults: { retries: 3, retry_delay: 250ms, retry_backoff: 1.5, timeout: 2h, trigger: all_done, allow_failure: true }"
        let filled = try task("run: echo a", above: defaults)
        #expect(filled.retries == 3)
        #expect(filled.retryDelay == .milliseconds(250))
        #expect(filled.retryBackoff == 1.5)
        #expect(filled.timeout == .seconds(7200))
        #expect(filled.trigger == .allDone)
        #expect(filled.allowFailure)
        let own = try task(
            "run: echo a, retries: 0, retry_delay: 0s, timeout: null, trigger: one_failed, allow_failure: false",
            above: defaults)
        #expect(own.retries == 0)
        #expect(own.retryDelay == .zero)
        #expect(own.timeout == nil)
        #expect(own.trigger == .oneFailed)
        #expect(!own.allowFailure)
    }

    @Test("hooks take defaults too, but for the trigger and allow_failure")
    func hookDefaults() throws {
        let definition = try parse(
            """
            name: demo
            defaults: { retries: 3, trigger: all_done, allow_failure: true }
            tasks: { a: { run: echo a } }
            on_exit: { command: [echo, bye], env: { LAST: "{{ xcom.a.return_value }}" } }
            """)
        let hook = try #require(definition.hooks[.onExit])
        #expect(hook.id == Hook.onExit.taskID)
        #expect(hook.retries == 3)
        #expect(hook.trigger == .allSuccess)
        #expect(!hook.allowFailure)
        #expect(hook.action == .command(["echo", "bye"]))
    }

    // MARK: - YAML

    @Test(
        "plain scalars follow the core schema of YAML 1.2",
        arguments: [
            ("yes", "yes"), ("no", "no"), ("on", "on"), ("off", "off"), ("y", "y"), ("true", true), ("False", false),
            ("tRue", "tRue"), ("null", .null), ("~", .null), ("", .null), ("NULL", .null), (".null", ".null"),
            ("12", 12),
            ("-12", -12), ("+12", 12), ("007", 7), ("0x1F", 31), ("0o17", 15), ("017", 17), ("0b11", "0b11"),
            ("1_000", "1_000"), ("12:30:45", "12:30:45"), ("2026-01-01", "2026-01-01"), ("1.5", 1.5), ("-.5", -0.5),
            ("1.", 1.0), ("1e3", 1000.0), ("1.e3", 1000.0), ("1e", "1e"), (".", "."), ("1.2.3", "1.2.3"),
            ("+-1", "+-1"), ("0x", "0x"), ("-0x1F", "-0x1F"), ("9223372036854775807", 9_223_372_036_854_775_807),
            ("'12'", "12"), ("\"true\"", "true"), ("'null'", "null"), ("!!str 12", "12"), ("!!float 1", 1.0),
            ("! 12", "12"), ("!!int \"12\"", 12), ("=", "="), ("[1, [a], { b: no }]", [1, ["a"], ["b": "no"]]),
        ] as [(String, JSONValue)])
    func coreSchema(_ written: String, _ value: JSONValue) throws {
        let definition = try parse("name: demo\nparams:\n  x: \(written)\ntasks: { a: { run: echo } }\n")
        #expect(definition.params["x"] == value)
    }

    @Test("numbers and booleans in env, command and version keep the text they were written as")
    func scalarsAsText() throws {
        let definition = try parse(
            """
            name: 2026
            version: 1.10
            env: { A: 007, B: yes, C: true, D: 1.50, E: 0x1F, F: "" }
            tasks: { 1: { command: [sleep, 0.10, true] }, 2: { run: true, needs: [1] } }
            """)
        #expect(definition.name.rawValue == "2026")
        #expect(definition.label == "1.10")
        #expect(definition.env == ["A": "007", "B": "yes", "C": "true", "D": "1.50", "E": "0x1F", "F": ""])
        #expect(definition.tasks[0].action == .command(["sleep", "0.10", "true"]))
        #expect(definition.tasks[1].action == .shell("true"))
        #expect(definition.tasks[1].needs.map(\.rawValue) == ["1"])
    }

    @Test("anchors, aliases and merge keys work; what is written wins over what is merged")
    func aliases() throws {
        let definition = try parse(
            """
            name: demo
            params: { list: &list [1, 2], copy: *list }
            tasks:
              a: &base
                run: &script |
                  echo one
                  echo two
                retries: 1
                env: &env { A: x, B: y }
              b:
                <<: *base
                retries: 2
              c:
                <<: [{ retries: 5 }, *base, { timeout: 1s }]
                run: *script
                env: { <<: *env, B: z, C: "*env" }
            """)
        #expect(definition.params["copy"] == [1, 2])
        #expect(definition.tasks.map(\.retries) == [1, 2, 5])
        #expect(definition.tasks.allSatisfy { $0.action == .shell("echo one\necho two\n") })
        #expect(definition.tasks[1].env == ["A": "x", "B": "y"])
        #expect(definition.tasks[2].env == ["A": "x", "B": "z", "C": "*env"])
        #expect(definition.tasks[2].timeout == .seconds(1))
    }

    @Test("stars and ampersands in scripts are nothing but text")
    func stars() throws {
        let script = "ls *foo a*b *.txt && case $x in *a) echo '*b';; esac & wait 2>&1 # *c"
        let definition = try parse(
            "name: demo\ntasks:\n  a:\n    run: |\n      \(script)\n  b:\n    run: ls *x \"*y\" &\n")
        #expect(definition.tasks[0].action == .shell(script + "\n"))
        #expect(definition.tasks[1].action == .shell("ls *x \"*y\" &"))
    }

    @Test("characters for private use are left alone")
    func privateCharacters() throws {
        let text = "\u{F0000}\u{F0001} *a \u{E000}"
        let definition = try parse("name: demo\ntasks:\n  a: { run: \"\(text)\" }\n")
        #expect(definition.tasks[0].action == .shell(text))
    }

    @Test("a byte order mark and CRLF are taken as they come")
    func windowsFile() throws {
        let text = "\u{FEFF}name: demo\r\ntasks:\r\n  a:\r\n    run: |\r\n      echo a\r\n      echo b\r\n"
        #expect(try parse(text).tasks[0].action == .shell("echo a\necho b\n"))
    }

    @Test("braces of other tools pass through run, command and env")
    func foreignBraces() throws {
        let task = try task(
            "run: 'docker ps --format \"{{.Names}} {{ json . }} {{items}} {{ runner.os }}\"', env: { F: '{{.ID}} {{ x }} {{' }"
        )
        #expect(task.action == .shell("docker ps --format \"{{.Names}} {{ json . }} {{items}} {{ runner.os }}\""))
        #expect(task.env == ["F": "{{.ID}} {{ x }} {{"])
    }

    // MARK: - Limits

    @Test("a file of 4 MiB is read, one byte more is refused")
    func sizeLimit() throws {
        let start = "name: demo\ntasks: { a: { run: echo a } }\n#"
        let full = start + String(repeating: "x", count: PipelineFile.maximumSize - start.utf8.count)
        #expect(try parse(full).tasks.count == 1)
        #expect(
            problems(full + "x")
                == "pipeline.yaml:1:1: the file has 4194305 bytes; a pipeline file may have 4 MiB (4194304 bytes)")
    }

    @Test("a script longer than the kernel takes is refused")
    func scriptLimit() throws {
        let script = String(repeating: "x", count: PipelineFile.maximumArgument)
        #expect(try task("run: \(script)").action == .shell(script))
        #expect(
            problems("name: demo\ntasks: { a: { run: x\(script) } }")
                == "pipeline.yaml:2:20: \"run\" has 131072 bytes, the limit is 131071; put the script into a file")
    }

    @Test("a chain of 10,000 tasks is read, and a circle of as many is shown")
    func longChain() throws {
        let count = 10_000
        func text(first: String) -> String {
            var text = "name: demo\ntasks:\n  t0: { run: echo\(first) }\n"
            for index in 1..<count { text += "  t\(index): { needs: [t\(index - 1)], run: echo }\n" }
            return text
        }
        #expect(try parse(text(first: "")).tasks.count == count)
        let shown = problems(text(first: ", needs: [t\(count - 1)]"))
        #expect(shown?.contains("in a circle: t0 → t9999 → t9998") == true)
        #expect(shown?.split(separator: "\n").count == 1)
    }

    @Test("no change of a few bytes makes reading crash or hang")
    func mutations() throws {
        let original = try Fixtures.bytes("pipelines/nightly-etl.yaml")
        let alphabet = Array("\0\t\n \"'#%&*-.:<>?@[]`{}|~0aé".utf8)
        var random = SeededGenerator(seed: 20260101)
        for _ in 0..<300 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let index = Int.random(in: bytes.indices, using: &random)
                let byte = alphabet.randomElement(using: &random) ?? 0
                if Bool.random(using: &random) { bytes[index] = byte } else { bytes.insert(byte, at: index) }
            }
            do {
                let definition = try PipelineFile.parse(bytes, fileName: "x")
                #expect(!definition.tasks.isEmpty)
            } catch {
                #expect(error.problems.allSatisfy { $0.line >= 1 && $0.column >= 1 && !$0.message.isEmpty })
            }
        }
    }

    // MARK: - Version

    @Test("the version does not change with comments, the order of keys, quotes or spelled-out defaults")
    func stableVersion() throws {
        let first = try parse(
            """
            name: demo
            env: { A: x, B: y }
            tasks:
              a: { run: echo a, retries: 1 }
              b: { needs: [a], run: echo b }
            """)
        let second = try parse(
            """
            # A comment.
            tasks:
              b:
                run: "echo b"   # another
                retries: 0
                needs:
                - a
              a:
                retries: 1
                run: echo a
            env:
              B: 'y'
              A: x
            working_dir: .
            name: demo
            """)
        #expect(first.version == second.version)
    }

    @Test(
        "the version changes with the meaning",
        arguments: ["run: echo b", "run: echo a, retries: 1", "run: echo a, env: { A: b }", "command: [echo, a]"])
    func changedVersion(_ lines: String) throws {
        let before = try parse("name: demo\ntasks: { a: { run: echo a } }")
        let after = try parse("name: demo\ntasks: { a: { \(lines) } }")
        #expect(before.version != after.version)
    }
}
