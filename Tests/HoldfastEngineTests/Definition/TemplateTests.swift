import Holdfast
import HoldfastEngine
import Testing

/// What the tests of templates and conditions share.
enum Sample {
    static let names = TemplateNames(
        tasks: ["extract", "a", "a.b", "a.b.c", "load-all", "big"],
        params: ["date", "n", "list", "flag", "nothing", "x.y", "x"])

    static let context = TemplateContext(
        params: [
            "date": "2026-01-01", "n": 7, "list": [1, 2], "flag": true, "nothing": .null, "x.y": "dotted",
            "x": ["y": "member"],
        ],
        runID: RunID(unchecked: "nightly-7"), logicalDate: Timestamp(milliseconds: 0), tryNumber: 3,
        item: ["name": "one", "odd key": 5]
    ) { task, key in
        switch (task.rawValue, key) {
        case ("extract", "return_value"): .value(["rows": [["id": 5], ["id": "six"]], "0": "zero", "q\"": 1])
        case ("extract", "files"): .value(["a.csv", "b.csv"])
        case ("a", "b"): .value("a then b")
        case ("a.b", "k"): .value("a.b then k")
        case ("a.b.c", "k"): .value("a.b.c then k")
        case ("load-all", "return_value"): .value("loaded")
        case ("big", _): .notLoaded
        default: .missing
        }
    }

    static func template(_ text: String) throws -> Template { try Template(parsing: text, names: names) }
}

@Suite("Templates")
struct TemplateTests {
    @Test(
        "a text is rendered: strings raw, all else as JSON",
        arguments: [
            ("plain", "plain"), ("", ""), ("{{ params.date }}", "2026-01-01"), ("{{params.n}}", "7"),
            ("<{{ params.date }}|{{ params.n }}>", "<2026-01-01|7>"), ("{{ params.list }}", "[1,2]"),
            ("{{ params.flag }}", "true"), ("{{ params.nothing }}", "null"), ("{{ params.list[1] }}", "2"),
            ("{{ run.id }}", "nightly-7"), ("{{ run.logical_date }}", "1970-01-01T00:00:00.000Z"),
            ("{{ task.try }}", "3"),
            ("{{ item }}", "{\"name\":\"one\",\"odd key\":5}"), ("{{ item.name }}", "one"),
            ("{{ item[\"odd key\"] }}", "5"),
            ("{{ xcom.extract.return_value.rows[0].id }}", "5"),
            ("{{ xcom.extract.return_value.rows[1]['id'] }}", "six"),
            ("{{ xcom.extract.return_value[\"0\"] }}", "zero"), ("{{ xcom.extract.return_value.0 }}", "zero"),
            ("{{ xcom.extract.return_value[\"q\\\"\"] }}", "1"), ("{{ xcom[\"extract\"][\"files\"][0] }}", "a.csv"),
            ("{{ xcom.load-all.return_value }}", "loaded"), ("{{\n\tparams.n\n}}", "7"),
            ("{{ .Names }} {{ other }} {{", "{{ .Names }} {{ other }} {{"), ("{{{ params.n }}}", "{{{ params.n }}}"),
            ("{ {{ params.n }} }", "{ 7 }"), ("é{{ params.n }}🎉", "é7🎉"),
        ])
    func rendered(_ text: String, _ result: String) throws {
        #expect(try Sample.template(text).render(in: Sample.context) == result)
    }

    @Test(
        "where ids hold dots, the longest known id is meant, and a quoted one is taken whole",
        arguments: [
            ("{{ xcom.a.b }}", "a then b"), ("{{ xcom[\"a\"].b }}", "a then b"),
            ("{{ xcom.a.b.k }}", "a.b then k"),
            ("{{ xcom.a.b.c.k }}", "a.b.c then k"), ("{{ params.x.y }}", "dotted"), ("{{ params[\"x\"].y }}", "member"),
        ])
    func longestMatch(_ text: String, _ result: String) throws {
        #expect(try Sample.template(text).render(in: Sample.context) == result)
    }

    @Test("a lone template gives the value itself, any other the text")
    func loneValue() throws {
        #expect(try Sample.template("{{ params.list }}").value(in: Sample.context) == [1, 2])
        #expect(try Sample.template(" {{ params.list }}\n").value(in: Sample.context) == [1, 2])
        #expect(try Sample.template("x{{ params.list }}").value(in: Sample.context) == "x[1,2]")
        #expect(try Sample.template("{{ params.n }}{{ params.n }}").value(in: Sample.context) == "77")
    }

    @Test("foreach takes a list and nothing else")
    func items() throws {
        #expect(try Sample.template("{{ xcom.extract.files }}").items(in: Sample.context) == ["a.csv", "b.csv"])
        #expect(throws: TemplateError.notAList(path: "params[\"x\"]", found: "a map")) {
            try Sample.template("{{ params[\"x\"] }}").items(in: Sample.context)
        }
    }

    @Test(
        "a missing path is an error that names it, but no value",
        arguments: [
            ("{{ xcom.extract.nope }}", "task \"extract\" left no \"nope\""),
            ("{{ xcom.extract.return_value.cols }}", "there is no \"cols\""),
            ("{{ xcom.extract.return_value.rows[2] }}", "[2] is looked for in a list of 2"),
            ("{{ xcom.extract.return_value.rows.id }}", "\"id\" is looked for in a list"),
            ("{{ xcom.extract.return_value.rows[0].id.x }}", "\"x\" is looked for in a number"),
            ("{{ params.date[0] }}", "[0] is looked for in text"),
        ])
    func missing(_ text: String, _ reason: String) throws {
        let error = #expect(throws: TemplateError.self) { try Sample.template(text).render(in: Sample.context) }
        #expect(error?.description == "\(text): \(reason)")
    }

    @Test("item without foreach is missing")
    func noItem() throws {
        var context = Sample.context
        context.item = nil
        #expect(throws: TemplateError.missing(path: "item.name", reason: "the task has no foreach")) {
            try Sample.template("{{ item.name }}").render(in: context)
        }
    }

    @Test("XComs that are not in memory are named, all of them")
    func notLoaded() throws {
        let big = TaskID(unchecked: "big")
        let expected = TemplateError.notLoaded([
            XComReference(task: big, key: "one"), XComReference(task: big, key: "two"),
        ])
        #expect(throws: expected) {
            try Sample.template("{{ xcom.big.one }} {{ params.n }} {{ xcom.big.two.x }}").render(in: Sample.context)
        }
    }

    @Test("a mistake is reported with its place in bytes")
    func place() throws {
        #expect(
            throws: TemplateError.invalid(
                offset: 14, reason: "{{ xcom.extrct.x }} names the unknown task \"extrct\"; did you mean \"extract\"?")
        ) { try Sample.template("éé  {{ xcom.extrct.x }}") }
    }

    @Test("templates list what they refer to")
    func references() throws {
        let template = try Sample.template("{{ xcom.extract.files[0] }} {{ run.id }}")
        let xcom = XComReference(task: TaskID(unchecked: "extract"), key: "files")
        #expect(template.references.map(\.root) == [.xcom(xcom), .runID])
        #expect(template.references.map(\.path) == [[.index(0)], []])
    }
}
