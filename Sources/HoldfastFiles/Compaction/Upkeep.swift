import Dispatch
import Holdfast
import HoldfastLocal
import Synchronization

/// Compacts in the background when that is due, and takes over what another process has compacted.
final class Upkeep: Sendable {
    private struct State {
        var isBusy = false
        var isClosed = false
        /// This store wrote something: who only reads leaves the rest of the work to the next that writes.
        var hasWritten = false
        /// Of the last attempt in the background, and when the next is due.
        var failure: StoreError?
        var retryBehind = JournalEnd(segment: 0, offset: 0)
    }

    private let journal: Journal
    private let options: StoreOptions
    private let lock: FileLock
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "holdfast.files.compaction", qos: .utility)

    /// Bytes that the journal may have whatever the store holds.
    static let leastJournal: Int64 = 16 << 20
    /// Bytes beyond which it is compacted however much the store holds.
    static let mostJournal: Int64 = 64 << 20
    /// It may have so large a part of what the rest of the store has: who opens the store reads all of it.
    static let journalPart: Int64 = 4
    /// How many closed segments stay for those who follow the feed.
    static let keptSegments: Int32 = 2

    init(_ journal: Journal, options: StoreOptions) throws(StoreError) {
        self.journal = journal
        self.options = options
        lock = try FileLock(journal.folder.compactionLock, on: journal.fileSystem)
    }

    /// What the last attempt in the background ended in; nil: well.
    var failure: StoreError? { state.withLock { $0.failure } }

    // MARK: - In the background

    private enum Work { case compact, adopt, removeDeleted }

    /// Begins what is due after a commit.
    func lookAfterCommit() {
        state.withLock { $0.hasWritten = true }
        look()
    }

    /// Begins what is due. Costs next to nothing when nothing is.
    func look() {
        guard let work = workDue else { return }
        let begins = state.withLock { state in
            guard !state.isBusy, !state.isClosed else { return false }
            state.isBusy = true
            return true
        }
        guard begins else { return }
        queue.async { self.perform(work) }
    }

    private var workDue: Work? {
        guard journal.recovery.damage == nil else { return nil }
        let (retryBehind, newest) = (state.withLock { $0.retryBehind }, journal.words.load(Journal.Word.base))
        return journal.withIndex { index in
            if newest > UInt64(index.baseNumber) { return .adopt }
            let rest = index.baseBytes + index.sealedBytes
            let limit = min(max(Self.leastJournal, rest / Self.journalPart), Self.mostJournal)
            guard index.end > retryBehind else { return nil }
            if index.closedBytes > limit { return .compact }
            return index.deletedFiles.isEmpty ? nil : .removeDeleted
        }
    }

    private func perform(_ work: Work) {
        let base = journal.withIndex { $0.baseNumber }
        let outcome = Result { () throws(StoreError) in
            switch work {
            case .adopt: try adoptNewest()
            case .compact, .removeDeleted:
                // Whoever has it is at the same work.
                guard try lock.tryExclusive() else { return }
                let result = Result { () throws(StoreError) in
                    if work == .compact { _ = try compact(through: lastToTakeOver) }
                    try removeDeletedFiles()
                }
                try lock.release()
                try result.get()
            }
        }
        let (end, newBase) = journal.withIndex { ($0.end, $0.baseNumber) }
        state.withLock { state in
            state.isBusy = false
            if case .failure(let error) = outcome { state.failure = error } else { state.failure = nil }
            // Not again for every commit while it can't be done.
            state.retryBehind = newBase > base ? JournalEnd(segment: 0, offset: 0) : end
            if case .failure = outcome { state.retryBehind.segment += 1 }
        }
    }

    /// Waits for what is being done, and once more when much was written meanwhile; then begins nothing more.
    func close() {
        queue.sync {}
        if state.withLock({ $0.hasWritten }) { look() }
        state.withLock { $0.isClosed = true }
        queue.sync {}
    }

    // MARK: - Compacting

    /// The newest segments stay for those who follow the feed.
    private var lastToTakeOver: Int32 { journal.withIndex { $0.end.segment } - 1 - Self.keptSegments }

    /// Takes over what may be taken over.
    /// - Parameter all: also the newest segments, so that the feed begins anew.
    /// - Returns: the bytes given back.
    func compact(all: Bool = false) throws(StoreError) -> Int64 {
        try journal.checkWritable()
        // Behind what this store does in the background.
        let result = queue.sync {
            Result { () throws(StoreError) in
                try lock.withExclusive(timeout: Self.patience) { () throws(StoreError) in
                    let freed = try compact(through: all ? try closeNewest() : lastToTakeOver)
                    return freed + (try removeDeletedFiles())
                }
            }
        }
        return try result.get()
    }

    /// How long another process may be at it: a compaction makes a file for each history.
    private static let patience = Duration.seconds(600)

    /// - Returns: the number of the newest segment that is followed by another.
    private func closeNewest() throws(StoreError) -> Int32 {
        try journal.appending(timeout: options.busyTimeout) { () throws(StoreError) in
            let (end, start) = journal.withIndex { ($0.end, $0.segments[$0.end.segment]?.header.size ?? 0) }
            guard end.offset > start else { return end.segment - 1 }
            try journal.beginSegment()
            return end.segment
        }
    }

    /// Removes the files of deleted histories: that they are deleted is on the disk already. Under the compaction lock, as an id
    /// may be used again.
    /// - Returns: the bytes given back.
    @discardableResult
    private func removeDeletedFiles() throws(StoreError) -> Int64 {
        try adoptNewest()
        let ids = journal.withIndex { index in
            defer { index.deletedFiles = [] }
            return index.deletedFiles.filter { id in
                index.slot(id).map { index.entries[Int($0)].sealedBytes == 0 } ?? true
            }
        }
        let (folder, fileSystem) = (journal.folder, journal.fileSystem)
        return try mappingSystemErrors { () throws(SystemCallError) in
            var bytes: Int64 = 0
            for path in ids.map(folder.history) {
                guard let status = try fileSystem.status(path) else { continue }
                if try fileSystem.remove(path) { bytes += status.size }
            }
            return bytes
        }
    }

    /// Under the compaction lock.
    private func compact(through last: Int32) throws(StoreError) -> Int64 {
        try adoptNewest()
        let (base, before) = journal.withIndex { index in
            (index.baseNumber, index.closedBytes + index.baseBytes + index.sealedBytes)
        }
        let compaction = Compaction(folder: journal.folder, fileSystem: journal.fileSystem, now: options.clock.now())
        guard let index = try compaction.run(from: base, through: last) else {
            _ = try compaction.removeTakenOver(by: base)
            return 0
        }
        try journal.adopt(index)
        journal.words.store(UInt64(index.baseNumber), at: Journal.Word.base)
        _ = try compaction.removeTakenOver(by: index.baseNumber)
        let after = journal.withIndex { $0.closedBytes + $0.baseBytes + $0.sealedBytes }
        return max(0, before - after)
    }

    /// Goes over to a base that another process has written, so that what it took over can be closed.
    private func adoptNewest() throws(StoreError) {
        let newest = Int(journal.words.load(Journal.Word.base))
        guard newest > journal.withIndex({ $0.baseNumber }) else { return }
        try journal.adopt(try Index(base: newest, in: journal.folder, on: journal.fileSystem))
    }
}
