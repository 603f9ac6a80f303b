import Holdfast
import HoldfastEngine
import Testing

@Suite("The environment of a task")
struct EnvironmentTests {
    private static let values: [String: [String: JSONValue]] = [
        "extract": ["return_value": ["rows": 2], "odd key-é": "text"],
        "other": ["return_value": 1],
    ]

    private func context(
        params: [String: JSONValue] = [:], item: JSONValue? = nil, values: [String: [String: JSONValue]] = values
    ) -> TemplateContext {
        TemplateContext(params: params, runID: RunID(unchecked: "run-1"), tryNumber: 2, item: item) { task, key in
            values[task.rawValue]?[key].map { .value($0) } ?? .missing
        }
    }

    private func environment(
        _ file: String, task id: String, in context: TemplateContext, keys: [String: [String]] = [:]
    ) throws -> TaskEnvironment {
        let definition = try PipelineFile.parse(file, fileName: "pipeline.yaml")
        let task = try #require(definition.tasks.first { $0.id.rawValue == id })
        let templates = try TaskTemplates(task, in: definition, names: definition.templateNames)
        let keys = Dictionary(uniqueKeysWithValues: keys.map { (TaskID(unchecked: $0.key), $0.value) })
        return try TaskEnvironment(templates, xcomKeys: keys, in: context)
    }

    private let pipeline = """
        name: demo
        params: { date: "2026-01-01", max-rows: 5, list: [1] }
        env: { TZ: UTC, TRY: "try {{ task.try }} of {{ run.id }}", LEVEL: low }
        tasks:
          extract: { run: echo }
          other: { run: echo }
          load:
            needs: [extract]
            run: echo
            env: { LEVEL: high, ROWS: "{{ xcom.extract.return_value.rows }} rows" }
          each:
            foreach: [a]
            run: echo
            env: { UPPER: "<{{ item }}>" }
        """

    @Test("holds parameters, the XComs of direct needs, and env, of which the task's wins")
    func everything() throws {
        let params: [String: JSONValue] = ["date": "2026-01-01", "max-rows": 5, "list": [1]]
        let keys = ["extract": ["return_value", "odd key-é"], "other": ["return_value"]]
        let environment = try environment(pipeline, task: "load", in: context(params: params), keys: keys)
        #expect(
            environment.variables == [
                "PARAM_DATE": "2026-01-01", "PARAM_MAX_ROWS": "5", "PARAM_LIST": "[1]", "TZ": "UTC",
                "TRY": "try 2 of run-1", "LEVEL": "high", "ROWS": "2 rows", "XCOM_EXTRACT_RETURN_VALUE": "{\"rows\":2}",
                "XCOM_EXTRACT_ODD_KEY__": "text",
            ])
        #expect(environment.omissions.isEmpty)
    }

    @Test("holds the item of a foreach")
    func item() throws {
        let environment = try environment(pipeline, task: "each", in: context(item: ["k": "v"]))
        #expect(environment.variables["ITEM"] == "{\"k\":\"v\"}")
        #expect(environment.variables["UPPER"] == "<{\"k\":\"v\"}>")
    }

    @Test("leaves out what is over 32 KiB, or over 256 KiB in all, and says so")
    func limits() throws {
        // With "PARAM_A=" a variable of this length is exactly 32 KiB.
        let fitting = String(repeating: "x", count: TaskEnvironment.variableLimit - 8)
        var params: [String: JSONValue] = ["big": .string(fitting + "xxxx"), "z": "small"]
        for name in "abcdefgh" { params[String(name)] = .string(fitting) }
        let file =
            "name: demo\nparams: { a: , b: , c: , d: , e: , f: , g: , h: , big: , z: }\ntasks: { t: { run: echo } }"
        let environment = try environment(file, task: "t", in: context(params: params))
        #expect(environment.variables.keys.sorted() == "abcdefgh".map { "PARAM_\($0.uppercased())" })
        #expect(environment.omissions.map(\.reason) == [.tooLarge(32_774), .noRoom(13)])
        #expect(
            environment.omissions.map(\.description) == [
                "$PARAM_BIG has 32774 bytes, over the limit of 32768",
                "$PARAM_Z has 13 bytes, which would take the environment over 262144",
            ])
    }

    @Test("leaves out a value with a NUL, which would be cut there")
    func nul() throws {
        let values: [String: [String: JSONValue]] = ["extract": ["k": "a\0b", "return_value": ["rows": 1]]]
        let environment = try environment(pipeline, task: "load", in: context(values: values), keys: ["extract": ["k"]])
        #expect(environment.omissions.map(\.description) == ["$XCOM_EXTRACT_K holds a NUL character"])
        #expect(environment.variables["XCOM_EXTRACT_K"] == nil)
    }

    @Test("two keys that become one name are an error before the task starts")
    func clash() throws {
        let error = #expect(throws: TaskEnvironmentError.self) {
            try environment(pipeline, task: "load", in: context(), keys: ["extract": ["a-b", "a.b"]])
        }
        #expect(error == .clash("XCOM_EXTRACT_A_B", "xcom.extract.a-b", "xcom.extract.a.b"))
        #expect(
            error?.description
                == "$XCOM_EXTRACT_A_B would be filled by xcom.extract.a-b and by xcom.extract.a.b; rename one")
    }

    @Test("a template without a value is an error that names the variable")
    func missing() throws {
        let error = #expect(throws: TaskEnvironmentError.self) {
            try environment(pipeline, task: "load", in: context(values: [:]))
        }
        #expect(
            error?.description
                == "env \"ROWS\": {{ xcom.extract.return_value.rows }}: task \"extract\" left no \"return_value\"")
    }

    @Test("what is not loaded is asked for at once, each value once")
    func notLoaded() throws {
        let context = TemplateContext(params: [:], runID: RunID(unchecked: "run-1")) { _, _ in .notLoaded }
        let extract = TaskID(unchecked: "extract")
        let wanted = ["return_value", "files"].map { XComReference(task: extract, key: $0) }
        #expect(throws: TaskEnvironmentError.notLoaded(wanted)) {
            try environment(pipeline, task: "load", in: context, keys: ["extract": ["files", "return_value"]])
        }
    }

    @Test("task templates know what they need, what they yield and whether the task is wanted")
    func taskTemplates() throws {
        let definition = try PipelineFile.parse(
            """
            name: demo
            params: { n: 1 }
            tasks:
              extract: { run: echo }
              load:
                needs: [extract]
                foreach: "{{ xcom.extract.files }}"
                when: "{{ xcom.extract.count }} > {{ params.n }}"
                run: echo
                env: { A: "{{ xcom.extract.files[0] }}" }
              plain: { run: echo }
            """, fileName: "pipeline.yaml")
        let names = definition.templateNames
        let load = try TaskTemplates(definition.tasks[1], in: definition, names: names)
        #expect(load.xcoms.map(\.description) == ["xcom.extract.files", "xcom.extract.count"])
        let context = context(params: ["n": 1], values: ["extract": ["files": ["a", 2], "count": 2]])
        #expect(try load.items(in: context) == ["a", 2])
        #expect(try load.isWanted(in: context))
        let plain = try TaskTemplates(definition.tasks[2], in: definition, names: names)
        #expect(try plain.items(in: context) == nil)
        #expect(try plain.isWanted(in: context))
        #expect(plain.xcoms.isEmpty)
    }
}
