package import Holdfast

// All of these block the calling thread.

extension BlobFolder {
    /// A blob as it lies in the folder.
    package struct Entry: Sendable, Hashable {
        package let digest: Digest
        /// Bytes.
        package let size: Int64
        /// When it was last written or asked to be written.
        package let modified: Timestamp
    }

    /// What a collection removed.
    package struct Collected: Sendable, Hashable {
        package var blobs: Int
        /// Bytes given back, leftovers of interrupted writes included.
        package var bytes: Int64

        package init(blobs: Int = 0, bytes: Int64 = 0) {
            self.blobs = blobs
            self.bytes = bytes
        }

        package static func += (sum: inout Collected, part: Collected) {
            sum.blobs += part.blobs
            sum.bytes += part.bytes
        }
    }

    package func exists(_ digest: Digest) throws(StoreError) -> Bool {
        try mappingSystemErrors { () throws(SystemCallError) in try fileSystem.status(path(digest)) } != nil
    }

    /// Bytes.
    /// - Throws: `notFound`.
    package func size(_ digest: Digest) throws(StoreError) -> Int64 {
        let status = try mappingSystemErrors { () throws(SystemCallError) in try fileSystem.status(path(digest)) }
        guard let status else { throw Self.missing(digest) }
        return status.size
    }

    /// Whether it was there.
    @discardableResult
    package func delete(_ digest: Digest) throws(StoreError) -> Bool {
        try mappingSystemErrors { () throws(SystemCallError) in try fileSystem.remove(path(digest)) }
    }

    /// All blobs by digest; other files are passed over.
    package func list() throws(StoreError) -> [Entry] {
        var entries: [Entry] = []
        for subfolder in try subfolders() { entries += try list(subfolder) }
        return entries
    }

    package func subfolders() throws(StoreError) -> [String] {
        try mappingSystemErrors { () throws(SystemCallError) in
            try fileSystem.names(in: folder).filter { $0.utf8.count == 2 }.sorted()
        }
    }

    private func list(_ subfolder: String) throws(StoreError) -> [Entry] {
        try mappingSystemErrors { () throws(SystemCallError) in
            var entries: [Entry] = []
            for name in try fileSystem.names(in: "\(folder)/\(subfolder)").sorted() {
                guard let digest = Digest(hexadecimal: subfolder + name),
                    let status = try fileSystem.status(path(digest))
                else { continue }
                entries.append(Entry(digest: digest, size: status.size, modified: status.modified))
            }
            return entries
        }
    }

    /// Removes the blobs that are older than `age` and not kept, and what writes left unfinished more than a day ago.
    /// - Parameter keeping: whether something uses the blob; asked about old ones only.
    package func collect(
        olderThan age: Duration, keeping: (Digest) throws(StoreError) -> Bool
    ) throws(StoreError) -> Collected {
        var collected = Collected()
        for subfolder in try subfolders() {
            collected += try collect(in: subfolder, olderThan: age, keeping: keeping)
        }
        collected.bytes += try removeLeftovers()
        return collected
    }

    /// A part of a collection, of some 250, so that nobody has to be kept waiting for the whole.
    package func collect(
        in subfolder: String, olderThan age: Duration, keeping: (Digest) throws(StoreError) -> Bool
    ) throws(StoreError) -> Collected {
        var collected = Collected()
        let limit = now + (.zero - age)
        for entry in try list(subfolder) where entry.modified < limit {
            guard try !keeping(entry.digest), try removeUnlessRenewed(entry, limit) else { continue }
            collected.blobs += 1
            collected.bytes += entry.size
        }
        return collected
    }

    /// A writer may renew the age between our looking at it and our removing it. So the blob is moved away first: from then
    /// on a writer finds none and writes it anew, and one that came before shows in the age.
    private func removeUnlessRenewed(_ entry: Entry, _ limit: Timestamp) throws(StoreError) -> Bool {
        let aside = "\(folder)/\(Self.incoming)/\(entry.digest)"
        return try mappingSystemErrors { () throws(SystemCallError) in
            guard try fileSystem.moveIfPresent(path(entry.digest), to: aside),
                let status = try fileSystem.status(aside)
            else { return false }
            if status.modified < limit { return try fileSystem.remove(aside) }
            try fileSystem.move(aside, to: path(entry.digest))
            return false
        }
    }

    /// Removes what writes left unfinished more than a day ago.
    /// - Returns: the bytes given back.
    package func removeLeftovers() throws(StoreError) -> Int64 {
        let limit = now + .seconds(-24 * 3600)
        return try mappingSystemErrors { () throws(SystemCallError) in
            var bytes: Int64 = 0
            for name in try fileSystem.names(in: "\(folder)/\(Self.incoming)") {
                let path = "\(folder)/\(Self.incoming)/\(name)"
                guard let status = try fileSystem.status(path), status.modified < limit else { continue }
                if try fileSystem.remove(path) { bytes += status.size }
            }
            return bytes
        }
    }
}
