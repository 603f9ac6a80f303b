#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
import Holdfast
import HoldfastLocal

/// Opens or makes the folder of a store. Blocks the thread.
struct Opening {
    let folder: StoreFolder
    private let options: StoreOptions
    private let fileSystem: any FileSystem

    /// The first line of the file `FORMAT`.
    private static let format = "holdfast files 1"
    private static let formatPrefix = "holdfast files "
    private static let formatNumber = 1

    /// - Throws: `invalid` for an empty path.
    init(_ path: String, options: StoreOptions, on fileSystem: any FileSystem) throws(StoreError) {
        folder = StoreFolder(try Self.absolute(path), options.tenant)
        self.options = options
        self.fileSystem = fileSystem
    }

    private static func absolute(_ path: String) throws(StoreError) -> String {
        guard !path.isEmpty, !path.utf8.contains(0) else {
            throw StoreError(.invalid, subject: "store \"files:\"", detail: "name a folder, for instance files:runs")
        }
        var path = path
        while path.count > 1, path.last == "/" { path.removeLast() }
        if path.hasPrefix("/") { return path }
        guard let current = getcwd(nil, 0) else {
            throw StoreError(.unavailable, subject: path, detail: "the working directory is gone")
        }
        defer { free(current) }
        return String(cString: current) + "/" + path
    }

    /// - Throws: `notFound`, `notAStore`, `newerFormat`, `unavailable`, `full`.
    func open() throws(StoreError) -> Journal {
        try openFolder()
        let words = try mappingSystemErrors { () throws(SystemCallError) in
            for path in [folder.journal, folder.histories, folder.workers, folder.blobs] {
                try fileSystem.makeFolder(path)
            }
            return try fileSystem.sharedWords(folder.tail, count: Journal.Word.count)
        }
        return try openJournal(words)
    }

    private func openJournal(_ words: any SharedWords) throws(StoreError) -> Journal {
        let lock = try FileLock(folder.lock, on: fileSystem)
        let recovering = Recovering(folder: folder, fileSystem: fileSystem, words: words)
        let prepared = recovering.prepare()
        return try lock.withExclusive(timeout: options.busyTimeout) { () throws(StoreError) in
            let (index, recovery) = try recovering.run(prepared)
            let journal = Journal(
                folder: folder, on: fileSystem, durability: options.durability, lock: lock, words: words,
                recovered: index, recovery)
            if recovery.damage == nil {
                words.store(UInt64(index.baseNumber), at: Journal.Word.base)
                journal.publish(index)
            }
            return journal
        }
    }

    // MARK: - The folder

    private func openFolder() throws(StoreError) {
        let top = folder.top
        guard let status = try mappingSystemErrors({ () throws(SystemCallError) in try resolvedStatus(top) }) else {
            guard options.creates else {
                throw StoreError(.notFound, subject: top, detail: "there is no store")
            }
            try mappingSystemErrors { () throws(SystemCallError) in try fileSystem.makeFolder(top) }
            try refuseNetwork()
            return try writeFormat()
        }
        guard status.isFolder else {
            throw StoreError(
                .notAStore, subject: top,
                detail: "it is a file where a folder is expected; use sqlite:\(top) for a database")
        }
        try refuseNetwork()
        guard let format = try readFormat() else {
            try refuseForeign()
            guard options.creates else {
                throw StoreError(.notFound, subject: top, detail: "there is no store in this folder")
            }
            return try writeFormat()
        }
        try check(format)
    }

    /// A symbolic link to a folder counts as one.
    private func resolvedStatus(_ path: String) throws(SystemCallError) -> FileStatus? {
        guard let status = try fileSystem.status(path) else { return nil }
        return status.isFolder ? status : try fileSystem.status(path + "/.") ?? status
    }

    private func refuseNetwork() throws(StoreError) {
        let kind = try mappingSystemErrors { () throws(SystemCallError) in try fileSystem.networkKind(of: folder.top) }
        guard let kind else { return }
        throw StoreError(
            .unavailable, subject: folder.top,
            detail:
                "it is on a network file system (\(kind)), where locks between machines can't be relied on; keep the store "
                + "on a local disk, or use postgres:// or http:// to share it")
    }

    /// Nil: there is none.
    private func readFormat() throws(StoreError) -> String? {
        try mappingSystemErrors { () throws(SystemCallError) in
            guard try fileSystem.status(folder.format) != nil else { return nil }
            let bytes = try fileSystem.open(folder.format, .readOnly).read(256, at: 0)
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    private func check(_ format: String) throws(StoreError) {
        let line = format.prefix { $0 != "\n" }
        guard line.hasPrefix(Self.formatPrefix), let number = Int(line.dropFirst(Self.formatPrefix.count)) else {
            throw StoreError(
                .notAStore, subject: folder.top, detail: "its file FORMAT is not one of Holdfast; choose another folder"
            )
        }
        guard number <= Self.formatNumber else {
            throw StoreError(
                .newerFormat, subject: folder.top,
                detail: "it has format \(number), this version knows \(Self.formatNumber); use a newer holdfast")
        }
    }

    private func refuseForeign() throws(StoreError) {
        let names = try mappingSystemErrors { () throws(SystemCallError) in try fileSystem.names(in: folder.top) }
        guard let foreign = names.sorted().first(where: { !$0.hasPrefix("FORMAT") }) else { return }
        throw StoreError(
            .notAStore, subject: folder.top,
            detail: "it holds other files (\(quoted(foreign))) and no file FORMAT; choose an empty or a new folder")
    }

    /// Before anything else is in the folder, so that a crash leaves either nothing or a store.
    private func writeFormat() throws(StoreError) {
        let temporary = "\(folder.format).\(hexadecimal(.random(in: .min ... .max)))"
        try mappingSystemErrors { () throws(SystemCallError) in
            let file = try fileSystem.open(temporary, .createNew)
            do throws(SystemCallError) {
                try file.write(Array("\(Self.format)\n".utf8), at: 0)
                try file.sync()
                try fileSystem.move(temporary, to: folder.format)
            } catch {
                try fileSystem.remove(temporary)
                throw error
            }
            try fileSystem.open(folder: folder.top).sync()
        }
    }
}
