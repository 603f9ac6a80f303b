#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
import Holdfast

extension ByteStream {
    func write(to output: Output) async throws {
        for try await piece in self { try output.write(piece) }
    }

    /// Writes a file that is there whole, or not at all.
    func write(toFile path: String) async throws {
        let partial = "\(path).\(getpid()).part"
        let descriptor = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw CommandFailure(.badInput, "\(path): \(String(cString: strerror(errno)))") }
        do {
            defer { close(descriptor) }
            try await write(to: Output(descriptor: descriptor))
        } catch {
            unlink(partial)
            throw error
        }
        guard rename(partial, path) == 0 else {
            let reason = String(cString: strerror(errno))
            unlink(partial)
            throw CommandFailure(.badInput, "\(path): \(reason)")
        }
    }
}
