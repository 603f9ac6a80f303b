import Glibc
import SystemPackage

/// What `/proc` says about the processes of this machine. A process that ends while it is looked at, or that another
/// user owns, counts as absent: nobody here could signal it.
enum ProcessTable {
    struct Status: Equatable {
        let group: pid_t
        /// Dead, though nobody has collected its exit status.
        let isZombie: Bool
    }

    static func processIDs() throws(Errno) -> [pid_t] {
        try FolderListing.names(in: "/proc").compactMap { pid_t(String(decoding: $0, as: UTF8.self)) }
    }

    /// Whether the process was started with this `NAME=value` in its environment.
    static func carries(_ entry: String, _ process: pid_t) -> Bool {
        guard let environment = contents(of: "/proc/\(process)/environ") else { return false }
        let entry = Array(entry.utf8)
        return environment.split(separator: 0).contains { $0.elementsEqual(entry) }
    }

    /// The try that the process was started for.
    static func tryToken(of process: pid_t) -> TryToken? {
        guard let environment = contents(of: "/proc/\(process)/environ") else { return nil }
        let name = Array("\(TryToken.variable)=".utf8)
        let entry = environment.split(separator: 0).first { $0.starts(with: name) }
        return entry.flatMap { TryToken(rawValue: String(decoding: $0.dropFirst(name.count), as: UTF8.self)) }
    }

    static func status(of process: pid_t) -> Status? {
        // The name of the program stands in parentheses and may hold anything, parentheses and spaces too.
        guard let stat = contents(of: "/proc/\(process)/stat"), let end = stat.lastIndex(of: UInt8(ascii: ")")) else {
            return nil
        }
        let fields = stat[(end + 1)...].split(separator: UInt8(ascii: " "))
        guard fields.count > 2, let group = pid_t(String(decoding: fields[2], as: UTF8.self)) else { return nil }
        return Status(group: group, isZombie: ["Z", "X"].contains(String(decoding: fields[0], as: UTF8.self)))
    }

    /// The live processes of a group.
    static func members(ofGroup group: pid_t) throws(Errno) -> [pid_t] {
        try processIDs().filter { process in
            guard let status = status(of: process) else { return false }
            return status.group == group && !status.isZombie
        }
    }

    private static func contents(of path: String) -> [UInt8]? {
        guard let file = try? FileDescriptor.open(path, .readOnly, options: .closeOnExec) else { return nil }
        defer { try? file.close() }
        var bytes: [UInt8] = []
        while true {
            let block = try? [UInt8](unsafeUninitializedCapacity: 16384) { buffer, count in
                count = try file.read(into: UnsafeMutableRawBufferPointer(buffer))
            }
            guard let block else { return nil }
            guard !block.isEmpty else { return bytes }
            bytes += block
        }
    }
}
