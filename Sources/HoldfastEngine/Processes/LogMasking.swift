import Glibc
package import Holdfast
import SystemPackage

/// Turns the raw logs of a task with secrets into masked ones.
package enum LogMasking {
    static let interval = Duration.milliseconds(100)
    static let chunkSize = 131_072

    /// Follows both raw files of a try until this task is cancelled, which says that the processes have ended; then
    /// masks the rest and removes the raw files.
    static func follow(_ log: TryLog, with masker: SecretMasker) async throws(StoreError) {
        var files = [
            try MaskedCopy(of: log.rawOutput, to: log.output, with: masker),
            try MaskedCopy(of: log.rawError, to: log.error, with: masker),
        ]
        defer { for file in files { file.abandon() } }
        while !Task.isCancelled {
            for index in files.indices { try await files[index].copyNew() }
            try? await Task.sleep(for: interval)
        }
        for index in files.indices { try await files[index].finish() }
    }

    /// Masks and removes what a dead worker left in the folder of a task. Call it once the processes of its tries are
    /// ended (`ProcessHunt`); calling it again is harmless.
    ///
    /// What was masked already stays as it is. If the secrets have changed since, the rest can't be masked and is
    /// dropped, with a line that says so.
    @concurrent
    package static func finish(folder: String, with masker: SecretMasker) async throws(StoreError) {
        for raw in try rawFiles(in: folder) {
            var copy = try MaskedCopy(of: raw, to: String(raw.dropLast(TryLog.rawSuffix.count)), with: masker)
            defer { copy.abandon() }
            try await copy.finish()
        }
    }

    private static func rawFiles(in folder: String) throws(StoreError) -> [String] {
        do throws(Errno) {
            let names = try FolderListing.names(in: folder).map { String(decoding: $0, as: UTF8.self) }
            return names.filter { $0.hasSuffix(TryLog.rawSuffix) }.map { "\(folder)/\($0)" }
        } catch .noSuchFileOrDirectory {
            return []
        } catch {
            throw LogFile.failure("list", folder, error)
        }
    }
}

/// One masked log that grows behind its raw one. It goes on behind what the log holds already: masking the same bytes
/// gives the same bytes.
private struct MaskedCopy {
    static let dropped = "[the rest of this log was dropped: it was written with other secrets than those known now]\n"

    private let rawPath: String
    private let path: String
    private let raw: FileDescriptor?
    private let log: FileDescriptor
    private let masker: SecretMasker
    private var stream: MaskingStream
    /// How far the raw log was read.
    private var rawOffset: Int64 = 0
    /// How many masked bytes that came to.
    private var offset: Int64 = 0
    /// How much of the masked log was there at the start.
    private let existing: Int64
    private var isForeign: Bool
    private var isClosed = false

    init(of rawPath: String, to path: String, with masker: SecretMasker) throws(StoreError) {
        self.rawPath = rawPath
        self.path = path
        self.masker = masker
        stream = MaskingStream(masker)
        raw = try LogFile.read(rawPath)
        log = try LogFile.append(to: path)
        existing = try LogFile.size(of: log, path: path)
        isForeign = masker.isEmpty
    }

    /// Closes what `finish` has not: after an error, which is the one to report, or of a file that was only read.
    func abandon() {
        try? raw?.close()
        if !isClosed { try? log.close() }
    }

    /// Masks what is in the raw log now.
    mutating func copyNew() async throws(StoreError) {
        guard let raw else { return }
        // Up to here and no further: a process that got away may never stop writing.
        let end = try LogFile.size(of: raw, path: rawPath)
        while rawOffset < end {
            let limit = Int(min(Int64(LogMasking.chunkSize), end - rawOffset))
            let bytes = try LogFile.bytes(of: raw, from: rawOffset, limit: limit, path: rawPath)
            guard !bytes.isEmpty else { return }
            rawOffset += Int64(bytes.count)
            try put(stream.feed(bytes))
            await Task.yield()
        }
    }

    mutating func finish() async throws(StoreError) {
        try await copyNew()
        try put(stream.finish())
        if isForeign || offset < existing {
            try LogFile.write(Array(Self.dropped.utf8), to: log, path: path)
        }
        isClosed = true
        // Some file systems tell only here that they could not keep what was written.
        try LogFile.close(log, path: path)
        try LogFile.remove(rawPath)
    }

    private mutating func put(_ bytes: [UInt8]) throws(StoreError) {
        guard !isForeign, !bytes.isEmpty else { return }
        let known = Int(min(Int64(bytes.count), max(0, existing - offset)))
        if known > 0 {
            let there = try readBack(known)
            isForeign = !there.elementsEqual(bytes[..<known])
        }
        offset += Int64(bytes.count)
        guard !isForeign, known < bytes.count else { return }
        try LogFile.write(Array(bytes[known...]), to: log, path: path)
    }

    private func readBack(_ count: Int) throws(StoreError) -> [UInt8] {
        guard let file = try LogFile.read(path) else { return [] }
        defer { try? file.close() }
        return try LogFile.bytes(of: file, from: offset, limit: count, path: path)
    }
}
