import Foundation
import Holdfast
import HoldfastLocal
import HoldfastMemory
import HoldfastTesting
import Testing

@testable import HoldfastFiles

@Suite("Readable files with several writers, and in the way of others")
struct ReadableSharingTests {
    let desk: Desk

    init() throws { desk = try Desk() }

    @Test("two stores on one folder show everything once")
    func twoWriters() async throws {
        // However busy the machine is, each waits until the other is done.
        let stores = [
            await desk.open { $0.patience = .seconds(300) }, await desk.open { $0.patience = .seconds(300) },
        ]
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, store) in stores.enumerated() {
                let views = Views(store, clock: desk.clock, worker: .sample("worker-\(number)"))
                group.addTask { for index in 0..<20 { try await views.record("r\(number)-\(index)") } }
            }
            try await group.waitForAll()
        }
        for store in stores { try await store.close() }
        for number in 0..<2 {
            for index in 0..<20 {
                let lines = try desk.lines("runs/r\(number)-\(index)/events.jsonl")
                #expect(lines.map { $0["sequence"]?.intValue } == (1...Int64(lines.count)).map { $0 })
                #expect(try desk.json("runs/r\(number)-\(index)/run.json")["state"] == "success")
            }
        }
        let listed = try desk.lines("runs.jsonl").compactMap { $0["run_id"]?.stringValue }
        #expect(listed.count == 40 && Set(listed).count == 40)
    }

    @Test("a writer stopped at any moment leaves what the next one completes")
    func stoppedAnywhere() async throws {
        let store = await desk.open { $0.interval = .zero }
        let views = desk.views(store)
        var copies: [String] = []
        for index in 0..<12 {
            try await views.record("r\(index)", ending: index.isMultiple(of: 3) ? nil : .success)
            if index % 4 == 3 { try await views.runs.delete(RunID(unchecked: "r\(index - 2)")) }
            // Whatever the writer is at: what is written last is copied first, so that a copy is what a killed one leaves.
            copies.append(desk.folder + "-copy\(index)")
            try await onThread { [copy = copies[index]] in try copyFolder(desk.folder, to: copy) }
        }
        defer { for copy in copies { try? FileManager.default.removeItem(atPath: copy) } }
        try await store.close()
        let expected = try desk.content()
        #expect(try desk.lines("runs.jsonl").count == 6)
        for copy in copies {
            let next = await desk.open(in: copy)
            try await eventually("\(copy) is complete") { try desk.differences(from: expected, in: copy).isEmpty }
            try await next.close()
        }
    }

    @Test("no symbolic link is followed; it is told, and mended when the files are checked")
    func links() async throws {
        let outside = desk.folder + "-outside"
        try FileManager.default.createDirectory(atPath: outside, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: outside) }
        let run = RunID(unchecked: "r1")
        try await desk.session { try await $0.record("r1", ending: nil) }
        for (number, path) in ["runs/r1/artifacts", "runs/r1"].enumerated() {
            try desk.remove(path)
            try FileManager.default.createSymbolicLink(atPath: desk.path(path), withDestinationPath: outside)
            let store = await desk.open(follows: false)
            let key = ArtifactKey(unchecked: "extract/rows-\(number)")
            try await desk.views(store).artifacts.save(run, key, Array("3".utf8))
            try await store.close()
            let problem = await store.readable.problems["run r1"]
            #expect(problem?.contains("symbolic link") == true, "\(problem ?? "none")")
            #expect(try FileManager.default.contentsOfDirectory(atPath: outside) == [])
            let next = await desk.open(follows: false)
            #expect(await next.readable.check() == [])
            #expect(try desk.text("runs/r1/artifacts/\(key)") == "3")
            #expect(try desk.text("runs/r1/artifacts/load/report.html") == "<p>3 rows</p>")
            #expect(try FileManager.default.contentsOfDirectory(atPath: outside) == [])
            try await next.close()
        }
    }

    @Test("a link in the place of runs/ is left alone, and told until it is gone")
    func linkedRuns() async throws {
        let outside = desk.folder + "-outside"
        try FileManager.default.createDirectory(atPath: outside, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: outside) }
        try FileManager.default.createSymbolicLink(atPath: desk.path("runs"), withDestinationPath: outside)
        try await desk.quiet.record("r1")
        let store = await desk.open(follows: false)
        #expect(
            await store.readable.check().contains { $0.subject == "run r1" && $0.problem.contains("symbolic link") })
        #expect(try FileManager.default.contentsOfDirectory(atPath: outside) == [])
        try desk.remove("runs")
        #expect(await store.readable.check() == [])
        #expect(desk.exists("runs/r1/run.json"))
        try await store.close()
    }

    @Test("a file replaced by a link to another one is replaced, not written through")
    func linkedFile() async throws {
        try await desk.session { try await $0.record("r1", ending: nil) }
        let outside = desk.folder + "-outside"
        try "mine".write(toFile: outside, atomically: false, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: outside) }
        try desk.remove("runs/r1/run.json")
        try FileManager.default.createSymbolicLink(atPath: desk.path("runs/r1/run.json"), withDestinationPath: outside)
        try await desk.session { try await $0.runs.setState(RunID(unchecked: "r1"), to: .success) }
        #expect(try desk.json("runs/r1/run.json")["state"] == "success")
        #expect(try String(contentsOfFile: outside, encoding: .utf8) == "mine")
    }

    @Test("closing waits for another process at work, then leaves it to the next opening")
    func lockKept() async throws {
        try FileManager.default.createDirectory(atPath: desk.path(".views"), withIntermediateDirectories: true)
        let lock = try FileLock(desk.path(".views/lock"))
        #expect(try lock.tryExclusive())
        let store = await desk.open(follows: false) { $0.patience = .milliseconds(50) }
        try await desk.views(store).record("r1")
        try await store.close()
        #expect(!desk.exists("runs/r1"))
        #expect(await store.readable.problems.values.contains { $0.contains("another process has kept it") })
        try lock.release()
        let next = await desk.open()
        try await eventually("the run is shown") { desk.exists("runs/r1/run.json") }
        try await next.close()
    }

    @Test("a missing blob is told, and all else of the run shown")
    func missingBlob() async throws {
        let run = try await desk.quiet.record("r1", ending: nil)
        let digest = try await desk.quiet.artifacts.reference(run, ArtifactKey(unchecked: "load/report.html")).digest
        let store = await desk.open(follows: false)
        let readable = ReadableFiles(
            MissingBlob(base: ShownStore(base: desk.memory, readable: store.readable), digest: digest),
            folder: desk.folder)
        let findings = await readable.check()
        #expect(findings.map(\.subject) == ["run r1"] && findings.allSatisfy { $0.problem.contains("not found") })
        #expect(try desk.json("runs/r1/run.json")["state"] == "running")
        #expect(await store.readable.check() == [])
        #expect(desk.exists("runs/r1/artifacts/load/report.html"))
        try await store.close()
    }

    @Test("a folder that can't be written fails no commit", arguments: ["/proc/self/holdfast", "/dev/null"])
    func unwritable(_ folder: String) async throws {
        let store = await desk.open(in: folder)
        try await desk.views(store).record("r1")
        try await store.close()
        #expect(await store.readable.problems.isEmpty == false)
    }
}

