import Holdfast

/// Where readers leave what they find. Collects records into batches: while one is written, the next is made ready, and
/// further records are read.
final class ImportSink {
    private typealias Writing = Task<Result<RecordWriter.Outcome, StoreError>, Never>

    /// In a batch.
    private static let maximumCount = 1000
    private static let maximumSize = 2 * 1024 * 1024
    /// Batches that are written or made ready.
    private static let maximumPending = 2

    let times: SourceTimes
    private let writer: RecordWriter
    private let onProgress: @Sendable (ImportReport) -> Void
    private(set) var report: ImportReport
    private var batch: [ImportedRecord] = []
    private var size = 0
    /// In the order in which they are written.
    private var pending: [Writing] = []

    init(
        format: RecordFormat, times: SourceTimes, writer: RecordWriter,
        onProgress: @escaping @Sendable (ImportReport) -> Void
    ) {
        self.times = times
        self.writer = writer
        self.onProgress = onProgress
        report = ImportReport(format: format)
    }

    /// - Parameter size: roughly, in bytes.
    func take(_ record: ImportedRecord, size: Int) async throws(StoreError) {
        batch.append(record)
        self.size += size
        if batch.count >= Self.maximumCount || self.size >= Self.maximumSize { try await flush() }
    }

    func reject(_ file: String, line: Int?, _ reason: String) {
        report.rejected.append(ImportReport.Rejection(file: file, line: line, reason: reason))
    }

    func supersede() { report.superseded += 1 }

    /// Writes what is left.
    func finish() async throws(StoreError) -> ImportReport {
        try await flush()
        while !pending.isEmpty { try await settle() }
        var sorted = report
        sorted.rejected.sort { ($0.file, $0.line ?? 0, $0.reason) < ($1.file, $1.line ?? 0, $1.reason) }
        return sorted
    }

    private func flush() async throws(StoreError) {
        if pending.count == Self.maximumPending { try await settle() }
        guard !batch.isEmpty else { return }
        pending.append(Self.write(batch, writer, after: pending.last))
        batch = []
        size = 0
    }

    /// A batch is compared with what is there, so it waits for the one before it, and is not written when that failed.
    private static func write(
        _ records: [ImportedRecord], _ writer: RecordWriter, after previous: Writing?
    ) -> Writing {
        Task {
            do throws(StoreError) {
                let batch = try await writer.prepare(records)
                if case .failure(let error)? = await previous?.value { throw error }
                return .success(try await writer.write(batch))
            } catch {
                return .failure(error)
            }
        }
    }

    /// Waits for what is under way, so that nothing is left at work behind a failure.
    func abandon() async {
        for writing in pending { _ = await writing.value }
        pending = []
    }

    private func settle() async throws(StoreError) {
        report.add(try await pending.removeFirst().value.get())
        onProgress(report)
        if Task.isCancelled {
            throw StoreError(.unavailable, subject: "import", detail: "it was cancelled", cause: CancellationError())
        }
    }
}

extension ImportReport {
    fileprivate mutating func add(_ outcome: RecordWriter.Outcome) {
        imported.add(outcome.imported)
        unchanged += outcome.unchanged
        rejected += outcome.rejected
    }
}
