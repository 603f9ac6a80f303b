#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
import Holdfast

/// A file that the command line names for its content; `-` is standard input.
enum InputFile {
    /// - Parameters:
    ///   - limit: bytes after which reading ends, at the end of a block.
    ///   - advice: what to do when there is no such file.
    /// - Throws: when it can't be read.
    static func bytes(
        of path: String, limit: Int = .max, adviceIfMissing advice: String = "check the path"
    ) throws(CommandFailure) -> [UInt8] {
        guard path != "-" else { return try read(STDIN_FILENO, path, limit: limit) }
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw failure(path, errno == ENOENT ? "; \(advice)" : "") }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw failure(path) }
        guard status.st_mode & S_IFMT != S_IFDIR else {
            throw CommandFailure(.badInput, "\(path): it is a folder; name a file in it")
        }
        return try read(file, path, limit: limit)
    }

    /// - Throws: when it can't be read, or is no UTF-8.
    static func text(of path: String) throws(CommandFailure) -> String {
        let bytes = try bytes(of: path)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CommandFailure(.badInput, "\(path): it is no text in UTF-8; convert it")
        }
        return text
    }

    private static func read(_ file: Int32, _ path: String, limit: Int) throws(CommandFailure) -> [UInt8] {
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65536)
        while bytes.count <= limit {
            let count = systemRead(file, &block)
            if count < 0 {
                if errno == EINTR { continue }
                throw failure(path)
            }
            if count == 0 { break }
            bytes += block[..<count]
        }
        return bytes
    }

    private static func failure(_ path: String, _ advice: String = "") -> CommandFailure {
        CommandFailure(.badInput, "\(path): \(String(cString: strerror(errno)))\(advice)")
    }
}

private func systemRead(_ file: Int32, _ block: inout [UInt8]) -> Int { read(file, &block, block.count) }
