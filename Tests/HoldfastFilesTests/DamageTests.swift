import Foundation
import Holdfast
import HoldfastFiles
import HoldfastTesting
import Testing

@Suite("Damaged files of the files store")
struct DamageTests {
    let folder: TemporaryFolder
    let clock = ManualClock()

    init() throws { folder = try TemporaryFolder() }

    private var path: String { folder.path + "/store" }
    private var segment: URL { URL(fileURLWithPath: path + "/journal/00000001.jsonl") }

    private func open() async throws -> FilesStore {
        try await FilesStore(path: path, options: StoreOptions(clock: clock))
    }

    /// Runs `r0`, `r1` …, each its own line of the journal.
    private func fill(_ count: Int) async throws {
        let store = try await open()
        for number in 0..<count {
            let id = HistoryID.run(RunID(unchecked: "r\(number)"))
            _ = try await store.commit(.creating(id, .sample(at: clock.now()), at: clock.now()))
        }
        try await store.close()
    }

    private func ids(_ store: FilesStore) async throws -> Set<String> {
        Set(try await store.summaries(SummaryQuery(limit: 1000)).elements.map(\.id.id))
    }

    private func change(_ url: URL, _ change: (inout Data) -> Void) throws {
        var data = try Data(contentsOf: url)
        change(&data)
        try data.write(to: url)
    }

    private func removeTail() throws { try FileManager.default.removeItem(atPath: path + "/tail") }

    @Test("a torn end is cut back to the last whole changeset, and the store goes on")
    func tornEnd() async throws {
        try await fill(3)
        try removeTail()
        try change(segment) { $0.removeLast(20) }
        let store = try await open()
        #expect(store.tornBytes > 0)
        #expect(try await ids(store) == ["r0", "r1"])
        _ = try await store.commit(
            .creating(.run(RunID(unchecked: "later")), .sample(at: clock.now()), at: clock.now()))
        #expect(try await store.maintain(MaintenanceRequest(check: true)).findings == [])
        try await store.close()
        let again = try await open()
        #expect(again.tornBytes == 0)
        #expect(try await ids(again) == ["r0", "r1", "later"])
        try await again.close()
    }

