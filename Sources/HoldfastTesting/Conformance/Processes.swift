import Holdfast
import Testing

// Records of AI processes over any store: what a process store of files does, without its losses. The names of the cases
// quote what users of such a store rely on.

extension StoreConformance {
    static let processes: [ConformanceCase] = [
        ConformanceCase("a process comes back with every field it was added with, also after reopening") { bench in
            let record = ProcessRecord.full("p", start: bench.now)
            let added = try await bench.processes.add(record)
            #expect(added == record)
            #expect(try await bench.processes.get(record.id) == record)
            #expect(try await bench.reopened().processes.get(record.id) == record)
        },
        ConformanceCase("B, Process: optional fields are left out when absent; type defaults to clarification") {
            bench in
            let record = ProcessRecord(id: ProcessID(unchecked: "p"), startTime: bench.now)
            try await bench.processes.add(record)
            let back = try await bench.processes.get(record.id)
            #expect(back == record && back.type.rawValue == "clarification" && back.fields.values.isEmpty)
            #expect(try await bench.processes.summary(record.id).status == .queued)
        },
        ConformanceCase("an added process gets the preview of its prompt that is missing") { bench in
            let prompt = "\n  \nExplain " + String(repeating: "é", count: 100) + "\nmore"
            let record = ProcessRecord.sample("p", start: bench.now, fields: [.fullPrompt: .string(prompt)])
            let preview = try await bench.processes.add(record).promptPreview
            #expect(preview == "Explain " + String(repeating: "é", count: 71) + "…")
            #expect(try await bench.processes.summary(record.id).fields.promptPreview == preview)
            #expect(try await bench.processes.get(record.id).fullPrompt == prompt)
        },
        ConformanceCase("an imported process is kept as it is, its first event says so") { bench in
            for status in ProcessStatus.allCases {
                let record = ProcessRecord.sample("p-\(status)", status: status, start: bench.now - .days(3))
                try await bench.processes.addImported(record)
                #expect(try await bench.processes.get(record.id) == record)
                #expect(try await bench.processes.summary(record.id).status == status)
                #expect(try await bench.events(.process(record.id)).map(\.payload.type) == ["process_imported"])
            }
            try await bench.verifies()
        },
        ConformanceCase("a process of a used id is refused as alreadyExists and changes nothing") { bench in
            try await bench.processes.add(.sample("p", start: bench.now))
            try await bench.refuses(.alreadyExists) { try await bench.processes.add(.full("p", start: bench.now)) }
        },
        ConformanceCase("a process whose record is larger than an event may be is added and read all the same") {
            bench in
            var record = ProcessRecord.full("p", start: bench.now)
            record.result = String(repeating: "x", count: 200_000)
            try await bench.processes.add(record)
            try await bench.processes.update(
                record.id, ProcessUpdate(fields: [.fullPrompt: .string(String(repeating: "y", count: 200_000))]))
            record.fullPrompt = String(repeating: "y", count: 200_000)
            #expect(try await bench.processes.get(record.id) == record)
            try await bench.verifies()
        },
        ConformanceCase("B, Behaviours: update changes only the named fields") { bench in
            var expected = ProcessRecord.full("p", start: bench.now)
            try await bench.processes.add(expected)
            for field in ProcessField.allCases {
                let value: JSONValue = field.isObject ? ["new": 1] : "new"
                try await bench.processes.update(expected.id, ProcessUpdate(fields: [field: value]))
                expected.fields[field] = value
                #expect(try await bench.processes.get(expected.id) == expected)
            }
            try await bench.processes.update(expected.id, ProcessUpdate(fields: [.title: .null, .result: .null]))
            expected.fields[.title] = nil
            expected.fields[.result] = nil
            #expect(try await bench.processes.get(expected.id) == expected)
            let listed = expected.fields.values.filter { $0.key.isListed }
            #expect(try await bench.processes.summary(expected.id).fields.values == listed)
            try await bench.verifies()
        },
        ConformanceCase("update of status, times and error changes these") { bench in
            let id = ProcessID(unchecked: "p")
            try await bench.processes.add(.sample("p", start: bench.now))
            let start = bench.now
            bench.clock.advance(by: .seconds(5))
            try await bench.processes.update(id, ProcessUpdate(status: .running, fields: [.backend: "sdk"]))
            #expect(try await bench.processes.get(id).endTime == nil)
            bench.clock.advance(by: .seconds(5))
            try await bench.processes.update(id, ProcessUpdate(status: .failed, error: .set("quota")))
            var record = try await bench.processes.get(id)
            #expect(record.status == .failed && record.error == "quota" && record.backend == "sdk")
            #expect(record.startTime == start && record.endTime == start + .seconds(10))
            try await bench.processes.update(
                id, ProcessUpdate(startTime: start + .seconds(1), endTime: .set(start + .seconds(3)), error: .clear))
            record = try await bench.processes.get(id)
            #expect(record.startTime == start + .seconds(1) && record.endTime == start + .seconds(3))
            #expect(record.error == nil && record.status == .failed)
            try await bench.processes.update(id, ProcessUpdate(status: .running))
            record = try await bench.processes.get(id)
            #expect(record.status == .running && record.endTime == nil)
            #expect(try await bench.processes.summary(id).status == .running)
            try await bench.verifies()
        },
        ConformanceCase("what the transition table has no step for is refused and changes nothing") { bench in
            for from in ProcessStatus.allCases {
                for to in ProcessStatus.allCases where to != from && !from.canBecome(to) {
                    let record = ProcessRecord.sample("p-\(from)-\(to)", status: from, start: bench.now)
                    try await bench.processes.add(record)
                    guard to != .cancelling || from != .queued else { continue }
                    try await bench.refuses(.illegalTransition) {
                        try await bench.processes.update(record.id, ProcessUpdate(status: to))
                    }
                }
            }
        },
        ConformanceCase("bad input is refused by name and changes nothing") { bench in
            try await bench.processes.add(.sample("p", start: bench.now))
            let id = ProcessID(unchecked: "p")
            let wrong: [(ProcessField, JSONValue)] = [(.title, 5), (.metadata, "x"), (.groupMetadata, [1])]
            for (field, value) in wrong {
                let error = try await bench.refuses(.invalid) {
                    try await bench.processes.update(id, ProcessUpdate(fields: [field: value]))
                }
                #expect(error?.description.contains(field.rawValue) == true)
            }
            try await bench.refuses(.notFound) {
                try await bench.processes.update(ProcessID(unchecked: "q"), ProcessUpdate(fields: [.title: "t"]))
            }
            try await bench.refuses(.notFound) { try await bench.processes.update(ProcessID(unchecked: "q"), .init()) }
            try await bench.refuses(.notFound) { _ = try await bench.processes.get(ProcessID(unchecked: "q")) }
            try await bench.refuses(.notFound) { try await bench.processes.remove(ProcessID(unchecked: "q")) }
            try await bench.refuses(.notFound) {
                try await bench.processes.appendTurn(ProcessID(unchecked: "q"), .init(role: "user", content: ""))
            }
        },
        ConformanceCase("an end before the start is refused; one that was imported is kept, and gives no duration") {
            bench in
            var record = ProcessRecord.sample("p", status: .completed, start: bench.now)
            record.endTime = bench.now - .seconds(3600)
            try await bench.refuses(.invalid) { try await bench.processes.add(record) }
            try await bench.processes.addImported(record)
            #expect(try await bench.processes.get(record.id) == record)
            #expect(try await bench.processes.summary(record.id).outputJSON["duration_seconds"] == .null)
            #expect(try await bench.processes.detail(record.id).outputJSON["duration_seconds"] == .null)
            try await bench.refuses(.invalid) {
                try await bench.processes.update(record.id, ProcessUpdate(startTime: bench.now + .seconds(1)))
            }
            try await bench.processes.update(record.id, ProcessUpdate(endTime: .set(bench.now + .seconds(2))))
            #expect(try await bench.processes.summary(record.id).outputJSON["duration_seconds"] == 2.0)
        },
        ConformanceCase("a removed process is gone with its history, and its id free again") { bench in
            try await bench.processes.add(.full("p", start: bench.now))
            try await bench.processes.remove(ProcessID(unchecked: "p"))
            #expect(try await !bench.processes.exists(ProcessID(unchecked: "p")))
            #expect(try await bench.processes.list().elements == [])
            #expect(try await bench.store.counts(CountQuery(kind: .process)) == [])
            try await bench.processes.add(.sample("p", start: bench.now))
            #expect(try await bench.events(.process(named: "p")).count == 1)
        },
        ConformanceCase("B, Behaviours: a second store on the same folder sees everything") { bench in
            let other = try await bench.beside()
            try await bench.processes.add(.full("p", start: bench.now))
            #expect(try await other.processes.get(ProcessID(unchecked: "p")) == .full("p", start: bench.now))
            try await other.processes.update(ProcessID(unchecked: "p"), ProcessUpdate(fields: [.title: "other"]))
            try await other.workspaces.register(WorkspaceID(unchecked: "ws"), rootPath: "/srv")
            #expect(try await bench.processes.summary(ProcessID(unchecked: "p")).fields.title == "other")
            #expect(try await bench.workspaces.list().elements.map(\.rootPath) == ["/srv"])
        },
        ConformanceCase("B, Behaviours: two at once lose nothing, neither processes nor updates nor workspaces") {
            bench in
            let other = try await bench.beside()
            let outcomes = try await outcomesAtOnce(count: 60) { index in
                let mine = index % 2 == 0 ? bench : other
                let id = ProcessID(unchecked: "p\(index)")
                try await mine.processes.add(.sample(id.rawValue, start: mine.now))
                try await mine.processes.update(
                    id, ProcessUpdate(status: .running, fields: [.title: .string("t\(index)")]))
                try await mine.workspaces.register(WorkspaceID(unchecked: "w\(index)"), rootPath: "/\(index)")
            }
            #expect(outcomes == Array(repeating: nil, count: 60))
            let found = try await bench.processes.list(ProcessQuery(limit: 1000)).elements
            #expect(
                Set(found.map { "\($0.id) \($0.status) \($0.fields.title ?? "")" })
                    == Set((0..<60).map { "p\($0) running t\($0)" }))
            #expect(try await bench.workspaces.list(limit: 1000).elements.count == 60)
            try await bench.verifies()
        },
        ConformanceCase(
            "B, Known losses: two shared one fixed .tmp name; here updates of one process by two at once all stay"
        ) { bench in
            try await bench.processes.add(.sample("p", start: bench.now))
            let other = try await bench.beside()
            let fields = ProcessField.allCases.filter { !$0.isObject }
            let outcomes = try await outcomesAtOnce(count: fields.count) { index in
                let mine = index % 2 == 0 ? bench : other
                let update = ProcessUpdate(fields: [fields[index]: .string("\(index)")])
                try await mine.processes.update(ProcessID(unchecked: "p"), update)
            }
            #expect(outcomes.allSatisfy { $0 == nil })
            let record = try await bench.processes.get(ProcessID(unchecked: "p"))
            for (index, field) in fields.enumerated() { #expect(record.fields[field] == .string("\(index)")) }
            try await bench.verifies()
        },
        ConformanceCase("a pinned process is known as such") { bench in
            let id = ProcessID(unchecked: "p")
            try await bench.processes.add(.sample("p", start: bench.now))
            try await bench.processes.pin(id)
            #expect(try await bench.processes.summary(id).isPinned)
            try await bench.processes.pin(id, false)
            #expect(try await !bench.processes.summary(id).isPinned)
            try await bench.verifies()
        },
    ]
}

extension Workbench {
    /// The views of a worker that dies when its lease ends.
    func views(of worker: String = "worker-1", for timeToLive: Duration = .seconds(30)) -> Views {
        Views(store, clock: clock, worker: .sample(worker), timeToLive: timeToLive)
    }

    var processes: ProcessesView { views(of: "recorder").processes }
    var workspaces: WorkspacesView { views(of: "recorder").workspaces }

    /// Expects that the store finds nothing wrong with itself: histories fold, summaries equal them.
    func verifies(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        #expect(try await store.verify().findings == [], sourceLocation: sourceLocation)
    }
}

extension ProcessField {
    fileprivate var isObject: Bool { self == .metadata || self == .groupMetadata }
}

extension Timestamp {
    static func - (time: Timestamp, duration: Duration) -> Timestamp { time + (.zero - duration) }
}

extension Duration {
    static func days(_ count: Int) -> Duration { .seconds(count * 24 * 3600) }
}