/// A store that has lost a blob.
private struct MissingBlob: Store {
    let base: ShownStore
    let digest: Digest

    func readBlob(_ digest: Digest, range: Range<Int64>?) async throws(StoreError) -> ByteStream {
        guard digest != self.digest else { throw StoreError(.notFound, subject: "blob \(digest)") }
        return try await base.readBlob(digest, range: range)
    }

    func commit(_ changeset: Changeset) async throws(StoreError) -> Receipt { try await base.commit(changeset) }
    func claim(_ request: ClaimRequest) async throws(StoreError) -> [Lease] { try await base.claim(request) }
    func renew(_ request: RenewRequest) async throws(StoreError) -> Renewal { try await base.renew(request) }
    func summaries(_ query: SummaryQuery) async throws(StoreError) -> Page<Summary> { try await base.summaries(query) }
    func history(_ query: HistoryQuery) async throws(StoreError) -> Page<Event> { try await base.history(query) }
    func counts(_ query: CountQuery) async throws(StoreError) -> [Count] { try await base.counts(query) }
    func feed(_ query: FeedQuery) async throws(StoreError) -> FeedPage { try await base.feed(query) }
    func records(_ query: RecordQuery) async throws(StoreError) -> Page<Record> { try await base.records(query) }
    func writeBlob(_ bytes: ByteStream) async throws(StoreError) -> BlobReceipt { try await base.writeBlob(bytes) }
    func maintain(_ request: MaintenanceRequest) async throws(StoreError) -> MaintenanceReport {
        try await base.maintain(request)
    }
    func close() async throws(StoreError) { try await base.close() }
}

/// As a writer killed at this moment leaves it. When it began to look through the files meanwhile, which it says before it
/// removes any, once more.
private func copyFolder(_ source: String, to target: String) throws {
    repeat {
        if FileManager.default.fileExists(atPath: target) { try FileManager.default.removeItem(atPath: target) }
        try copyFiles(source, to: target)
    } while try rebuilding(source) != rebuilding(target)
}

private func rebuilding(_ folder: String) throws -> JSONValue? {
    let state = FileManager.default.contents(atPath: "\(folder)/\(ViewState.path)")
    return try state.map { try JSONValue(parsing: [UInt8]($0))["rebuild"] ?? .null }
}

/// File by file, while somebody may be writing it; what vanishes meanwhile is left out.
private func copyFiles(_ source: String, to target: String) throws {
    // Before it is known which files there are: one that comes later is not shown yet by this state.
    try copy(ViewState.path, from: source, to: target)
    let found = names(below: source)
    let order = ["run.json", RunList.path, ""]
    func rank(_ name: String) -> Int { order.firstIndex { name.hasSuffix($0) } ?? order.count }
    for name in found.sorted(by: { (rank($0), $0) < (rank($1), $1) }) where name != ViewState.path {
        try copy(name, from: source, to: target)
    }
}

/// Folder by folder: an enumerator ends where something vanishes under it.
private func names(below folder: String, _ prefix: String = "") -> [String] {
    // Nothing below what is a file, or has vanished.
    let here = (try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(prefix)")) ?? []
    return here.flatMap { name in [prefix + name] + names(below: folder, "\(prefix)\(name)/") }
}

private func copy(_ name: String, from source: String, to target: String) throws {
    let copy = URL(fileURLWithPath: "\(target)/\(name)")
    try FileManager.default.createDirectory(at: copy.deletingLastPathComponent(), withIntermediateDirectories: true)
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: "\(source)/\(name)", isDirectory: &isFolder) else { return }
    if isFolder.boolValue {
        try FileManager.default.createDirectory(at: copy, withIntermediateDirectories: true)
    } else if let content = FileManager.default.contents(atPath: "\(source)/\(name)") {
        try content.write(to: copy)
    }
}

/// Runs what blocks on a thread of its own.
private func onThread(_ body: @escaping @Sendable () throws -> Void) async throws {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result(catching: body)) }
    }
}
