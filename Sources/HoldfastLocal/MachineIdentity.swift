#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
package import Holdfast

/// Which process on which boot of which machine: recorded for a worker, so that others know whether its lock can be
/// trusted.
package struct MachineIdentity: Sendable, Hashable {
    package var host: String
    /// The kernel's id of its present boot; nil where there is none. Containers of one machine share it.
    package var bootID: String?
    package var processID: Int32

    package init(host: String, bootID: String?, processID: Int32) {
        self.host = host
        self.bootID = bootID
        self.processID = processID
    }

    /// This process.
    package static var current: MachineIdentity {
        MachineIdentity(host: hostName, bootID: presentBootID, processID: getpid())
    }

    /// Whether a lock held by `other` is kept by the same kernel, so that finding it free means that it is dead.
    package func canJudgeLocks(of other: MachineIdentity) -> Bool { canJudgeLocks(ofBoot: other.bootID) }

    package func canJudgeLocks(ofBoot other: String?) -> Bool { bootID != nil && bootID == other }

    package func worker(_ id: WorkerID) -> WorkerInfo {
        WorkerInfo(id: id, host: host, bootID: bootID, processID: processID)
    }

    private static let hostName: String = {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "localhost" }
        return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }()

    private static let presentBootID: String? = {
        guard let file = try? OpenFile("/proc/sys/kernel/random/boot_id", O_RDONLY),
            let bytes = try? file.read(36, at: 0), bytes.count == 36
        else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }()
}

extension MachineIdentity {
    package var json: JSONValue {
        .object([
            "host": .string(host), "boot_id": bootID.map { .string($0) } ?? .null, "process_id": .int(Int64(processID)),
        ])
    }

    /// - Throws: `corrupt` when a member is missing or mistyped.
    package init(json: JSONValue) throws(StoreError) {
        let reader = try ObjectReader(json, subject: "machine identity")
        guard let processID = Int32(exactly: try reader.required("process_id", reader.int)) else {
            throw reader.failure("process_id is no process id")
        }
        self.init(
            host: try reader.required("host", reader.string), bootID: try reader.string("boot_id"), processID: processID
        )
    }
}
