import Foundation
#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
import Holdfast

/// Reads the records of one format.
protocol RecordReader: Sendable {
    func read(into sink: ImportSink) async throws(StoreError)
}

/// What a path holds, as far as importing goes.
struct RecordSource: Sendable {
    let format: RecordFormat
    private let reader: any RecordReader
    private let flaws: SourceFlaws

    /// What was found so far to be unreadable is reported at the end, when all has been looked at.
    func read(into sink: ImportSink) async throws(StoreError) {
        try await reader.read(into: sink)
        for flaw in flaws.all { sink.reject(flaw.path, line: nil, flaw.reason) }
    }
}

// MARK: - Finding out

extension RecordSource {
    /// - Parameter format: nil to find it out.
    /// - Throws: `ImportFailure` when there is nothing to be found, or several formats are.
    init(_ path: String, format: RecordFormat?) throws {
        let isFolder = try Self.isFolder(path)
        var found: [RecordSource] = []
        var flaws: [String: String] = [:]
        for candidate in RecordFormat.allCases where format == nil || format == candidate {
            let folder = SourceFolder(path: path)
            if let reader = Self.reader(candidate, folder, isFolder: isFolder) {
                found.append(RecordSource(format: candidate, reader: reader, flaws: folder.flaws))
            } else {
                for flaw in folder.flaws.all { flaws[flaw.path] = flaw.reason }
            }
        }
        guard found.count < 2 else {
            let names = found.map(\.format.rawValue).joined(separator: ", ")
            throw ImportFailure("\(path) looks like several formats (\(names)); name one with --format")
        }
        guard let only = found.first else { throw Self.nothing(path, format, flaws) }
        self = only
    }

    private static func isFolder(_ path: String) throws -> Bool {
        var status = stat()
        guard stat(path, &status) == 0 else {
            let isMissing = errno == ENOENT || errno == ENOTDIR
            let reason = isMissing ? "there is no such file or folder" : String(cString: strerror(errno))
            throw ImportFailure("\(path): \(reason)")
        }
        if status.st_mode & S_IFMT == S_IFDIR { return true }
        do throws(Refusal) {
            _ = try SourceFile(path, followsLink: true)
        } catch {
            throw ImportFailure("\(path): \(error.reason)")
        }
        return false
    }

    private static func nothing(
        _ path: String, _ format: RecordFormat?, _ flaws: [String: String]
    ) -> ImportFailure {
        let wanted = format.map { "nothing of the format \($0.rawValue)" } ?? "no format that can be imported"
        if let flaw = flaws.min(by: { $0.key < $1.key }) {
            let more = flaws.count > 1 ? "; nor can \(flaws.count - 1) more" : ""
            return ImportFailure("\(path): \(wanted) was recognised; \(flaw.key): \(flaw.value)\(more)")
        }
        return ImportFailure(
            "\(path): \(wanted) was recognised; see holdfast import --help for what is looked for")
    }

    private static func reader(
        _ format: RecordFormat, _ folder: SourceFolder, isFolder: Bool
    ) -> (any RecordReader)? {
        let path = folder.path
        return switch format {
        case .pipelineCore: isFolder ? PipelineCoreSource(folder) : PipelineCoreSource(file: path)
        case .processStore: isFolder ? ProcessStoreSource(folder) : ProcessStoreSource(file: path)
        case .waivern: isFolder ? WaivernSource(folder) : nil
        case .awf: isFolder ? AWFSource(folder) : AWFSource(file: path)
        case .runHistory: isFolder ? RunHistorySource(folder) : RunHistorySource(file: path)
        }
    }
}
