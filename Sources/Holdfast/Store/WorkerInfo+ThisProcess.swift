#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension WorkerInfo {
    /// This operating-system process as a worker.
    /// - Parameter prefix: what its id begins with; the rest is random, so that no two processes share an id.
    /// - Precondition: the prefix is an identifier of at most 90 characters.
    public static func thisProcess(_ prefix: String = "worker") -> WorkerInfo {
        guard let id = WorkerID(rawValue: "\(prefix)-\(RandomIDGenerator().token())") else {
            preconditionFailure("\(quoted(prefix)) can't begin a worker's id")
        }
        return thisProcess(id)
    }

    package static func thisProcess(_ id: WorkerID) -> WorkerInfo {
        WorkerInfo(id: id, host: hostName, bootID: presentBootID, processID: getpid())
    }

    package static let hostName: String = {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "localhost" }
        return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }()

    /// The kernel's id of its present boot, which containers of one machine share; nil where there is none.
    package static let presentBootID: String? = {
        guard let file = fopen("/proc/sys/kernel/random/boot_id", "re") else { return nil }
        defer { fclose(file) }
        var text = [UInt8](repeating: 0, count: 36)
        guard fread(&text, 1, 36, file) == 36 else { return nil }
        return String(decoding: text, as: UTF8.self)
    }()

    /// Whether a worker lock of that boot is kept by the present kernel, so that finding it free means that its worker is
    /// dead.
    package static func isPresent(bootID: String?) -> Bool { bootID != nil && bootID == presentBootID }
}
