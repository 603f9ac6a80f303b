import Foundation
#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
import Holdfast

/// Where an export goes: a folder that was empty, or not there. Files are readable by their owner only, and have their names
/// once they are whole.
final class ExportFolder {
    let path: String
    private var made: Set<String> = []

    /// - Throws: `ExportFailure` when there is something in it already.
    init(_ path: String) throws(ExportFailure) {
        guard !path.isEmpty else { throw ExportFailure("no folder is named; name one with --output") }
        self.path = path
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) {
            guard isFolder.boolValue else { throw ExportFailure("\(path) is no folder; name one with --output") }
            guard try Self.names(in: path).isEmpty else {
                throw ExportFailure("\(path) is not empty; name an empty or a new folder with --output")
            }
        }
        try makeFolder([])
    }

    private static func names(in path: String) throws(ExportFailure) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: path)
        } catch {
            throw ExportFailure("\(path) can't be read: \(error.localizedDescription)")
        }
    }

    func makeFolder(_ names: [String]) throws(ExportFailure) {
        let folder = ([path] + names).joined(separator: "/")
        guard made.insert(folder).inserted else { return }
        guard Self.make(folder) else {
            throw ExportFailure("\(folder) can't be made: \(String(cString: strerror(errno)))")
        }
    }

    /// Makes a folder, and those it is in; `errno` says what kept it from being made.
    private static func make(_ folder: String) -> Bool {
        if mkdir(folder, 0o700) == 0 || errno == EEXIST { return true }
        let parent = (folder as NSString).deletingLastPathComponent
        guard errno == ENOENT, !parent.isEmpty, parent != folder, make(parent) else { return false }
        return mkdir(folder, 0o700) == 0 || errno == EEXIST
    }

    /// A file that is written piece by piece.
    func file(_ names: [String]) throws(ExportFailure) -> ExportFile {
        try makeFolder(Array(names.dropLast()))
        return try ExportFile(([path] + names).joined(separator: "/"))
    }

    func write(_ bytes: [UInt8], to names: [String]) throws(ExportFailure) {
        let file = try file(names)
        try file.write(bytes)
        try file.finish()
    }

    /// Two spaces a level, as all these systems write.
    func write(_ json: JSONValue, to names: [String]) throws(ExportFailure) {
        try write(Array((json.prettyText + "\n").utf8), to: names)
    }
}

/// A file of an export. It gets its name when it is finished.
final class ExportFile {
    private let path: String
    private let descriptor: Int32
    private var buffer: [UInt8] = []

    init(_ path: String) throws(ExportFailure) {
        self.path = path
        descriptor = open(path + ".partial", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure(path) }
    }

    deinit { close(descriptor) }

    private static func failure(_ path: String) -> ExportFailure {
        ExportFailure("\(path) can't be written: \(String(cString: strerror(errno)))")
    }

    func write(_ bytes: [UInt8]) throws(ExportFailure) {
        buffer += bytes
        if buffer.count >= 256 * 1024 { try flush() }
    }

    func write(_ text: String) throws(ExportFailure) { try write(Array(text.utf8)) }

    private func flush() throws(ExportFailure) {
        var start = 0
        while start < buffer.count {
            let count = buffer[start...].withUnsafeBytes { systemWrite(descriptor, $0) }
            if count < 0 {
                if errno == EINTR { continue }
                throw Self.failure(path)
            }
            start += count
        }
        buffer = []
    }

    func finish() throws(ExportFailure) {
        try flush()
        guard rename(path + ".partial", path) == 0 else { throw Self.failure(path) }
    }
}

private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    #if canImport(Glibc)
        Glibc.write(descriptor, bytes.baseAddress, bytes.count)
    #else
        Darwin.write(descriptor, bytes.baseAddress, bytes.count)
    #endif
}
