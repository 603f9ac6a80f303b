import Holdfast
import Synchronization
import Testing

@Suite("Verification")
struct VerificationTests {
    let fixture = ViewsFixture()

    /// A run that failed, with an artifact, pinned and with metadata.
    @discardableResult
    private func createRun(_ id: String = "etl-1") async throws -> (run: RunID, blob: Digest) {
        let run = try await fixture.createETL(id)
        let blob = try await fixture.store.writeBlob(ByteStream(Array(id.utf8)))
        let artifact = ArtifactReference(
            key: try ArtifactKey("rows"), mediaType: "text/plain", digest: blob.digest, size: blob.size)
        try await fixture.execute(
            run,
            [.started, .start("extract"), .finish("extract", .failed, artifacts: [artifact])])
        try await fixture.runs.pin(run)
        try await fixture.runs.setMetadata(run, ["ticket": "A-1"])
        return (run, blob.digest)
    }

    @Test("a sound store has no findings, whatever state its runs are in")
    func sound() async throws {
        try await createRun()
        try await createRun("etl-2")
        try await fixture.runs.cancel(try RunID("etl-2"))
        let large = JSONValue.string(String(repeating: "x", count: 100_000))
        try await fixture.views.xcoms.set(try RunID("etl-2"), InstanceID(TaskID("extract")), to: large)
        try await fixture.runs.rerun(try RunID("etl-2"), from: TaskID("transform"))
        let progress = Mutex<[VerificationProgress]>([])
        let report = try await fixture.store.verify { reached in progress.withLock { $0.append(reached) } }
        #expect(report.findings == [])
        #expect(report.checked["histories"] == 3)
        #expect(report.checked["counts"] == 3)
        #expect(report.checked["blobs"] == 3)
        let reached = progress.withLock { $0 }
        #expect(reached.map(\.histories) == [1, 2, 3])
        #expect(reached.last?.total == 3)
        #expect(reached.last?.events == report.checked["events"])
    }

    @Test("an empty store has no findings")
    func empty() async throws {
        let report = try await fixture.store.verify()
        #expect(report.findings == [])
        #expect(report.checked["histories"] == 0)
    }

    private func findings(_ proxy: StoreProxy) async throws -> [String] {
        try await proxy.verify().findings.map { "\($0.subject): \($0.problem)" }
    }

    @Test("a history that does not fold is found, with the sequence")
    func illegalHistory() async throws {
        let (run, _) = try await createRun()
        try await createRun("etl-2")
        let proxy = StoreProxy(
            fixture.store,
            event: { history, event in
                var event = event
                if history == .run(run), event.sequence == 4 { event.payload = .start("transform", try: 2) }
                return event
            })
        let found = try await findings(proxy)
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("run etl-1: event 4 (task_started) does not fold: ") == true)
    }

    @Test("a summary that differs from its fold is found, column by column")
    func wrongSummary() async throws {
        try await createRun()
        let proxy = StoreProxy(
            fixture.store,
            summary: { summary in
                var summary = summary
                summary.folded.resumeCount = 7
                summary.folded.params["date"] = "secret"
                summary.labels["a"] = "b"
                summary.isPinned = false
                return summary
            })
        #expect(
            try await findings(proxy) == [
                "run etl-1: resume_count differs: 7 in its summary, 0 in its history",
                "run etl-1: params differs", "run etl-1: labels differs",
                "run etl-1: pinned differs: false in its summary, true in its history",
            ])
    }

    @Test("a summary ahead of its history is found")
    func summaryAhead() async throws {
        try await createRun()
        let proxy = StoreProxy(
            fixture.store,
            summary: { summary in
                var summary = summary
                summary.folded.asOf = 99
                return summary
            })
        #expect(
            try await findings(proxy) == [
                "run etl-1: its summary is as of event 99, its history ends at event 7"
            ])
    }

    @Test("a wrong count is found")
    func wrongCounts() async throws {
        try await createRun()
        let proxy = StoreProxy(fixture.store, counts: { counts in counts.map { Count($0, plus: 2) } })
        #expect(
            try await findings(proxy) == ["counts of DAG etl, interrupted: 3 are kept, 1 are there"])
    }

    @Test("a missing and a damaged blob are found")
    func damagedBlobs() async throws {
        let (_, missing) = try await createRun()
        let (_, damaged) = try await createRun("etl-2")
        let proxy = StoreProxy(
            fixture.store,
            blob: { digest, bytes throws(StoreError) in
                if digest == missing { throw StoreError(.notFound, subject: "blob \(digest)") }
                return digest == damaged ? [0] : bytes
            })
        let empty = Digest(of: [0] as [UInt8])
        #expect(
            try await findings(proxy) == [
                "run etl-1: event 5 (task_finished): blob \(missing) is missing",
                "run etl-2: event 5 (task_finished): blob \(damaged) is damaged: its content has the digest \(empty)",
            ])
    }

    @Test("what a second look finds in order is no finding")
    func looksTwice() async throws {
        try await createRun()
        let looks = Mutex(0)
        let proxy = StoreProxy(
            fixture.store,
            summary: { summary in
                var summary = summary
                if looks.withLock({
                    $0 += 1
                    return $0
                }) == 1 {
                    summary.isPinned = false
                }
                return summary
            })
        #expect(try await findings(proxy) == [])
    }

    @Test("a store that can't answer is an error, not a finding")
    func unavailable() async throws {
        try await createRun()
        let proxy = StoreProxy(
            fixture.store,
            blob: { _, _ throws(StoreError) in throw StoreError(.unavailable, subject: "disk") })
        #expect(await error { _ = try await proxy.verify() }?.code == .unavailable)
    }
}

extension Count {
    init(_ other: Count, plus more: Int) {
        self.init(dag: other.dag, workspace: other.workspace, state: other.state, count: other.count + more)
    }
}
