import Holdfast
import HoldfastEngine
import Testing

@Suite("Parameters")
struct ParameterTests {
    private let definition = DAGDefinition(
        name: DAGID(unchecked: "demo"),
        params: ["text": "a", "number": 1, "flag": false, "list": [1], "required": .null], tasks: [])

    @Test("what is given replaces the defaults")
    func given() throws {
        let values = try definition.resolveParams(given: [("required", "x"), ("text", "b")])
        #expect(values == ["text": "b", "number": 1, "flag": false, "list": [1], "required": "x"])
    }

    @Test(
        "a text is read by the type of its default",
        arguments: [
            ("text", "5", "5"), ("text", "true", "true"), ("text", "", ""), ("number", "5", 5), ("number", "5.50", 5.5),
            ("number", "five", "five"), ("flag", "true", true), ("list", "[1, \"a\"]", [1, "a"]),
            ("list", "{\"a\": 1}", ["a": 1]),
            ("list", "[1", "[1"), ("required", "5", 5), ("required", "007", "007"), ("required", "1.10", "1.10"),
            ("required", "1e3", "1e3"), ("required", "2.5", 2.5), ("required", "2026-01-01", "2026-01-01"),
            ("required", "", ""), ("required", "a=b", "a=b"), ("required", "\"5\"", "5"), ("required", "[1]", [1]),
        ] as [(String, String, JSONValue)])
    func types(_ name: String, _ text: String, _ value: JSONValue) throws {
        let given = name == "required" ? [(name, text)] : [(name, text), ("required", "x")]
        #expect(try definition.resolveParams(given: given)[name] == value)
    }

    @Test("every unknown, repeated and missing parameter is named at once")
    func problems() {
        let error = #expect(throws: ParameterProblems.self) {
            try definition.resolveParams(given: [("txt", "1"), ("number", "1"), ("number", "2"), ("unlike", "3")])
        }
        #expect(
            error?.messages == [
                "unknown parameter \"txt\"; did you mean \"text\"?",
                "parameter \"number\" is given twice; give it once",
                "unknown parameter \"unlike\"; demo has flag, list, number, required, text",
                "parameter \"required\" is required; give it with --param required=VALUE",
            ])
    }

    @Test("null is no value for a required parameter")
    func null() {
        #expect(throws: ParameterProblems.self) { try definition.resolveParams(given: [("required", "null")]) }
    }

    @Test("a run that goes on keeps what was recorded, unless it is given anew or gone")
    func recorded() throws {
        let recorded: [String: JSONValue] = ["text": "old", "required": 3, "gone": 1]
        let values = try definition.resolveParams(given: [("text", "new")], recorded: recorded)
        #expect(values == ["text": "new", "number": 1, "flag": false, "list": [1], "required": 3])
    }

    @Test("a pipeline without parameters says so")
    func none() {
        let bare = DAGDefinition(name: DAGID(unchecked: "bare"), tasks: [])
        let error = #expect(throws: ParameterProblems.self) { try bare.resolveParams(given: [("a", "1")]) }
        #expect(error?.description == "unknown parameter \"a\"; bare has no parameters")
    }
}

@Suite("Spelling and durations")
struct SpellingTests {
    @Test(
        "the nearest name is found",
        arguments: [
            ("neeeds", "needs"), ("nedes", "needs"), ("NEEDS", "needs"), ("retrys", "retries"), ("rn", "run"),
            ("rnu", "run"),
            ("max_paralel", "max_parallel"),
        ])
    func near(_ name: String, _ meant: String) {
        #expect(Spelling.nearest(to: name, in: ["run", "needs", "retries", "max_parallel", "when"]) == meant)
    }

    @Test("what is too far from all names is not guessed", arguments: ["", "x", "colour", "sun_and_moon", "cmd"])
    func far(_ name: String) {
        #expect(Spelling.nearest(to: name, in: ["run", "needs", "retries", "max_parallel", "when"]) == nil)
    }

    @Test(
        "durations are written and read in the largest whole unit",
        arguments: [
            ("250ms", 250), ("10s", 10_000), ("5m", 300_000), ("2h", 7_200_000), ("1d", 86_400_000), ("90s", 90_000),
            ("0ms", 0),
        ])
    func durations(_ text: String, _ milliseconds: Int) {
        #expect(Duration(pipelineText: text) == .milliseconds(milliseconds))
        #expect(Duration.milliseconds(milliseconds).pipelineText == text)
    }

    @Test(
        "anything else is no duration",
        arguments: ["", "5", "s", "-5s", "1.5h", "5 s", "5S", "1h30m", "99999999999999999999s", "36501d", "٥s", " 5s"])
    func notDurations(_ text: String) {
        #expect(Duration(pipelineText: text) == nil)
    }
}
