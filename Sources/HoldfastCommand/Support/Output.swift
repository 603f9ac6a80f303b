#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
import Holdfast

/// Where the command writes: standard output or standard error.
struct Output: Sendable {
    let descriptor: Int32

    static let standard = Output(descriptor: STDOUT_FILENO)
    static let error = Output(descriptor: STDERR_FILENO)

    /// Writes everything.
    /// - Throws: `CommandFailure` when the medium takes no more.
    func write(_ bytes: some Collection<UInt8>) throws(CommandFailure) {
        let bytes = Array(bytes)
        var start = 0
        while start < bytes.count {
            let count = bytes[start...].withUnsafeBytes { systemWrite(descriptor, $0) }
            if count < 0 {
                if errno == EINTR { continue }
                throw CommandFailure(.store, "the output can't be written: \(String(cString: strerror(errno)))")
            }
            start += count
        }
    }

    func write(_ text: String) throws(CommandFailure) { try write(Array(text.utf8)) }

    func line(_ text: String = "") throws(CommandFailure) { try write(text + "\n") }

    /// JSON for people and programs: indented, keys sorted.
    func json(_ value: JSONValue) throws(CommandFailure) { try line(value.prettyText) }

    /// One value a line.
    func jsonLines(_ values: some Sequence<JSONValue>) throws(CommandFailure) {
        try write(values.map { $0.compactText + "\n" }.joined())
    }

    /// A note whose loss must not end anything: where nobody reads it, there is nobody to tell.
    func note(_ text: String) {
        do { try line(text) } catch {}
    }
}

private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    #if canImport(Glibc)
        Glibc.write(descriptor, bytes.baseAddress, bytes.count)
    #else
        Darwin.write(descriptor, bytes.baseAddress, bytes.count)
    #endif
}
