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

    /// Writes a file that is there whole, or not at all; devices and pipes are written to, and links followed.
    func write(toFile path: String) async throws {
        var status = stat()
        let exists = stat(path, &status) == 0
        guard !exists || status.st_mode & S_IFMT == S_IFREG else {
            return try await write(to: path, named: path, flags: 0)
        }
        let target = exists ? Self.resolved(path) : path
        let partial = "\(target).\(getpid()).part"
        do {
            try await write(to: partial, named: path, flags: O_CREAT | O_EXCL)
            guard rename(partial, target) == 0 else { throw Self.failure(path) }
        } catch {
            unlink(partial)
            throw error
        }
    }

    private func write(to path: String, named name: String, flags: Int32) async throws {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC | flags, 0o666)
        guard descriptor >= 0 else { throw Self.failure(name) }
        defer { close(descriptor) }
        try await write(to: Output(descriptor: descriptor))
    }

    private static func failure(_ path: String) -> CommandFailure {
        CommandFailure(.badInput, "\(path): \(String(cString: strerror(errno)))")
    }

    private static func resolved(_ path: String) -> String {
        guard let resolved = realpath(path, nil) else { return path }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
