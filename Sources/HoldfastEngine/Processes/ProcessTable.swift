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

    /// Whether the process was started with this `NAME=value` in its environment; nil: it can't be told in the midst of an
    /// `exec`.
    static func carries(_ entry: String, _ process: pid_t) -> Bool? {
        let entry = Array(entry.utf8)
        return environment(of: process)?.contains { $0.elementsEqual(entry) }
    }

    /// The try that the process was started for, as far as it can be told.
    static func tryToken(of process: pid_t) -> TryToken? {
        let name = Array("\(TryToken.variable)=".utf8)
        let entry = environment(of: process)?.first { $0.starts(with: name) }
        return entry.flatMap { TryToken(rawValue: String(decoding: $0.dropFirst(name.count), as: UTF8.self)) }
    }

    /// What the process was started with, entry by entry; nil in the midst of an `exec`, when it reads as empty for a moment.
    private static func environment(of process: pid_t) -> [ArraySlice<UInt8>]? {
        guard let environment = contents(of: "/proc/\(process)/environ") else { return [] }
        return environment.isEmpty && isInExec(process) ? nil : environment.split(separator: 0)
    }

    static func status(of process: pid_t) -> Status? {
        guard let fields = statusFields(of: process), let group = pid_t(fields[2]) else { return nil }
        return Status(group: group, isZombie: ["Z", "X"].contains(fields[0]))
    }

    /// Whether the process has memory whose places the kernel has not all filled in. The kernel's own processes and dead
    /// ones have no memory; one that was given no environment has an empty place for it, beside code that has an end.
    private static func isInExec(_ process: pid_t) -> Bool {
        guard let fields = statusFields(of: process), fields.count > 48 else { return false }
        let (memory, codeEnd, environment) = (fields[20], fields[24], (start: fields[47], end: fields[48]))
        return memory != "0" && (codeEnd == "0" || environment.start != environment.end)
    }

    /// The fields of `/proc/PID/stat` from the state on, which proc(5) numbers 3.
    static func statusFields(of process: pid_t) -> [String]? {
        // The name of the program stands in parentheses and may hold anything, parentheses and spaces too.
        guard let stat = contents(of: "/proc/\(process)/stat"), let end = stat.lastIndex(of: UInt8(ascii: ")")) else {
            return nil
        }
        let fields = stat[(end + 1)...].split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
        return fields.count > 2 ? fields : nil
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
