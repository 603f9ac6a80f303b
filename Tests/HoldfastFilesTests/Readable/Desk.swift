import Foundation
import Holdfast
import HoldfastMemory
import HoldfastTesting
import Testing

@testable import HoldfastFiles

/// A memory store whose readable files stand in a folder of a test's own.
final class Desk: Sendable {
    let folder: String
    let clock = ManualClock()
    let memory: MemoryStore
    /// The store as another process sees it, whose writer shows nothing.
    var quiet: Views { Views(memory, clock: clock, ids: CountingIDGenerator(), worker: .sample("quiet")) }

    init() throws {
        folder = NSTemporaryDirectory() + "holdfast-readable-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        memory = MemoryStore(options: StoreOptions(clock: clock))
    }

    // What can't be removed is in the folder for temporary files.
    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// Opens the store together with its readable files.
    /// - Parameter follows: else only closing shows anything.
    func open(
        follows: Bool = true, in otherFolder: String? = nil,
        _ configure: (inout ReadableFiles.Configuration) -> Void = { _ in }
    ) async -> ShownStore {
        var configuration = ReadableFiles.Configuration()
        configuration.settling = .zero
        configuration.interval = .milliseconds(5)
        configure(&configuration)
        let store = MemoryStore(sharing: memory, options: StoreOptions(clock: clock))
        let readable = ReadableFiles(store, folder: otherFolder ?? folder, configuration: configuration)
        if follows { await readable.start() }
        return ShownStore(base: store, readable: readable)
    }

    func views(_ store: ShownStore) -> Views {
        Views(store, clock: clock, ids: CountingIDGenerator(), worker: .sample("shown"))
    }

    /// Opens, lets an act happen, and closes.
    func session(_ body: (Views) async throws -> Void) async throws {
        let store = await open(follows: false)
        try await body(views(store))
        try await store.close()
    }

    // MARK: - Files

    func path(_ name: String) -> String { "\(folder)/\(name)" }

    func text(_ name: String) throws -> String { try String(contentsOfFile: path(name), encoding: .utf8) }

    func json(_ name: String) throws -> JSONValue { try JSONValue(parsing: try text(name)) }

    func lines(_ name: String) throws -> [JSONValue] {
        try text(name).split(separator: "\n").map { try JSONValue(parsing: String($0)) }
    }

    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

    func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: path(name)) }

    func write(_ text: String, to name: String) throws {
        try text.write(toFile: path(name), atomically: false, encoding: .utf8)
    }

    /// Permission bits.
    func mode(_ name: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path(name))
        return (attributes[.posixPermissions] as? Int ?? 0) & 0o777
    }

    func inode(_ name: String) throws -> Int {
        try #require(try FileManager.default.attributesOfItem(atPath: path(name))[.systemFileNumber] as? Int)
    }

    /// Where the files differ from what they were.
    func differences(from content: [String: String], in otherFolder: String? = nil) throws -> [String] {
        let now = try self.content(in: otherFolder)
        return Set(now.keys).union(content.keys).sorted().filter { now[$0] != content[$0] }.map {
            "\($0): \(content[$0] ?? "missing") became \(now[$0] ?? "missing")"
        }
    }

    /// All that people see, whatever position it was written at.
    func content(in otherFolder: String? = nil) throws -> [String: String] {
        let folder = otherFolder ?? folder
        var content: [String: String] = [:]
        for case let name as String in try #require(FileManager.default.enumerator(atPath: folder)) {
            guard !name.hasPrefix(".views"),
                let text = try? String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
            else { continue }
            content[name] = Self.normalized(text, name)
        }
        return content
    }
}

extension Desk {
    /// The text of a file without positions; of `runs.jsonl`, what counts of it.
    static func normalized(_ text: String, _ name: String) -> String {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map {
            $0.replacing(/"position": ?[0-9]+,?/, with: "")
        }
        // A run's last line counts.
        if name == "runs.jsonl" {
            lines = Dictionary(lines.map { ($0.prefix { $0 != "," }, $0) }) { $1 }.values.sorted()
        }
        return lines.joined(separator: "\n")
    }
}

/// A store that tells its readable files what it does, as a files store does.
struct ShownStore: Store {
    let base: any Store
    let readable: ReadableFiles

    func commit(_ changeset: Changeset) async throws(StoreError) -> Receipt {
        let receipt = try await base.commit(changeset)
        readable.committed(changeset, receipt)
        return receipt
    }

    func claim(_ request: ClaimRequest) async throws(StoreError) -> [Lease] {
        let leases = try await base.claim(request)
        readable.claimed(leases)
        return leases
    }

    func close() async throws(StoreError) {
        await readable.close()
        try await base.close()
    }

    func renew(_ request: RenewRequest) async throws(StoreError) -> Renewal { try await base.renew(request) }
    func summaries(_ query: SummaryQuery) async throws(StoreError) -> Page<Summary> { try await base.summaries(query) }
    func history(_ query: HistoryQuery) async throws(StoreError) -> Page<Event> { try await base.history(query) }
    func counts(_ query: CountQuery) async throws(StoreError) -> [Count] { try await base.counts(query) }
    func readBlob(_ digest: Digest, range: Range<Int64>?) async throws(StoreError) -> ByteStream {
        try await base.readBlob(digest, range: range)
    }
    func feed(_ query: FeedQuery) async throws(StoreError) -> FeedPage { try await base.feed(query) }
    func records(_ query: RecordQuery) async throws(StoreError) -> Page<Record> { try await base.records(query) }
    func writeBlob(_ bytes: ByteStream) async throws(StoreError) -> BlobReceipt { try await base.writeBlob(bytes) }
    func maintain(_ request: MaintenanceRequest) async throws(StoreError) -> MaintenanceReport {
        try await base.maintain(request)
    }
}

// MARK: - Runs

extension Views {
    /// A run that records two steps, the second of which leaves a large value and an artifact.
    @discardableResult
    func record(_ id: String, ending state: RunState? = .success) async throws -> RunID {
        let run = RunID(unchecked: id)
        try await runs.create(DAGID(unchecked: "etl"), params: ["date": "2026-01-01"], labels: ["team": "a"], id: run)
        try await tasks.setState(run, .named("extract"), to: .running)
        try await tasks.setState(
            run, .named("extract"), to: .success, exitCode: 0, xcoms: ["return_value": ["rows": 3]])
        let large = JSONValue.string(String(repeating: "x", count: 2000))
        try await tasks.setState(run, .named("load"), to: .running)
        try await tasks.setState(run, .named("load"), to: .success, xcoms: ["return_value": large])
        try await artifacts.save(
            run, ArtifactKey(unchecked: "load/report.html"), Array("<p>3 rows</p>".utf8), mediaType: "text/html")
        if let state { try await runs.setState(run, to: state) }
        return run
    }
}

extension InstanceID {
    static func named(_ task: String) -> InstanceID { InstanceID(TaskID(unchecked: task)) }
}

/// Waits for what the writer in the background does.
func eventually(_ what: Comment, _ condition: () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(60)
    while try await !condition() {
        try #require(ContinuousClock.now < deadline, what)
        try await Task.sleep(for: .milliseconds(5))
    }
}