    @Test("damage below what was on the disk: reads go on, writes are refused, the check names line and run")
    func corruption() async throws {
        try await fill(4)
        try change(segment) { data in
            let mark = data.range(of: Data("\"run\":\"r1\"".utf8))!.lowerBound
            data[mark + 30] ^= 1
        }
        let store = try await open()
        #expect(try await ids(store) == ["r0"])
        let error = await #expect(throws: StoreError.self) {
            try await store.commit(
                .creating(.run(RunID(unchecked: "later")), .sample(at: clock.now()), at: clock.now()))
        }
        #expect(error?.code == .corrupt)
        #expect(error?.detail?.contains("holdfast verify") == true)
        let findings = try await store.maintain(MaintenanceRequest(check: true)).findings
        #expect(findings.contains { $0.subject.hasSuffix("00000001.jsonl, line 3") && $0.problem.contains("run r1") })
        #expect(findings.contains { $0.problem.contains("run r3") })
        try await store.close()
        let before = try Data(contentsOf: segment)
        try await (try await open()).close()
        #expect(try Data(contentsOf: segment) == before)
    }

    @Test("a journal that was cut below what had been told to be on the disk is damage")
    func lostEnd() async throws {
        try await fill(3)
        let whole = try Data(contentsOf: segment)
        for kept in [whole.count - 20, 300, 0] {
            try whole.prefix(kept).write(to: segment)
            let store = try await open()
            let error = await #expect(throws: StoreError.self) {
                try await store.commit(
                    Changeset(records: [.put(Record(kind: "k", key: "k", body: 1), expectedVersion: nil)]))
            }
            #expect(error?.code == .corrupt, "\(kept) bytes kept")
            #expect(try await !store.maintain(MaintenanceRequest(check: true)).findings.isEmpty)
            try await store.close()
        }
        try FileManager.default.removeItem(at: segment)
        let store = try await open()
        let error = await #expect(throws: StoreError.self) { try await store.writeBlob(ByteStream([1])) }
        #expect(error?.code == .corrupt)
        try await store.close()
    }

    /// Each of these changes is found when the store is opened: it refuses writes, and shows no run that was damaged.
    @Test("missing, emptied, exchanged and duplicated files are damage", arguments: Change.allCases)
    func exchangedFiles(_ change: Change) async throws {
        try await fill(1)
        let store = try await open()
        let text = JSONValue.string(String(repeating: "x", count: 60_000))
        for _ in 0..<150 {
            _ = try await store.commit(
                .appending(.signalled(name: "s", value: text), to: .run(RunID(unchecked: "r0")), at: clock.now()))
        }
        try await store.close()
        try change.apply(path + "/journal/")
        let damaged = try await open()
        let error = await #expect(throws: StoreError.self) { try await damaged.writeBlob(ByteStream([1])) }
        #expect(error?.code == .corrupt)
        #expect(try await !damaged.maintain(MaintenanceRequest(check: true)).findings.isEmpty)
        try await damaged.close()
    }

    enum Change: String, CaseIterable {
        case removedFirst, removedMiddle, removedLast, emptiedMiddle, cutMiddle, exchanged, duplicated

        func apply(_ journal: String) throws {
            let files = FileManager.default
            func path(_ number: Int) -> String { "\(journal)0000000\(number).jsonl" }
            switch self {
            case .removedFirst: try files.removeItem(atPath: path(1))
            case .removedMiddle: try files.removeItem(atPath: path(2))
            case .removedLast: try files.removeItem(atPath: path(3))
            case .emptiedMiddle: try Data().write(to: URL(fileURLWithPath: path(2)))
            case .cutMiddle:
                let url = URL(fileURLWithPath: path(2))
                try Data(contentsOf: url).prefix(1 << 20).write(to: url)
            case .exchanged:
                try files.moveItem(atPath: path(1), toPath: path(9))
                try files.moveItem(atPath: path(2), toPath: path(1))
                try files.moveItem(atPath: path(9), toPath: path(2))
            case .duplicated:
                try files.removeItem(atPath: path(3))
                try files.copyItem(atPath: path(2), toPath: path(3))
            }
        }
    }

    @Test("a base whose segments are missing, or that is damaged itself, is damage")
    func damagedBase() async throws {
        try await fill(3)
        let store = try await open()
        try await store.compactAll()
        try await store.close()
        let base = URL(fileURLWithPath: path + "/journal/base-00000001.jsonl")
        let whole = try Data(contentsOf: base)
        for damage in 0..<3 {
            var data = whole
            if damage == 0 { data[whole.count / 2] ^= 1 }
            if damage == 1 { data.removeLast(10) }
            if damage == 2 { data = Data() }
            try data.write(to: base)
            let damaged = try await open()
            let error = await #expect(throws: StoreError.self) { try await damaged.writeBlob(ByteStream([1])) }
            #expect(error?.code == .corrupt)
            try await damaged.close()
        }
        try whole.write(to: base)
        try FileManager.default.removeItem(atPath: path + "/journal/00000002.jsonl")
        let damaged = try await open()
        #expect(try await ids(damaged) == ["r0", "r1", "r2"])
        let error = await #expect(throws: StoreError.self) { try await damaged.writeBlob(ByteStream([1])) }
        #expect(error?.code == .corrupt)
        try await damaged.close()
    }

    @Test("a damaged file of one history is told by its reads and by the check; others are not touched")
    func damagedHistory() async throws {
        try await fill(2)
        let store = try await open()
        try await store.compactAll()
        let file = try #require(try folder.files(named: "run-r0.jsonl").first)
        try change(URL(fileURLWithPath: folder.path + "/" + file)) { $0[$0.count - 10] ^= 1 }
        let error = await #expect(throws: StoreError.self) {
            try await store.history(HistoryQuery(.run(RunID(unchecked: "r0"))))
        }
        #expect(error?.code == .corrupt)
        #expect(try await store.history(HistoryQuery(.run(RunID(unchecked: "r1")))).elements.count == 1)
        let findings = try await store.maintain(MaintenanceRequest(check: true)).findings
        #expect(findings.map(\.subject) == ["run r0"])
        try await store.close()
    }
}
