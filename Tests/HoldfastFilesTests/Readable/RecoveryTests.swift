import Foundation
import Holdfast
import HoldfastLocal
import HoldfastMemory
import HoldfastTesting
import Testing

@testable import HoldfastFiles

@Suite("Readable files come back")
struct ReadableRecoveryTests {
    let desk: Desk

    init() throws { desk = try Desk() }

    @Test("what others wrote meanwhile is shown at the next opening, and nothing else is touched")
    func goesOn() async throws {
        try await desk.session { try await $0.record("r1") }
        let untouched = try desk.inode("runs/r1/run.json")
        try await desk.quiet.record("r2")
        let store = await desk.open()
        try await eventually("the other run is shown") { try desk.lines("runs.jsonl").count == 2 }
        try await store.close()
        #expect(try desk.inode("runs/r1/run.json") == untouched)
    }

    @Test(
        "everything that is deleted",
        arguments: [
            ["runs"], ["runs.jsonl"], ["dags.json"], ["runs/r1"], [".views"], ["processes"], ["workspaces.json"],
            ["runs", "runs.jsonl", "dags.json", ".views"],
        ])
    func deleted(_ names: [String]) async throws {
        try await fill()
        let before = try desk.content()
        for name in names { try desk.remove(name) }
        let store = await desk.open()
        try await eventually("all is there again") { try desk.differences(from: before).isEmpty }
        try await store.close()
    }

    @Test("when asked to check: single files too, and what was damaged", arguments: Damage.allCases)
    func checked(_ damage: Damage) async throws {
        try await fill()
        let before = try desk.content()
        try damage.inflict(on: desk)
        let store = await desk.open(follows: false)
        #expect(await store.readable.check() == [])
        #expect(try desk.differences(from: before) == [])
        #expect(try desk.lines("runs.jsonl").count == 2)
        try await store.close()
    }

    @Test("whole after the machine was started anew", arguments: Damage.allCases)
    func otherBoot(_ damage: Damage) async throws {
        try await fill()
        let before = try desk.content()
        try damage.inflict(on: desk)
        var state = try #require(ViewState(Array(try desk.text(ViewState.path).utf8)))
        state.bootID = "another"
        try desk.write(String(decoding: state.bytes, as: UTF8.self), to: ViewState.path)
        let store = await desk.open()
        try await eventually("all is whole again") { try desk.differences(from: before).isEmpty }
        try await store.close()
    }

    private func fill() async throws {
        try await desk.session { views in
            try await views.record("r1")
            try await views.record("r2", ending: .failed)
            try await views.record("r3", ending: nil)
            let turns = ["hello", "good day"].map { ConversationTurn(role: "user", content: $0) }
            try await views.processes.add(
                ProcessRecord(
                    id: ProcessID(unchecked: "p1"), startTime: desk.clock.now(), conversationTurns: turns))
            try await views.dags.register(
                DAGDefinition(
                    name: DAGID(unchecked: "etl"),
                    tasks: [TaskDefinition(id: TaskID(unchecked: "extract"), action: .shell("true"))]))
        }
    }

    enum Damage: String, CaseIterable {
        case noPage, emptyPage, cutPage, otherPage, noEvents, tornEvent, lostEvents, hole, artifactGone, artifactChanged
        case stray, draft, tornLine, lostLine, repeatedLine, strayLine
        case noProcess, cutProcess, noTurns, tornTurn, turnHole, strayProcess

        func inflict(on desk: Desk) throws {
            let (page, events, list) = ("runs/r1/run.json", "runs/r1/events.jsonl", "runs.jsonl")
            let artifact = "runs/r1/artifacts/load/report.html"
            switch self {
            case .noPage: try desk.remove(page)
            case .emptyPage: try desk.write("", to: page)
            case .cutPage: try desk.write(String(try desk.text(page).dropLast(100)), to: page)
            case .otherPage: try desk.write(try desk.text("runs/r3/run.json"), to: page)
            case .noEvents: try desk.remove(events)
            case .tornEvent: try desk.write(try desk.text(events) + #"{"sequence":99,"ti"#, to: events)
            case .lostEvents:
                let lines = try desk.text(events).split(separator: "\n").dropLast(2)
                try desk.write(lines.joined(separator: "\n") + "\n", to: events)
            case .hole: try desk.write(try desk.text(events).replacing("claimed", with: "\0\0\0\0\0\0\0"), to: events)
            case .artifactGone: try desk.remove(artifact)
            case .artifactChanged: try desk.write("<p>4 rows</p>", to: artifact)
            case .stray:
                try FileManager.default.copyItem(atPath: desk.path("runs/r1"), toPath: desk.path("runs/r9"))
            case .draft:
                try FileManager.default.createDirectory(
                    atPath: desk.path(".views/incoming"), withIntermediateDirectories: true)
                try desk.write("{", to: ".views/incoming/1-abc")
            case .tornLine: try desk.write(try desk.text(list) + #"{"run_id":"r3","as_of":4,"#, to: list)
            case .lostLine: try desk.write(try desk.text(list).split(separator: "\n")[0] + "\n", to: list)
            case .repeatedLine: try desk.write(try desk.text(list) + desk.text(list), to: list)
            case .noProcess: try desk.remove("processes/p1.json")
            case .cutProcess: try desk.write("{\n", to: "processes/p1.json")
            case .noTurns: try desk.remove("processes/p1.turns.jsonl")
            case .tornTurn:
                try desk.write(try desk.text("processes/p1.turns.jsonl") + "{", to: "processes/p1.turns.jsonl")
            case .turnHole:
                let turns = "processes/p1.turns.jsonl"
                try desk.write(try desk.text(turns).replacing("hello", with: "\0\0\0\0\0"), to: turns)
            case .strayProcess:
                for suffix in [".json", ".turns.jsonl"] {
                    try FileManager.default.copyItem(
                        atPath: desk.path("processes/p1\(suffix)"), toPath: desk.path("processes/p9\(suffix)"))
                }
            case .strayLine:
                try desk.write(
                    try desk.text(list) + #"{"run_id":"r9","as_of":4,"ended_at":null,"position":4}"# + "\n", to: list)
            }
        }
    }
}
