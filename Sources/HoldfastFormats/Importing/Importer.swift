public import Foundation
public import Holdfast

/// Reads records of other systems into a store. The source is only ever read.
///
/// What is whole comes in; each record that can't be read is reported with its file, line and reason. States, ids, times
/// and fields without a counterpart stay in the metadata, under `imported`, so that an export gives the record back. Importing
/// again changes nothing; a record whose id is there with other content is rejected.
public struct Importer: Sendable {
    public let store: any Store
    /// Of times without an offset.
    public var timeZone: TimeZone
    /// Only says what would happen.
    public var isDryRun: Bool
    /// Told from time to time how far it is.
    public var onProgress: @Sendable (ImportReport) -> Void

    public init(
        _ store: any Store, timeZone: TimeZone = .current, isDryRun: Bool = false,
        onProgress: @escaping @Sendable (ImportReport) -> Void = { _ in }
    ) {
        self.store = store
        self.timeZone = timeZone
        self.isDryRun = isDryRun
        self.onProgress = onProgress
    }

    /// What a path holds.
    /// - Parameter format: nil to find it out.
    /// - Throws: `ImportFailure` when there is nothing of a known format, or of several.
    public static func recognize(_ path: String, format: RecordFormat? = nil) throws -> RecordFormat {
        try RecordSource(path, format: format).format
    }

    /// Imports a folder or a file.
    /// - Parameter format: nil to find it out.
    /// - Throws: `ImportFailure` when there is nothing of a known format, `StoreError` when the store fails.
    public func run(_ path: String, format: RecordFormat? = nil) async throws -> ImportReport {
        let source = try RecordSource(path, format: format)
        let sink = ImportSink(
            format: source.format, times: SourceTimes(zone: timeZone),
            writer: RecordWriter(store: store, isDryRun: isDryRun), onProgress: onProgress)
        var report: ImportReport
        do {
            try await source.read(into: sink)
            report = try await sink.finish()
        } catch {
            await sink.abandon()
            throw error
        }
        if !isDryRun { report.aboveLimits = try await store.retention.excess() }
        return report
    }
}

/// Why nothing could be imported.
public struct ImportFailure: Error, Sendable, Hashable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}
