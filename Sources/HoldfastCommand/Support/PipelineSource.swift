#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
import Holdfast
import HoldfastEngine

/// Reads pipeline files from where the command line names them.
enum PipelineSource {
    /// - Throws: `CommandFailure` when the file can't be read, `PipelineProblems` when it is not right.
    static func definition(at path: String) throws -> DAGDefinition {
        try PipelineFile.parse(try bytes(of: path), fileName: path)
    }

    private static func bytes(of path: String) throws(CommandFailure) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw failure(path) }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw failure(path) }
        guard status.st_mode & S_IFMT != S_IFDIR else {
            throw CommandFailure(.badInput, "\(path): it is a folder; name a pipeline file in it")
        }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65536)
        // One byte more than is allowed tells the parser that the file is too large.
        while bytes.count <= PipelineFile.maximumSize {
            let count = read(file, &block, block.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw failure(path)
            }
            if count == 0 { break }
            bytes += block[..<count]
        }
        return bytes
    }

    private static func failure(_ path: String) -> CommandFailure {
        let advice = errno == ENOENT ? "; check the path, or write a sample with holdfast init" : ""
        return CommandFailure(.badInput, "\(path): \(String(cString: strerror(errno)))\(advice)")
    }
}
