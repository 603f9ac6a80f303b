import Foundation
import Holdfast

/// What a path holds, as far as importing goes.
enum RecordSource: Sendable {
    case pipelineCore(PipelineCoreSource)
    case processStore(ProcessStoreSource)
    case waivern(WaivernSource)
    case awf(AWFSource)
    case runHistory(RunHistorySource)

    var format: RecordFormat {
        switch self {
        case .pipelineCore: .pipelineCore
        case .processStore: .processStore
        case .waivern: .waivern
        case .awf: .awf
        case .runHistory: .runHistory
        }
    }

    func read(into sink: ImportSink) async throws(StoreError) {
        switch self {
        case .pipelineCore(let source): try await source.read(into: sink)
        case .processStore(let source): try await source.read(into: sink)
        case .waivern(let source): try await source.read(into: sink)
        case .awf(let source): try await source.read(into: sink)
        case .runHistory(let source): try await source.read(into: sink)
        }
    }
}

extension RecordSource {
    /// - Parameter format: nil to find it out.
    /// - Throws: `ImportFailure` when there is nothing to be found, or several formats are.
    init(_ path: String, format: RecordFormat?) throws {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw ImportFailure("\(path): there is no such file or folder")
        }
        let found = RecordFormat.allCases.compactMap { candidate in
            format == nil || format == candidate ? Self.find(candidate, path, isFolder: isFolder.boolValue) : nil
        }
        guard found.count < 2 else {
            let names = found.map(\.format.rawValue).joined(separator: ", ")
            throw ImportFailure("\(path) looks like several formats (\(names)); name one with --format")
        }
        guard let only = found.first else {
            let wanted = format.map { "nothing of the format \($0.rawValue)" } ?? "no format that can be imported"
            throw ImportFailure("\(path): \(wanted) was recognised; see holdfast import --help for what is looked for")
        }
        self = only
    }

    private static func find(_ format: RecordFormat, _ path: String, isFolder: Bool) -> RecordSource? {
        let folder = SourceFolder(path: path)
        switch format {
        case .pipelineCore:
            return (isFolder ? PipelineCoreSource(folder) : PipelineCoreSource(file: path)).map(
                RecordSource.pipelineCore)
        case .processStore:
            return (isFolder ? ProcessStoreSource(folder) : ProcessStoreSource(file: path)).map(
                RecordSource.processStore)
        case .waivern: return isFolder ? WaivernSource(folder).map(RecordSource.waivern) : nil
        case .awf: return (isFolder ? AWFSource(folder) : AWFSource(file: path)).map(RecordSource.awf)
        case .runHistory:
            return (isFolder ? RunHistorySource(folder) : RunHistorySource(file: path)).map(RecordSource.runHistory)
        }
    }
}
